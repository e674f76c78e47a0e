/** Bytes that a matrix takes on the rank that holds most of it. */
import { gridSize, type Layout, share } from '../layout/layout.js';
import { matrixBytes } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';

/** Bytes of the largest share of `layout`. */
export function storageOf(layout: Layout, dtype: Dtype): number {
  let most = 0;
  for (let rank = 0; rank < gridSize(layout); rank++) {
    const mine = share(layout, rank);
    if (mine) most = Math.max(most, matrixBytes(dtype, mine.rows.count, mine.cols.count));
  }
  return most;
}
