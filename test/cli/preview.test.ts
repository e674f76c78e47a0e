import { captions, preview } from '#src/cli/preview.js';

/** A picture of the given rows of tones. */
const picture = (rows: number[][]) => ({ width: rows[0].length, height: rows.length, gray: Uint8Array.from(rows.flat()) });

test('a character is two pixels: the upper one its foreground, the lower one its background', () => {
  expect(preview([picture([[0, 255], [128, 64]])], 2)).toEqual(['\x1b[38;5;232;48;5;244m▀\x1b[38;5;255;48;5;238m▀\x1b[0m']);
});

test('a large picture is shrunk to the mean of its pixels, and keeps its shape', () => {
  const rows = Array.from({ length: 30 }, () => Array.from({ length: 60 }, (_, j) => (j < 30 ? (j % 2) * 240 : 60)));
  const lines = preview([picture(rows)], 10);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toBe(`${'\x1b[38;5;243;48;5;243m▀'.repeat(5)}${'\x1b[38;5;237;48;5;237m▀'.repeat(5)}\x1b[0m`);
});

test('pictures stand side by side above their captions, the lower one on blanks', () => {
  const tall = picture([[0], [0], [0], [0]]);
  const square = picture([[0, 0], [0, 0]]);
  const lines = preview([square, tall], 2);
  expect(lines).toHaveLength(4);
  expect(lines[0].match(/▀/g)).toHaveLength(4);
  expect(lines[1]).toMatch(/^ {4}\x1b/);
  expect(captions(['a', 'b'], 2)).toBe('a   b');
});
