/** Redistribution between every pair of layouts on four workers, beside a plain copy in the layout it starts from. */
import { start } from '#src/engine/start.js';
import { DIST_PAIRS, type DistPair } from '#src/layout/distribution.js';
import { formatLayout } from '#bench/transfer/summary.js';
import { mustBeRight, type Row } from '#bench/report.js';
import { drive, type Subject } from './drive.js';

/** Of the matrix, which has 8 MB. */
const ORDER = 1000;

export async function* redistributions(seconds: number, pairs: readonly DistPair[] = DIST_PAIRS): AsyncGenerator<Row> {
  const session = await start({ workers: 4 });
  try {
    for (const from of pairs) {
      const A = await session.uniform(ORDER, ORDER, { dist: from, seed: 1 });
      const bytes = 8 * ORDER * ORDER;
      const copy = `copy in ${formatLayout(from)}`;
      const subjects: Subject[] = [{ name: copy, bytes, run: async () => (await session.copy(A)).free() }];
      const expected = await session.fetch(A);
      for (const to of pairs) {
        if (to === from) continue;
        const B = await session.redistribute(A, to);
        const moved = await session.fetch(B);
        mustBeRight(moved.data.every((x, k) => x === expected.data[k]), `redistribution from ${from} to ${to}`);
        await B.free();
        subjects.push({ name: `${formatLayout(from)} → ${formatLayout(to)}`, bytes, run: async () => (await session.redistribute(A, to)).free(), against: copy });
      }
      yield* await drive(subjects, seconds);
      await A.free();
    }
  } finally {
    await session.close();
  }
}
