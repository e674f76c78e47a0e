/** Block: rows × columns of a matrix, each a slice. What a rank owns, what a view shows and what a transfer carries. */

import { meet, type Slice } from './slice.js';

/** The entries (i, j) with i in rows and j in cols. */
export interface Block {
  readonly rows: Slice;
  readonly cols: Slice;
}

/** a ∩ b, again one block; null when it is empty. */
export function meetBlocks(a: Block, b: Block): Block | null {
  const rows = meet(a.rows, b.rows);
  const cols = rows && meet(a.cols, b.cols);
  return cols && { rows, cols };
}

/** How many entries a block has. */
export function entries(block: Block): number {
  return block.rows.count * block.cols.count;
}
