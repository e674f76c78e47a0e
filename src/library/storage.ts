/** Bytes that a matrix takes on the rank that holds most of it. */
import { gridSize, type Layout, share } from '../layout/layout.js';
import { matrixBytes, type StorageOrder } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';

/** Bytes of the largest share of `layout`, in the order of storage that takes more (the padding of lines differs) unless one is given. */
export function storageOf(layout: Layout, dtype: Dtype, order?: StorageOrder): number {
  if (!order) return Math.max(storageOf(layout, dtype, 'column'), storageOf(layout, dtype, 'row'));
  let most = 0;
  for (let rank = 0; rank < gridSize(layout); rank++) {
    const mine = share(layout, rank);
    if (mine) most = Math.max(most, matrixBytes(dtype, mine.rows.count, mine.cols.count, order));
  }
  return most;
}
