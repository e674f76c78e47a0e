/** Diagonals as layouts, against the definition: a rank holds entry t of the diagonal if and only if it holds that entry of the matrix. */
import fc from 'fast-check';
import { diagonalCount, diagonalLayout, diagonalShare } from '#src/layout/diagonal.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { isParticipating, ownersOf, share } from '#src/layout/layout.js';
import { dimension, GRIDS, layout, layoutOf, ranks } from './arbitrary.js';

test('every rank holds the same entries of the diagonal as of the matrix: all pairs on all grids, any alignments and offsets', () => {
  for (const [height, width] of GRIDS) {
    for (const dist of DIST_PAIRS) {
      const any = fc.tuple(dimension, dimension).chain(([m, n]) => fc.tuple(layoutOf(m, n, { height, width }, dist), fc.integer({ min: -m - 1, max: n + 1 })));
      fc.assert(
        fc.property(any, ([A, offset]) => {
          const d = diagonalLayout(A, offset);
          expect([d.height, d.width]).toEqual([diagonalCount(A.height, A.width, offset), 1]);
          for (let t = 0; t < d.height; t++) {
            expect(ownersOf(d, t, 0).sort()).toEqual(ownersOf(A, t + Math.max(0, -offset), t + Math.max(0, offset)).sort());
          }
        }),
        { numRuns: 20 },
      );
    }
  }
});

test("a rank's share of a diagonal says where its entries lie in its local matrix, in order", () => {
  fc.assert(
    fc.property(layout, fc.integer({ min: -4, max: 4 }), (A, offset) => {
      const d = diagonalLayout(A, offset);
      for (const rank of ranks(A)) {
        const found = diagonalShare(A, rank, offset);
        const mine = share(A, rank);
        const expected: number[][] = [];
        for (let iLoc = 0; mine && iLoc < mine.rows.count; iLoc++) {
          for (let jLoc = 0; jLoc < mine.cols.count; jLoc++) {
            const [i, j] = [mine.rows.start + iLoc * mine.rows.step, mine.cols.start + jLoc * mine.cols.step];
            if (j - i === offset) expected.push([Math.min(i, j), iLoc, jLoc]);
          }
        }
        const count = found?.indices.count ?? 0;
        const at = (s: { start: number; step: number }, t: number): number => s.start + t * s.step;
        expect(Array.from({ length: count }, (_, t) => [at(found!.indices, t), at(found!.rows, t), at(found!.cols, t)])).toEqual(expected);
        if (isParticipating(d, rank)) expect(share(d, rank)!.rows.count).toBe(count);
        else expect(count).toBe(0);
      }
    }),
    { numRuns: 500 },
  );
});
