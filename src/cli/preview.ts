/** Small grey pictures in the terminal: each character shows two pixels, one above the other. */
import type { Picture } from '../io/picture.js';

/** The 24 grey tones of a 256-colour terminal start here. */
const FIRST_TONE = 232;
const TONES = 24;

const GAP = '  ';

/** The pictures side by side, each `columns` characters wide, as lines with the codes of a 256-colour terminal. */
export function preview(pictures: readonly Picture[], columns: number): string[] {
  const small = pictures.map((picture) => shrunk(picture, columns, 2 * Math.round((columns * picture.height) / picture.width / 2)));
  const rows = Math.max(...small.map(({ height }) => height / 2));
  return Array.from({ length: rows }, (_, row) => small.map((picture) => line(picture, row)).join(GAP));
}

/** Captions in the widths of such pictures. */
export const captions = (texts: readonly string[], columns: number): string => texts.map((text) => text.padEnd(columns)).join(GAP).trimEnd();

function line({ width, height, gray }: Picture, row: number): string {
  if (2 * row >= height) return ' '.repeat(width);
  const tone = (x: number, y: number): number => FIRST_TONE + Math.floor((gray[y * width + x] * TONES) / 256);
  const cells = Array.from({ length: width }, (_, x) => `\x1b[38;5;${tone(x, 2 * row)};48;5;${tone(x, 2 * row + 1)}m▀`);
  return `${cells.join('')}\x1b[0m`;
}

/** The picture with width × height pixels, each the mean of those that it stands for. */
function shrunk(picture: Picture, width: number, height: number): Picture {
  const gray = new Uint8Array(width * height);
  const edges = (k: number, of: number, length: number): [number, number] => {
    const start = Math.floor((k * length) / of);
    return [start, Math.max(start + 1, Math.floor(((k + 1) * length) / of))];
  };
  for (let y = 0; y < height; y++) {
    const [top, bottom] = edges(y, height, picture.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = edges(x, width, picture.width);
      let sum = 0;
      for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += picture.gray[i * picture.width + j];
      gray[y * width + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return { width, height, gray };
}
