/** Copies a rectangle between two strided arrays of the host, in cache-sized tiles. */

/** Where a rectangle lies in an array of numbers. */
export interface Strided {
  readonly data: { readonly [index: number]: number; readonly length: number };
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

export interface WritableStrided extends Strided {
  readonly data: { [index: number]: number; readonly length: number; set?(source: ArrayLike<number>, at?: number): void; subarray?(start: number, end: number): ArrayLike<number> };
}

/** The order of a payload, or of storage, that suits an array: along its lines. */
export function orderOf({ rowStride, colStride }: Strided): 'row' | 'column' {
  return rowStride === 1 && colStride !== 1 ? 'column' : 'row';
}

/** Edge of a tile: 32 cache lines each way stay in the first-level cache. */
const TILE = 32;

/** target(i, j) := source(i, j) for i < height, j < width; numbers are converted to the target's type. */
export function copyStrided(height: number, width: number, source: Strided, target: WritableStrided): void {
  if (height === 0 || width === 0) return;
  if (source.rowStride === 1 && target.rowStride === 1) return copyLines(width, height, source, source.colStride, target, target.colStride);
  if (source.colStride === 1 && target.colStride === 1) return copyLines(height, width, source, source.rowStride, target, target.rowStride);
  const { data: from, rowStride: frs, colStride: fcs } = source;
  const { data: to, rowStride: trs, colStride: tcs } = target;
  for (let jt = 0; jt < width; jt += TILE) {
    const jEnd = Math.min(width, jt + TILE);
    for (let it = 0; it < height; it += TILE) {
      const iEnd = Math.min(height, it + TILE);
      for (let j = jt; j < jEnd; j++) {
        let f = source.offset + it * frs + j * fcs;
        let t = target.offset + it * trs + j * tcs;
        for (let i = it; i < iEnd; i++, f += frs, t += trs) to[t] = from[f];
      }
    }
  }
}

/** Both sides contiguous along a line: whole lines at once where both are typed arrays. */
function copyLines(lines: number, length: number, source: Strided, sourceStep: number, target: WritableStrided, targetStep: number): void {
  const from = source.data as WritableStrided['data'];
  const to = target.data;
  for (let line = 0, f = source.offset, t = target.offset; line < lines; line++, f += sourceStep, t += targetStep) {
    if (length >= 16 && to.set && from.subarray) to.set(from.subarray(f, f + length), t);
    else for (let i = 0; i < length; i++) to[t + i] = from[f + i];
  }
}
