/**
 * A checksum by entry position: Σ aᵢ bⱼ cₖ wₖ(i,j) mod 2³² over the 32-bit words wₖ of the entries, with odd weights that look random. It is exact
 * whatever the order of the sum, so that ranks add theirs up; an entry at a wrong place, twice or not at all changes it.
 */
import type { Slice } from '#src/layout/slice.js';

/** Where entries lie: entry (i, j) at `offset + i·rowStride + j·colStride`, in entries. */
export interface Place {
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/** The weight of an index: odd, so that no change of a word is lost. */
function weight(index: number, axis: number): number {
  let h = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(axis + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) | 1;
}

const weights = ({ start, step, count }: Slice, axis: number): Int32Array => Int32Array.from({ length: count }, (_, k) => weight(start + k * step, axis));

/** The checksum, in [0, 2³²), of the entries whose global indices are `rows` × `cols`. */
export function weigh(data: Float64Array | Float32Array, { offset, rowStride, colStride }: Place, rows: Slice, cols: Slice): number {
  const perEntry = data.BYTES_PER_ELEMENT / 4;
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * perEntry);
  const byRows = colStride <= rowStride;
  const [inner, outer] = byRows ? [weights(cols, 1), weights(rows, 0)] : [weights(rows, 0), weights(cols, 1)];
  const [innerStride, outerStride] = byRows ? [colStride, rowStride] : [rowStride, colStride];
  let sum = 0;
  for (let word = 0; word < perEntry; word++) {
    let part = 0;
    for (let k = 0; k < outer.length; k++) part = (part + Math.imul(line(words, (offset + k * outerStride) * perEntry + word, innerStride * perEntry, inner), outer[k])) | 0;
    sum = (sum + Math.imul(part, weight(word, 2))) | 0;
  }
  return sum >>> 0;
}

function line(words: Int32Array, start: number, step: number, inner: Int32Array): number {
  let sum = 0;
  for (let k = 0, at = start; k < inner.length; k++, at += step) sum = (sum + Math.imul(words[at], inner[k])) | 0;
  return sum;
}
