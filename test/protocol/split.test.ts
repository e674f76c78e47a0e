import fc from 'fast-check';
import type { Block } from '#src/layout/block.js';
import { joinBlocks, splitBlock } from '#src/protocol/split.js';
import { errorOf } from './bytes.js';

const axis = fc.record({ start: fc.nat(50), step: fc.integer({ min: 1, max: 7 }), count: fc.nat(12) });
const order = fc.constantFrom('row' as const, 'column' as const);

/** The entries of a block in the order of its payload. */
function payloadOrder({ rows, cols }: Block, by: 'row' | 'column'): string[] {
  const indices = (s: Block['rows']) => Array.from({ length: s.count }, (_, t) => s.start + t * s.step);
  return by === 'row'
    ? indices(rows).flatMap((i) => indices(cols).map((j) => `${i},${j}`))
    : indices(cols).flatMap((j) => indices(rows).map((i) => `${i},${j}`));
}

describe('splitting a block', () => {
  test('the pieces fit the buffer and bring every entry once, in the order of the payload', () => {
    fc.assert(
      fc.property(axis, axis, order, fc.constantFrom(4, 8), fc.integer({ min: 8, max: 300 }), (rows, cols, by, itemBytes, bufferSize) => {
        const pieces = [...splitBlock({ rows, cols }, itemBytes, bufferSize, by)];
        expect(pieces.flatMap((piece) => payloadOrder(piece, by))).toEqual(payloadOrder({ rows, cols }, by));
        for (const piece of pieces) expect(piece.rows.count * piece.cols.count * itemBytes).toBeLessThanOrEqual(bufferSize);
      }),
      { numRuns: 2000 },
    );
  });

  test('pieces are whole rows or columns where one fits, as many as fit', () => {
    const block = { rows: { start: 1, step: 2, count: 10 }, cols: { start: 0, step: 3, count: 4 } };
    expect([...splitBlock(block, 8, 100, 'row')].map(({ rows, cols }) => [rows.start, rows.count, cols.count])).toEqual([
      [1, 3, 4], [7, 3, 4], [13, 3, 4], [19, 1, 4],
    ]);
    expect([...splitBlock(block, 8, 160, 'column')].map(({ rows, cols }) => [cols.start, cols.count, rows.count])).toEqual([[0, 2, 10], [6, 2, 10]]);
    expect([...splitBlock(block, 8, 1e6)]).toEqual([block]);
  });

  test('a row longer than the buffer is cut as well', () => {
    const block = { rows: { start: 0, step: 1, count: 2 }, cols: { start: 5, step: 1, count: 5 } };
    expect([...splitBlock(block, 8, 16)].map(({ rows, cols }) => [rows.start, rows.count, cols.start, cols.count])).toEqual([
      [0, 1, 5, 2], [0, 1, 7, 2], [0, 1, 9, 1], [1, 1, 5, 2], [1, 1, 7, 2], [1, 1, 9, 1],
    ]);
  });

  test('an empty block is one empty piece, whatever its other axis', () => {
    const block = { rows: { start: 0, step: 1, count: 0 }, cols: { start: 0, step: 1, count: 1e9 } };
    expect([...splitBlock(block, 8, 4096)]).toEqual([block]);
  });

  test('pieces are made one by one: a terabyte in pieces of 4 KiB costs nothing until it is asked for', () => {
    const block = { rows: { start: 0, step: 1, count: 2 ** 27 }, cols: { start: 0, step: 1, count: 1024 } };
    expect(splitBlock(block, 8, 4096).next().value).toEqual({ rows: { start: 0, step: 1, count: 1 }, cols: { start: 0, step: 1, count: 512 } });
  });

  test('a buffer without room for an entry is refused', () => {
    const block = { rows: { start: 0, step: 1, count: 1 }, cols: { start: 0, step: 1, count: 1 } };
    for (const size of [7, 0, -1, NaN]) expect(errorOf(() => [...splitBlock(block, 8, size)]).code).toBe('E_ARGUMENT');
  });
});

describe('joining blocks', () => {
  test('two blocks are joined exactly when one block has their payloads, one behind the other', () => {
    let joined = 0;
    fc.assert(
      fc.property(axis, axis, order, fc.constantFrom(4, 8), fc.integer({ min: 8, max: 300 }), (rows, cols, by, itemBytes, bufferSize) => {
        const pieces = [...splitBlock({ rows, cols }, itemBytes, bufferSize, by)];
        for (let k = 1; k < pieces.length; k++) {
          const both = joinBlocks(pieces[k - 1], pieces[k], by);
          const whole = pieces[k - 1][by === 'row' ? 'cols' : 'rows'].count === (by === 'row' ? cols : rows).count;
          if (whole && pieces[k][by === 'row' ? 'cols' : 'rows'].count === (by === 'row' ? cols : rows).count) expect(both).toBeDefined();
          if (!both) continue;
          joined++;
          expect(payloadOrder(both, by)).toEqual([...payloadOrder(pieces[k - 1], by), ...payloadOrder(pieces[k], by)]);
        }
      }),
      { numRuns: 2000 },
    );
    expect(joined).toBeGreaterThan(500);
  });

  test('blocks that do not go on from each other are not', () => {
    const of = (start: number, step: number, count: number) => ({ rows: { start, step, count }, cols: { start: 0, step: 1, count: 3 } });
    expect(joinBlocks(of(0, 2, 3), of(6, 2, 1), 'row')).toEqual(of(0, 2, 4));
    expect(joinBlocks(of(4, 1, 1), of(9, 5, 2), 'row')).toEqual(of(4, 5, 3));
    for (const [a, b] of [[of(0, 2, 3), of(7, 2, 1)], [of(0, 1, 3), of(2, 1, 1)], [of(0, 1, 2), of(2, 2, 2)], [of(0, 1, 0), of(0, 1, 2)], [of(5, 1, 1), of(5, 1, 1)]]) {
      expect(joinBlocks(a, b, 'row')).toBeUndefined();
    }
    expect(joinBlocks(of(0, 1, 2), { ...of(2, 1, 2), cols: { start: 0, step: 1, count: 4 } }, 'row')).toBeUndefined();
    expect(joinBlocks(of(0, 1, 2), of(2, 1, 2), 'column')).toBeUndefined();
  });
});
