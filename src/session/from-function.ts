/** Evaluates a caller's function for every entry of a matrix, in pieces, so that the event loop turns and memory stays small. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AlchemistError, cancelled } from '../errors.js';
import type { Range } from '../layout/layout.js';
import type { HostArray } from './host-array.js';

/** Entries of a piece: 512 KiB. */
const PIECE = 2 ** 16;
/** Milliseconds after which the event loop turns, however slow the function is. */
const TURN_MS = 8;

/** 0 … n - 1 in ranges of at most `most`. */
const piecesOf = (n: number, most: number): Range[] =>
  Array.from({ length: Math.ceil(n / most) }, (_, k) => ({ start: k * most, count: Math.min(most, n - k * most) }));

/**
 * Calls f(i, j) once for every entry of a height × width matrix, row by row within pieces, and hands each piece to `write`.
 * @throws what f throws; AlchemistError E_ARGUMENT when f does not return a number, E_CANCELLED.
 */
export async function fillByPieces(
  height: number,
  width: number,
  f: (i: number, j: number) => number,
  write: (rows: Range, cols: Range, piece: HostArray) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const colsAtOnce = Math.min(width, PIECE);
  const rowsAtOnce = Math.floor(PIECE / Math.max(1, colsAtOnce));
  let turned = performance.now();
  for (const rows of piecesOf(height, rowsAtOnce)) {
    for (const cols of piecesOf(width, colsAtOnce)) {
      const data = new Float64Array(rows.count * cols.count);
      for (let at = 0; at < data.length; at++) {
        const [i, j] = [rows.start + Math.floor(at / cols.count), cols.start + (at % cols.count)];
        const value = f(i, j);
        if (typeof value !== 'number') throw new AlchemistError('E_ARGUMENT', `fromFunction: entry (${i}, ${j}) is of type ${typeof value}, not a number`);
        data[at] = value;
        if (at % 8 === 0 && performance.now() - turned > TURN_MS) {
          await nextTurn();
          if (signal?.aborted) throw cancelled();
          turned = performance.now();
        }
      }
      await write(rows, cols, { data, height: rows.count, width: cols.count, offset: 0, rowStride: cols.count, colStride: 1 });
    }
  }
}
