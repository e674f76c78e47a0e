/** Diagonals: where the entries (i, i + offset) of a matrix live, as a layout of a column that moves nothing. */

import { vcToDiagonal, vcToMD } from './grid-shape.js';
import { colStride, type Layout, makeLayout, ownersOf, rowStride, share } from './layout.js';
import { meet, mod, positionIn, type Slice } from './slice.js';

/** How many entries the diagonal has that starts `offset` columns right of the main one (or, when negative, rows below it). */
export function diagonalCount(height: number, width: number, offset: number): number {
  return Math.max(0, offset >= 0 ? Math.min(height, width - offset) : Math.min(height + offset, width));
}

/**
 * The layout in which every rank that holds an entry of that diagonal of A holds the same entry of the count × 1 column: [MD,*] when both
 * axes of A are cut, [U,*] when one axis is [U], [o,o] on one process.
 */
export function diagonalLayout(A: Layout, offset = 0): Layout {
  const { gridHeight, gridWidth, root } = A;
  const height = diagonalCount(A.height, A.width, offset);
  const column = { height, width: 1, gridHeight, gridWidth };
  const [i0, j0] = firstEntry(offset);
  if (A.colDist === 'CIRC') return makeLayout({ ...column, dist: 'CIRC_CIRC', root });
  if (A.rowDist === 'STAR') return makeLayout({ ...column, dist: [A.colDist, 'STAR'], colAlign: mod(i0 + A.colAlign, colStride(A)), root });
  if (A.colDist === 'STAR') return makeLayout({ ...column, dist: [A.rowDist, 'STAR'], colAlign: mod(j0 + A.rowAlign, rowStride(A)), root });
  if (height === 0) return makeLayout({ ...column, dist: 'MD_STAR' });
  // One step along the matrix' diagonal is one step along the grid's: both owners move on by one.
  const [owner] = ownersOf(A, i0, j0);
  return makeLayout({
    ...column,
    dist: 'MD_STAR',
    root: vcToDiagonal(owner, gridHeight, gridWidth),
    colAlign: vcToMD(owner, gridHeight, gridWidth),
  });
}

/** The entries of a diagonal in a rank's local matrix: entry t of the global diagonal for t in `indices`, at local (rows, cols). */
export interface DiagonalShare {
  readonly indices: Slice;
  readonly rows: Slice;
  readonly cols: Slice;
}

/** What a rank holds of the diagonal; null when it is nothing. */
export function diagonalShare(A: Layout, rank: number, offset = 0): DiagonalShare | null {
  const mine = share(A, rank);
  const rows = mine && meet(mine.rows, moved(mine.cols, -offset));
  if (!rows) return null;
  return {
    indices: moved(rows, -firstEntry(offset)[0]),
    rows: positionIn(rows, mine.rows),
    cols: positionIn(moved(rows, offset), mine.cols),
  };
}

const moved = (s: Slice, by: number): Slice => ({ ...s, start: s.start + by });

const firstEntry = (offset: number): [i: number, j: number] => (offset >= 0 ? [0, offset] : [-offset, 0]);
