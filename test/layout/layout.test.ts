import fc from 'fast-check';
import { DIST_PAIRS, distPair, partial, splitDistPair, type Dist } from '#src/layout/distribution.js';
import { gridCol, gridRow, vcToVR } from '#src/layout/grid-shape.js';
import {
  colStride, copies, describe as description, inheritAlignment, isParticipating, makeLayout, ownersOf, redundantRank, rowStride,
  sameLayout, share, transposed, viewLayout, viewOffset, type Layout,
} from '#src/layout/layout.js';
import { totalMoved } from '#src/layout/plan.js';
import { grid, layout as anyLayout, layoutOf, ranks } from './arbitrary.js';

const size = { height: 7, width: 7, gridHeight: 2, gridWidth: 3 };

/** The global index of every entry of a rank's local matrix, column by column. */
function holds(layout: Layout, rank: number): string[] {
  const block = share(layout, rank);
  if (!block) return [];
  const { rows, cols } = block;
  return Array.from({ length: cols.count }, (_, b) => b).flatMap((b) =>
    Array.from({ length: rows.count }, (_, a) => `${rows.start + a * rows.step},${cols.start + b * cols.step}`),
  );
}

/** The definition: who owns (i, j), by trying every process. */
function ownsByDefinition(layout: Layout, rank: number, i: number, j: number): boolean {
  const { colDist, rowDist, colAlign, rowAlign, root, gridHeight: r, gridWidth: c } = layout;
  const owns = (dist: string, k: number, align: number): boolean => {
    switch (dist) {
      case 'MC': return (k + align) % r === gridRow(rank, r);
      case 'MR': return (k + align) % c === gridCol(rank, r);
      case 'VC': return (k + align) % (r * c) === rank;
      case 'VR': return (k + align) % (r * c) === vcToVR(rank, r, c);
      case 'STAR': return true;
      case 'CIRC': return rank === root;
      default: { // MD: walk down the diagonal from (0, root)
        let length = 1;
        while (length % r !== 0 || length % c !== 0) length++;
        const steps = (k + align) % length;
        return steps % r === gridRow(rank, r) && (steps + root) % c === gridCol(rank, r);
      }
    }
  };
  return owns(colDist, i, colAlign) && owns(rowDist, j, rowAlign);
}

