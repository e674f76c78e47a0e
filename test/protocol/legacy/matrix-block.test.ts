import { attachedBlock, type Bounds, countOf, requestedBlock } from '#src/protocol/legacy/matrix-block.js';
import { errorOf } from '../bytes.js';

const to = (end: number, start = 0, step = 1): Bounds => ({ start, end, step });

describe('ranges of legacy blocks', () => {
  test.each<[Bounds, number]>([
    [to(0), 1], [to(2, 0, 2), 2], [to(3, 0, 2), 2], [to(4, 0, 2), 3], [to(5, 7), 0], [to(-1), 0], [to(9, 9, 100), 1],
  ])('%o has %d indices', (bounds, count) => {
    expect(countOf(bounds)).toBe(count);
  });
});

/** What ACIPython sends for a block: it writes a bound of 0 as the number of rows (or columns) attached. */
const asWritten = (bounds: Bounds, attached: number): Bounds => (bounds.end === 0 ? { ...bounds, end: attached } : bounds);

describe('a block with data', () => {
  test('a bound of 0, which ACIPython writes as 1, is told by the size of the matrix or of the data', () => {
    const sizes = [1, 2, 3, 5];
    for (const height of sizes) {
      for (const width of sizes) {
        for (const rowsHeld of [1, height]) {
          const rows = to(rowsHeld - 1);
          const cols = to(width - 1);
          const sent = { rows: asWritten(rows, rowsHeld), cols: asWritten(cols, width) };
          const bytes = rowsHeld * width * 8;
          expect([height, width, attachedBlock(sent, { height, width }, bytes)]).toEqual([
            height, width, { rows: { start: 0, step: 1, count: rowsHeld }, cols: { start: 0, step: 1, count: width } },
          ]);
        }
      }
    }
  });

  test('two rows stay two rows when their data are there', () => {
    expect(attachedBlock({ rows: to(1), cols: to(2) }, { height: 5, width: 3 }, 48).rows.count).toBe(2);
  });

  test('steps are kept, and a bound need not be an index', () => {
    const block = attachedBlock({ rows: to(9, 1, 3), cols: to(3, 0, 2) }, { height: 10, width: 4 }, 3 * 2 * 8);
    expect(block).toEqual({ rows: { start: 1, step: 3, count: 3 }, cols: { start: 0, step: 2, count: 2 } });
  });

  test('bounds beyond the matrix are clipped, and what starts beyond it is empty', () => {
    expect(attachedBlock({ rows: to(100), cols: to(100) }, { height: 2, width: 3 }, 48)).toMatchObject({ rows: { count: 2 }, cols: { count: 3 } });
    expect(attachedBlock({ rows: to(9, 5), cols: to(2) }, { height: 5, width: 3 }, 0).rows.count).toBe(0);
  });

  test('data that are not there are refused, whatever is announced', () => {
    for (const [rows, bytesLeft] of [[to(1), 40], [to(1), 23], [to(2), 24], [to(1, 0, 2), 0], [to(2 ** 52), 1e9]] as const) {
      const error = errorOf(() => attachedBlock({ rows, cols: to(2) }, { height: 2 ** 53 - 1, width: 3 }, bytesLeft));
      expect(error.code).toBe('E_PROTOCOL');
      expect(error.message).toMatch(new RegExp(`but ${bytesLeft} are left`, 'u'));
    }
  });
});

describe('a block that is asked for', () => {
  test('must lie inside the matrix', () => {
    const size = { height: 5, width: 3 };
    expect(requestedBlock({ rows: to(4, 1, 2), cols: to(2) }, size)).toEqual({ rows: { start: 1, step: 2, count: 2 }, cols: { start: 0, step: 1, count: 3 } });
    expect(requestedBlock({ rows: to(7, 0, 4), cols: to(-1) }, size)).toMatchObject({ rows: { count: 2 }, cols: { count: 0 } });
    expect(errorOf(() => requestedBlock({ rows: to(5), cols: to(2) }, size)).message).toBe('row 5 was asked for, but the matrix has 5 rows');
    expect(errorOf(() => requestedBlock({ rows: to(4), cols: to(3, 3) }, size)).code).toBe('E_ARGUMENT');
  });
});
