/** A band of a matrix in memory: some of its rows or columns, in a flat array with a stride for each axis. */
import { AlchemistError } from '../errors.js';

/** The arrays that bands live in; usually views of a rank's shared memory. */
export type Floats = Float64Array | Float32Array;

/** Rows and columns are copied in square tiles, so that both sides stay in the nearest cache whatever their strides. */
const TILE = 32;
/** Lines of at least this many bytes are moved between file and memory one by one; for shorter ones a buffer is faster than the calls. */
const DIRECT_BYTES = 1 << 13;

/**
 * target(i, j) := source(i, j) for i < m, j < n, where entry (i, j) of either side is at offset + i·rowStride + j·colStride.
 * Mixed item types round to the target's. The sides must not overlap.
 */
export function copyBlock(
  m: number, n: number,
  source: Floats, sourceOffset: number, sourceRowStride: number, sourceColStride: number,
  target: Floats, targetOffset: number, targetRowStride: number, targetColStride: number,
): void {
  if (sourceRowStride + targetRowStride > sourceColStride + targetColStride) { // the inner loop takes the short steps
    return copyTiles(n, m, source, sourceOffset, sourceColStride, sourceRowStride, target, targetOffset, targetColStride, targetRowStride);
  }
  copyTiles(m, n, source, sourceOffset, sourceRowStride, sourceColStride, target, targetOffset, targetRowStride, targetColStride);
}

function copyTiles(
  m: number, n: number,
  source: Floats, sourceOffset: number, sourceRowStride: number, sourceColStride: number,
  target: Floats, targetOffset: number, targetRowStride: number, targetColStride: number,
): void {
  for (let i0 = 0; i0 < m; i0 += TILE) {
    const i1 = Math.min(m, i0 + TILE);
    for (let j0 = 0; j0 < n; j0 += TILE) {
      const j1 = Math.min(n, j0 + TILE);
      for (let j = j0; j < j1; j++) {
        let s = sourceOffset + i0 * sourceRowStride + j * sourceColStride;
        let t = targetOffset + i0 * targetRowStride + j * targetColStride;
        for (let i = i0; i < i1; i++) {
          target[t] = source[s];
          s += sourceRowStride;
          t += targetRowStride;
        }
      }
    }
  }
}

/** Entries that are gathered, scattered or converted at a time: 1 MiB of float64, which stays in the second-level cache. */
const BUFFER_ENTRIES = 1 << 17;

/** A part of a band that is contiguous in its file: `lines` whole lines, or `entries` entries of one line. */
export interface Piece {
  readonly line: number;
  readonly lines: number;
  readonly entry: number;
  readonly entries: number;
}

/** Cuts a band of count × length entries into pieces of at most {@link pieceLimit} entries, in the file's order. */
export function* pieces(count: number, length: number): Generator<Piece> {
  if (length === 0) return;
  const limit = pieceLimit(count, length);
  const step = Math.max(1, Math.floor(limit / length));
  for (let line = 0; line < count; line += step) {
    const lines = Math.min(step, count - line);
    for (let entry = 0; entry < length; entry += limit) yield { line, lines, entry, entries: Math.min(limit, length - entry) };
  }
}

/** How many entries the largest piece of a band has: the size of the buffer to bring. */
export function pieceLimit(count: number, length: number): number {
  return Math.min(count * length, BUFFER_ENTRIES);
}

/**
 * How many entries at a time lie in memory as they lie in the file, when that is worth a system call each:
 * the whole band, a long line, or 0 when the band is to go through a buffer.
 */
export function directRun(count: number, length: number, data: Floats, lineStride: number, entryStride: number): number {
  if (entryStride !== 1 && length !== 1) return 0;
  if (lineStride === length || count === 1) return count * length;
  return length * data.BYTES_PER_ELEMENT >= DIRECT_BYTES ? length : 0;
}

/** The bytes of data[offset, offset + entries). */
export function bytesOf(data: Floats, offset: number, entries: number): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset + offset * data.BYTES_PER_ELEMENT, entries * data.BYTES_PER_ELEMENT);
}

/**
 * Throws unless [start, start + count) lies within `lines` and a count × length band with these strides lies within `data`:
 * an index out of a typed array would be dropped in silence. E_ARGUMENT, E_SHAPE.
 */
export function checkBand(
  lines: number, length: number, start: number, count: number,
  data: Floats, lineStride: number, entryStride: number, offset: number,
): void {
  for (const [name, value] of Object.entries({ start, count, lineStride, entryStride, offset })) {
    if (!Number.isSafeInteger(value)) throw new AlchemistError('E_ARGUMENT', `${name} must be an integer, not ${value}`);
  }
  if (start < 0 || count < 0 || start + count > lines) {
    throw new AlchemistError('E_SHAPE', `the band [${start}, ${start + count}) is not within the file's ${lines} lines`,
      { fields: { start, count, lines } });
  }
  if (count === 0 || length === 0) return;
  const corners = [(count - 1) * lineStride, (length - 1) * entryStride];
  const first = corners.reduce((sum, reach) => sum + Math.min(0, reach), offset);
  const last = corners.reduce((sum, reach) => sum + Math.max(0, reach), offset);
  if (first < 0 || last >= data.length) {
    throw new AlchemistError('E_SHAPE', `a band of ${count} × ${length} entries reaches from ${first} to ${last} in an array of ${data.length}`,
      { fields: { first, last, length: data.length, lineStride, entryStride, offset } });
  }
}