test('a rank holds exactly the entries that the definition gives it, in all pairs, sizes, alignments and roots', () => {
  fc.assert(
    fc.property(anyLayout, (layout) => {
      const held = ranks(layout).map((rank) => holds(layout, rank));
      const expected = ranks(layout).map((): string[] => []);
      for (let j = 0; j < layout.width; j++) {
        for (let i = 0; i < layout.height; i++) {
          const owners = ranks(layout).filter((rank) => ownsByDefinition(layout, rank, i, j));
          for (const rank of owners) expected[rank].push(`${i},${j}`);
          const found = ownersOf(layout, i, j);
          const inOrder = found.every((rank, copy) => redundantRank(layout, rank) === copy);
          if ([...found].sort((a, b) => a - b).join() !== owners.join() || !inOrder || owners.length !== copies(layout)) {
            throw new Error(`entry (${i},${j}) is said to belong to ${found}, but belongs to ${owners}`);
          }
        }
      }
      expect(held).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

test('a rank that takes part but gets nothing has an empty block, one that takes no part has none', () => {
  const tall = makeLayout({ ...size, height: 2, dist: 'VC_STAR' });
  expect(share(tall, 5)).toEqual({ rows: { start: 5, step: 6, count: 0 }, cols: { start: 0, step: 1, count: 7 } });
  const single = makeLayout({ ...size, dist: 'CIRC_CIRC', root: 4 });
  const whole = { rows: { start: 0, step: 1, count: 7 }, cols: { start: 0, step: 1, count: 7 } };
  expect(ranks(single).map((rank) => share(single, rank))).toEqual([null, null, null, null, whole, null]);
  expect(ranks(single).filter((rank) => isParticipating(single, rank))).toEqual([4]);
});

test('a layout is [MC,MR] with alignments and root 0 unless told otherwise', () => {
  expect(makeLayout(size)).toEqual({ ...size, colDist: 'MC', rowDist: 'MR', colAlign: 0, rowAlign: 0, root: 0 });
  expect(makeLayout({ ...size, dist: ['VC', 'STAR'] })).toEqual(makeLayout({ ...size, dist: 'VC_STAR' }));
});

test.each([
  [{ height: -1 }, 'height must be a whole number, at least 0, but is -1'],
  [{ width: 2.5 }, 'width must be a whole number, at least 0, but is 2.5'],
  [{ height: Number.NaN }, 'height'],
  [{ height: 2 ** 53 }, 'height'],
  [{ gridHeight: 0 }, 'gridHeight must be a whole number, at least 1, but is 0'],
  [{ colAlign: 2 }, 'colAlign must be a whole number from 0 to 1, but is 2: 7×7 [MC,MR] on 2×3, aligned (2,0)'],
  [{ rowAlign: -1 }, 'rowAlign must be a whole number from 0 to 2'],
  [{ root: 1 }, 'root must be 0, but is 1'],
  [{ dist: 'CIRC_CIRC', root: 6 }, 'root must be a whole number from 0 to 5'],
  [{ dist: ['MC', 'MC'] }, '[MC,MC] is not a distribution'],
] as const)('the layout with %j is refused: %s', (wrong, message) => {
  expect(() => makeLayout({ ...size, ...wrong })).toThrow(
    expect.objectContaining({ code: 'E_LAYOUT', message: expect.stringContaining(message) }),
  );
});

test('an entry outside of the matrix has no owners', () => {
  for (const [i, j] of [[7, 0], [0, 7], [-1, 0], [0.5, 0]]) {
    expect(() => ownersOf(makeLayout(size), i, j)).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
  }
});

describe('a view', () => {
  const anyView = anyLayout.chain((layout) =>
    fc.tuple(fc.constant(layout), fc.nat(layout.height), fc.nat(layout.width)).chain(([of, i0, j0]) =>
      fc.record({
        layout: fc.constant(of),
        rows: fc.record({ start: fc.constant(i0), count: fc.nat(of.height - i0) }),
        cols: fc.record({ start: fc.constant(j0), count: fc.nat(of.width - j0) }),
      }),
    ),
  );

  test('leaves every entry with its owner, at the local offset that viewOffset gives', () => {
    fc.assert(
      fc.property(anyView, ({ layout, rows, cols }) => {
        const view = viewLayout(layout, rows, cols);
        expect([view.height, view.width]).toEqual([rows.count, cols.count]);
        for (const rank of ranks(layout)) {
          const [whole, part] = [share(layout, rank), share(view, rank)];
          expect(part === null).toBe(whole === null);
          const { iLoc, jLoc } = viewOffset(layout, rank, rows.start, cols.start);
          if (!whole || !part) {
            expect([iLoc, jLoc]).toEqual([0, 0]);
            continue;
          }
          expect(iLoc + part.rows.count).toBeLessThanOrEqual(whole.rows.count);
          expect(jLoc + part.cols.count).toBeLessThanOrEqual(whole.cols.count);
          if (part.rows.count > 0) expect(whole.rows.start + iLoc * whole.rows.step).toBe(rows.start + part.rows.start);
          if (part.cols.count > 0) expect(whole.cols.start + jLoc * whole.cols.step).toBe(cols.start + part.cols.start);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('of a view is a view', () => {
    const layout = makeLayout({ ...size, height: 20, width: 30, colAlign: 1, rowAlign: 2 });
    const once = viewLayout(layout, { start: 3, count: 12 }, { start: 4, count: 20 });
    const twice = viewLayout(once, { start: 2, count: 5 }, { start: 1, count: 7 });
    expect(twice).toEqual(viewLayout(layout, { start: 5, count: 5 }, { start: 5, count: 7 }));
  });

  test('may be empty at the end of the matrix, but not leave it', () => {
    const layout = makeLayout(size);
    expect(viewLayout(layout, { start: 7, count: 0 }, { start: 0, count: 7 })).toMatchObject({ height: 0, width: 7 });
    for (const rows of [{ start: 0, count: 8 }, { start: 7, count: 1 }, { start: -1, count: 2 }, { start: 0, count: -1 }]) {
      expect(() => viewLayout(layout, rows, { start: 0, count: 7 })).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
      expect(() => viewLayout(layout, { start: 0, count: 7 }, rows)).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
    }
  });
});

test('transposing twice is nothing, and each rank holds the transpose of what it held', () => {
  fc.assert(
    fc.property(anyLayout, (layout) => {
      const T = transposed(layout);
      expect(sameLayout(transposed(T), layout)).toBe(true);
      for (const rank of ranks(layout)) {
        const block = share(layout, rank);
        expect(share(T, rank)).toEqual(block && { rows: block.cols, cols: block.rows });
      }
    }),
  );
});

test('layouts are the same only if every number is', () => {
  const layout = makeLayout({ ...size, height: 3 });
  expect(sameLayout(layout, { ...layout })).toBe(true);
  for (const key of Object.keys(layout) as (keyof Layout)[]) {
    const other = { ...layout, [key]: typeof layout[key] === 'number' ? layout[key] + 1 : 'VC' };
    expect(sameLayout(layout, other)).toBe(false);
  }
});

test('with an inherited alignment, cutting the axes further moves nothing', () => {
  const finer = (fine: Dist, coarse: Dist) => coarse === 'STAR' || fine === coarse || partial(fine) === coarse;
  const pairs = DIST_PAIRS.map(splitDistPair);
  for (const [U, V] of pairs) {
    for (const [X, Y] of pairs.filter(([colDist, rowDist]) => finer(colDist, U) && finer(rowDist, V))) {
      fc.assert(
        fc.property(grid.chain((shape) => layoutOf(13, 11, shape, distPair(U, V))), (from) => {
          const { height, width, gridHeight, gridWidth } = from;
          const to = makeLayout({ height, width, gridHeight, gridWidth, dist: [X, Y], ...inheritAlignment(from, [X, Y]) });
          expect(totalMoved(from, to)).toBe(0);
        }),
        { numRuns: 10 },
      );
    }
  }
});

test('a layout describes itself', () => {
  expect(description(makeLayout({ ...size, height: 1000, width: 1000 }))).toBe('1000×1000 [MC,MR] on 2×3');
  expect(description(makeLayout({ ...size, colAlign: 1, rowAlign: 2 }))).toBe('7×7 [MC,MR] on 2×3, aligned (1,2)');
  expect(description(makeLayout({ ...size, dist: 'CIRC_CIRC', root: 5 }))).toBe('7×7 [o,o] on 2×3, root 5');
});

test('strides and copies multiply to the processes that take part', () => {
  fc.assert(
    fc.property(anyLayout, (layout) => {
      const participants = ranks(layout).filter((rank) => isParticipating(layout, rank)).length;
      expect(colStride(layout) * rowStride(layout) * copies(layout)).toBe(participants);
    }),
  );
});
