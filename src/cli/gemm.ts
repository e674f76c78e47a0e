/** `alchemist gemm`: the product of two matrix files. */
import { type Command, Option } from 'commander';
import type { DistPair } from '../layout/distribution.js';
import type { MatrixHandle } from '../session/matrix-handle.js';
import type { Session } from '../session/session.js';
import { distribution, real } from './arguments.js';
import { interruption as signal } from './interrupt.js';
import { withProgress } from './progress.js';
import { bold, facts, formatBytes, formatSeconds, print, printJson } from './terminal.js';
import { addWorkerOptions, type WorkerOptions, withSession } from './workers.js';

const EXAMPLES = `
Examples:
  $ alchemist gemm A.npy B.npy --out C.npy                       C = A·B
  $ alchemist gemm X.npy X.npy --transpose-a --out gram.npy      C = Xᵀ·X
  $ alchemist gemm A.csv B.csv --alpha -2 --out C.csv            C = -2 A·B`;

interface GemmCommandOptions extends WorkerOptions {
  readonly out: string;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha: number;
  readonly layout: DistPair;
  readonly variant: 'auto' | 'A' | 'B' | 'C' | 'dot';
  readonly dtype?: 'f64' | 'f32';
  readonly json?: boolean;
}

export function addGemm(program: Command): void {
  addWorkerOptions(program.command('gemm'))
    .summary('multiply two matrices')
    .description('C = alpha op(A) op(B), where op(X) is X or its transpose. Reads A and B, writes C.')
    .argument('<A>', 'left matrix, a file')
    .argument('<B>', 'right matrix, a file')
    .requiredOption('-o, --out <file>', 'where C goes: .npy, .csv, .tsv or .txt')
    .option('-a, --transpose-a', 'use the transpose of A')
    .option('-b, --transpose-b', 'use the transpose of B')
    .option('--alpha <factor>', 'factor of the product', real, 1)
    .option('--layout <pair>', 'distribution of A, B and C', distribution, 'MC_MR')
    .addOption(new Option('--variant <operand>', 'the operand that stays in place; auto moves the fewest bytes').choices(['auto', 'A', 'B', 'C', 'dot']).default('auto'))
    .addOption(new Option('--dtype <type>', 'compute in this type (default: f32 for float32 files, else f64)').choices(['f64', 'f32']))
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(gemm);
}

async function gemm(fileA: string, fileB: string, options: GemmCommandOptions): Promise<void> {
  const { out, alpha, layout: dist, variant, dtype, transposeA, transposeB } = options;
  await withSession(options, async (session) => {
    const load = (file: string) => withProgress(`read ${file}`, (onProgress) => session.load(file, { dist, dtype, signal, onProgress }));
    const [A, B] = await inOneType(session, await load(fileA), await load(fileB));
    const C = await withProgress('gemm', (onProgress) => session.gemm(A, B, { alpha, transposeA, transposeB, dist, variant, signal, onProgress }));
    const { seconds, bytesMoved } = session.lastCost!;
    await withProgress(`write ${out}`, (onProgress) => session.save(C, out, { signal, onProgress }));

    const [m, n, k] = [C.height, C.width, transposeA ? A.height : A.width];
    const flops = 2 * m * n * k;
    const { kernels, grid } = session;
    if (options.json) return printJson({ m, n, k, dtype: C.dtype, dist, grid, kernels, seconds, flops, bytesMoved, out });
    print(
      bold(`${out}: ${m}×${n} ${C.dtype}`),
      ...facts([
        ['product', `${m}×${k} times ${k}×${n}, ${flops.toExponential(2)} flops on a ${grid.height}×${grid.width} grid`],
        ['time', `${formatSeconds(seconds)}, ${(flops / seconds / 1e9).toPrecision(3)} Gflop/s`],
        ['moved', `${formatBytes(bytesMoved)} between workers`],
        ['kernels', kernels],
      ]),
    );
  });
}

/** A and B as they are, or, when the types differ, both as f64. */
async function inOneType(session: Session, A: MatrixHandle, B: MatrixHandle): Promise<[MatrixHandle, MatrixHandle]> {
  if (A.dtype === B.dtype) return [A, B];
  const widened = async (X: MatrixHandle): Promise<MatrixHandle> => (X.dtype === 'f64' ? X : session.convert(X, 'f64', { signal }));
  return [await widened(A), await widened(B)];
}
