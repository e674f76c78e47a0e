/** Truncated SVD, beside the passes over the matrix that it makes: everything else should cost little. */
import { start } from '#src/engine/start.js';
import type { MatrixHandle, Session } from '#src/index.js';
import { median, medianRatio, mustBeRight, type Row, seconds, type Suite } from './report.js';

const LIBRARY = new URL('./svd-library.js', import.meta.url).href;
const RANK = 10;

interface Case {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** Known singular values, where there are any. */
  readonly values?: readonly number[];
  /** The share of the time that goes into passes: fewer passes weigh less beside what comes before and after them. */
  readonly target: number;
}

const harmonic = (n: number): number[] => Array.from({ length: n }, (_, i) => 1 / (i + 1));

/** The ten largest triplets of matrices with random entries, where values lie close together, and with values that fall as 1/i; two ranks. */
export const svd: Suite = async function* ({ quick }) {
  const session = await start({ workers: 2 });
  try {
    const library = await session.loadLibrary(LIBRARY);
    const scale = quick ? 2 : 1;
    for (const [height, width] of [[4000 / scale, 4000 / scale], [20000 / scale, 1000 / scale]] as const) {
      const shape = `${height}×${width}`;
      yield* decompose(session, library, { name: `${shape}, random entries`, height, width, target: 0.75 }, quick);
      yield* decompose(session, library, { name: `${shape}, values 1/i`, height, width, values: harmonic(Math.min(height, width)), target: 0.5 }, quick);
    }
  } finally {
    await session.close();
  }
  for (const [height, width] of quick ? [[2000, 2000]] : [[4000, 4000], [20000, 1000]]) yield await scaling(height, width, quick ? 5 : 9);
};

/** A pass Aᵀ(A X) on two ranks, against one rank, in turns. */
async function scaling(height: number, width: number, repeat: number): Promise<Row> {
  const sessions = await Promise.all([1, 2].map((workers) => start({ workers })));
  try {
    const cases = await Promise.all(sessions.map(async (session) => ({ session, library: await session.loadLibrary(LIBRARY), A: await session.normal(height, width) })));
    const [one, two]: number[][] = [[], []];
    for (let turn = -1; turn < repeat; turn++) {
      for (const [index, { session, library, A }] of cases.entries()) {
        const took = median((await session.run(library, 'passes', { A, repeat: 8 })).seconds as number[]);
        if (turn >= 0) [one, two][index].push(took);
      }
    }
    return { name: `pass over ${height}×${width}, 2 ranks`, value: median(two) * 1000, unit: 'ms', ratio: medianRatio(one, two), against: 'one rank', target: 1.8 };
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

async function* decompose(session: Session, library: string, { name, height, width, values: known, target }: Case, quick: boolean): AsyncGenerator<Row> {
  const A: MatrixHandle = await (known ? session.withSpectrum(height, width, known) : session.normal(height, width));
  const times: number[] = [];
  const shares: number[] = [];
  let iterations = 0;
  for (let turn = quick ? -1 : -2; turn < (quick ? 3 : 7); turn++) {
    const passes = (await session.run(library, 'passes', { A, repeat: 12 })).seconds as number[];
    const took = await seconds(async () => {
      const { U, V, values, residual, orthogonality, ...rest } = await session.truncatedSvd(A, { rank: RANK });
      iterations = rest.iterations;
      mustBeRight(residual < 1e-13 && orthogonality < 1e-13 && (!known || values.every((value, i) => Math.abs(value - known[i]) < 1e-12)), name);
      await session.free(U, V);
    });
    if (turn < 0) continue;
    times.push(took);
    shares.push((iterations * median(passes)) / took);
  }
  await A.free();
  yield { name: `${RANK} of ${name}, 2 ranks`, value: median(times) * 1000, unit: 'ms', ratio: median(shares), against: `the time in ${iterations} passes`, target: quick ? undefined : target };
}
