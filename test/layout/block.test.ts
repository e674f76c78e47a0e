import { entries, meetBlocks } from '#src/layout/block.js';
import { slice } from '#src/layout/slice.js';

test('two blocks meet in the rows and columns that they share', () => {
  const a = { rows: slice(0, 2, 6), cols: slice(1, 3, 4) };
  const b = { rows: slice(1, 3, 4), cols: slice(4, 1, 8) };
  expect(meetBlocks(a, b)).toEqual({ rows: slice(4, 6, 2), cols: slice(4, 3, 3) });
  expect(meetBlocks(a, { ...b, rows: slice(1, 2, 9) })).toBeNull();
  expect(meetBlocks(a, { ...b, cols: slice(0, 3, 9) })).toBeNull();
});

test('a block has rows times columns entries', () => {
  expect(entries({ rows: slice(0, 2, 6), cols: slice(1, 3, 4) })).toBe(24);
  expect(entries({ rows: slice(0, 2, 0), cols: slice(1, 3, 4) })).toBe(0);
});
