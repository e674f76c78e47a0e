/** `alchemist svd`: the largest singular values and vectors of a matrix file. */
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { writeVector } from '../io/npy-writer.js';
import type { DistPair } from '../layout/distribution.js';
import type { MatrixHandle } from '../session/matrix-handle.js';
import type { TruncatedSvd } from '../session/options.js';
import type { Session } from '../session/session.js';
import { distribution, integer, real } from './arguments.js';
import { makeFolder } from './folder.js';
import { interruption as signal } from './interrupt.js';
import { byTriplets, withProgress } from './progress.js';
import { bold, facts, formatBytes, formatError, formatSeconds, print, printJson, table } from './terminal.js';
import { addWorkerOptions, type WorkerOptions, withSession } from './workers.js';

const EXAMPLES = `
Examples:
  $ alchemist svd A.npy --rank 10                          the ten largest singular values
  $ alchemist svd A.npy --rank 50 --out svd/               and svd/U.npy, svd/S.npy, svd/V.npy
  $ alchemist svd A.csv --rank 5 --workers 6 --grid 2x3    on a 2×3 grid of workers
  $ alchemist svd A.npy --rank 10 --tolerance 1e-6 --json  less accuracy in less time, as JSON

In Python afterwards: U, S, V = (np.load(f"svd/{x}.npy") for x in "USV"); A ≈ U * S @ V.T`;

interface SvdCommandOptions extends WorkerOptions {
  readonly rank: number;
  readonly tolerance?: number;
  readonly maxIterations?: number;
  readonly seed?: number;
  readonly layout: DistPair;
  readonly dtype?: 'f64' | 'f32';
  readonly out?: string;
  readonly json?: boolean;
}

export function addSvd(program: Command): void {
  addWorkerOptions(program.command('svd'))
    .summary('the largest singular values and vectors')
    .description('A ≈ U·diag(S)·Vᵀ for the largest singular values of A, by Lanczos iteration; A may be tall, wide or square.')
    .argument('<file>', 'A, a .npy or CSV file')
    .option('-k, --rank <count>', 'how many singular values', integer(1), 10)
    .option('-o, --out <folder>', 'where U.npy, S.npy and V.npy go')
    .option('--tolerance <error>', 'accepted error of the values, in units of the largest (default: as exact as the arithmetic)', real)
    .option('--max-iterations <count>', 'give up after so many passes over A', integer(1))
    .option('--seed <number>', 'of the random starting vectors; equal seeds give equal results', integer(0))
    .option('--layout <pair>', 'distribution of A', distribution, 'MC_MR')
    .addOption(new Option('--dtype <type>', 'compute in this type (default: f32 for float32 files, else f64)').choices(['f64', 'f32']))
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(svd);
}

async function svd(file: string, options: SvdCommandOptions): Promise<void> {
  const { rank, tolerance, maxIterations, seed, layout: dist, dtype, out } = options;
  if (out) makeFolder(out);
  await withSession(options, async (session) => {
    const A = await withProgress(`read ${file}`, (onProgress) => session.load(file, { dist, dtype, signal, onProgress }));
    const norm = await session.norm(A, 'frobenius', { signal });
    const svd = await withProgress('singular values', (onProgress) =>
      session.truncatedSvd(A, { rank, tolerance, maxIterations, seed, signal, onProgress: byTriplets(rank, onProgress) }),
    );
    const { seconds, bytesMoved } = session.lastCost!;
    const residuals = await residualsOf(session, A, svd);
    if (out) await write(session, out, svd);

    const { kernels, grid } = session;
    const { values, iterations, orthogonality } = svd;
    const explained = norm === 0 ? 1 : values.reduce((sum, value) => sum + (value / norm) ** 2, 0);
    if (options.json) {
      const { height, width } = A;
      return printJson({ file, height, width, dtype: A.dtype, rank, singularValues: values, residuals, orthogonality, explained, iterations, seconds, bytesMoved, grid, kernels, out });
    }
    print(
      bold(`${file}: ${rank} of ${Math.min(...A.shape)} singular values of ${A.height}×${A.width} ${A.dtype}`),
      ...table(
        ['', 'value', 'of the largest', 'residual'],
        Array.from(values, (value, i) => [`${i + 1}`, value.toPrecision(12), (value / (values[0] || 1)).toPrecision(6), formatError(residuals[i])]),
      ),
      ...facts([
        ['explained', `${(100 * explained).toPrecision(4)} % of the sum of squares of A`],
        ['accuracy', `residual: ‖Aᵀu - σv‖ in units of the largest value; U and V are orthonormal to ${formatError(orthogonality)}`],
        ['time', `${formatSeconds(seconds)} on a ${grid.height}×${grid.width} grid, ${iterations} passes over A`],
        ['moved', `${formatBytes(bytesMoved)} between workers`],
        ['kernels', kernels],
        ...(out ? [['written', ['U', 'S', 'V'].map((name) => join(out, `${name}.npy`)).join(', ')] as const] : []),
      ]),
    );
  });
}

/** ‖Aᵀuᵢ - σᵢvᵢ‖ in units of σ₁, computed anew from A by products. */
async function residualsOf(session: Session, A: MatrixHandle, { U, values, V }: TruncatedSvd): Promise<number[]> {
  const sigma = await session.diagonalMatrix(values, { dtype: A.dtype });
  const R = await session.gemm(V, sigma, { signal });
  await session.gemm(A, U, { transposeA: true, C: R, beta: -1, signal }); // R := AᵀU - VΣ
  const squares = await session.gemm(R, R, { transposeA: true, signal });
  const { data } = await session.fetch(await session.diagonal(squares), { signal });
  return Array.from(data, (square) => Math.sqrt(square) / (values[0] || 1));
}

async function write(session: Session, folder: string, { U, values, V }: TruncatedSvd): Promise<void> {
  writeVector(join(folder, 'S.npy'), values);
  for (const [name, X] of [['U', U], ['V', V]] as const) {
    await withProgress(`write ${name}`, (onProgress) => session.save(X, join(folder, `${name}.npy`), { signal, onProgress }));
  }
}
