/** Layout: who owns which entries of a distributed matrix. Plain integers, and the questions one can ask them. */

import { AlchemistError } from '../errors.js';
import type { Block } from './block.js';
import {
  AXES, distPair, formatDistPair, HOLDERS, parseDistPair, partial, splitDistPair, type Dist, type DistPair,
} from './distribution.js';
import { formatGridShape, gridCol, gridRow, vcToDiagonal } from './grid-shape.js';
import { gcd, lengthBelow, mod, slice } from './slice.js';

/**
 * A height × width matrix, distributed [colDist,rowDist] over a gridHeight × gridWidth grid of processes. `colAlign` is the
 * rank in the column axis that owns row 0, `rowAlign` the rank in the row axis that owns column 0. `root` is the diagonal
 * that holds an [MD,*] or [*,MD] matrix or the process that holds an [o,o] one, and 0 otherwise.
 */
export interface Layout {
  readonly height: number;
  readonly width: number;
  readonly colDist: Dist;
  readonly rowDist: Dist;
  readonly colAlign: number;
  readonly rowAlign: number;
  readonly root: number;
  readonly gridHeight: number;
  readonly gridWidth: number;
}

/** The two alignments of a layout and its root: what a matrix may inherit from another. */
export type Alignment = Pick<Layout, 'colAlign' | 'rowAlign' | 'root'>;

export interface LayoutOptions extends Partial<Alignment> {
  height: number;
  width: number;
  /** [MC,MR] when omitted. */
  dist?: DistPair | readonly [Dist, Dist];
  gridHeight: number;
  gridWidth: number;
}

/** A contiguous range of rows or columns. */
export interface Range {
  readonly start: number;
  readonly count: number;
}

/** The checked layout of the options; distribution [MC,MR], alignments and root 0 unless given. E_LAYOUT when it cannot be. */
export function makeLayout(options: LayoutOptions): Layout {
  const { height, width, dist = 'MC_MR', colAlign = 0, rowAlign = 0, root = 0, gridHeight, gridWidth } = options;
  const [colDist, rowDist] = typeof dist === 'string' ? parseDistPair(dist) : dist;
  distPair(colDist, rowDist);
  const layout: Layout = { height, width, colDist, rowDist, colAlign, rowAlign, root, gridHeight, gridWidth };
  requireInteger(layout, 'gridHeight', 1);
  requireInteger(layout, 'gridWidth', 1);
  requireInteger(layout, 'height', 0);
  requireInteger(layout, 'width', 0);
  requireInteger(layout, 'colAlign', 0, colStride(layout));
  requireInteger(layout, 'rowAlign', 0, rowStride(layout));
  requireInteger(layout, 'root', 0, crossSize(layout));
  return layout;
}

/** The number of processes on the grid. */
export function gridSize(layout: Layout): number {
  return layout.gridHeight * layout.gridWidth;
}

/** Over how many ranks the rows are dealt: rank k of the column axis owns the rows i with (i + colAlign) mod colStride = k. */
export function colStride(layout: Layout): number {
  return AXES[layout.colDist].stride(layout.gridHeight, layout.gridWidth);
}

/** Over how many ranks the columns are dealt. */
export function rowStride(layout: Layout): number {
  return AXES[layout.rowDist].stride(layout.gridHeight, layout.gridWidth);
}

/** How many teams of processes could hold the matrix, of which `root` does: the diagonals for MD, all processes for [o,o]. */
export function crossSize(layout: Layout): number {
  if (layout.colDist === 'CIRC') return gridSize(layout);
  return onDiagonal(layout) ? gcd(layout.gridHeight, layout.gridWidth) : 1;
}

/** How many processes hold each entry. */
export function copies(layout: Layout): number {
  return gridSize(layout) / (colStride(layout) * rowStride(layout) * crossSize(layout));
}

/** Which of those teams a rank belongs to. */
export function crossRank(layout: Layout, rank: number): number {
  if (layout.colDist === 'CIRC') return rank;
  return onDiagonal(layout) ? vcToDiagonal(rank, layout.gridHeight, layout.gridWidth) : 0;
}

/** Whether a rank holds a share of the matrix (perhaps an empty one). */
export function isParticipating(layout: Layout, rank: number): boolean {
  return crossRank(layout, rank) === layout.root;
}

/** The rank within the column axis of VC rank `rank`, from 0 to colStride - 1. */
export function colRank(layout: Layout, rank: number): number {
  return AXES[layout.colDist].rank(rank, layout.gridHeight, layout.gridWidth);
}

/** The rank within the row axis of VC rank `rank`, from 0 to rowStride - 1. */
export function rowRank(layout: Layout, rank: number): number {
  return AXES[layout.rowDist].rank(rank, layout.gridHeight, layout.gridWidth);
}

/** Which of the copies of its share a rank holds, from 0 to copies - 1. */
export function redundantRank(layout: Layout, rank: number): number {
  switch (distPair(layout.colDist, layout.rowDist)) {
    case 'MC_STAR':
    case 'STAR_MC':
      return gridCol(rank, layout.gridHeight);
    case 'MR_STAR':
    case 'STAR_MR':
      return gridRow(rank, layout.gridHeight);
    case 'STAR_STAR':
      return rank;
    default:
      return 0;
  }
}

/**
 * The entries that VC rank `rank` holds, as global indices; its local matrix is rows.count × cols.count. A rank that takes
 * part but gets nothing has a block with count 0; null means that it takes no part at all.
 */
export function share(layout: Layout, rank: number): Block | null {
  if (!isParticipating(layout, rank)) return null;
  return {
    rows: axisShare(layout.height, colRank(layout, rank), layout.colAlign, colStride(layout)),
    cols: axisShare(layout.width, rowRank(layout, rank), layout.rowAlign, rowStride(layout)),
  };
}

/** The VC rank that holds copy `copy` of the share of rank i in the column axis and rank j in the row axis. */
export function holder(layout: Layout, i: number, j: number, copy: number): number {
  const { colDist, rowDist, root, gridHeight: r, gridWidth: c } = layout;
  return HOLDERS[distPair(colDist, rowDist)]({ i, j, copy, root, r, c });
}

/** The VC ranks that hold entry (i, j), in the order of their copies. E_LAYOUT outside the matrix. */
export function ownersOf(layout: Layout, i: number, j: number): number[] {
  requireRange(layout, 'row', { start: i, count: 1 }, layout.height);
  requireRange(layout, 'column', { start: j, count: 1 }, layout.width);
  const inCol = mod(i + layout.colAlign, colStride(layout));
  const inRow = mod(j + layout.rowAlign, rowStride(layout));
  return Array.from({ length: copies(layout) }, (_, copy) => holder(layout, inCol, inRow, copy));
}

/**
 * The layout of the submatrix A(rows, cols) where it stands: every entry stays with its owner, so only the size and the
 * alignments change. E_LAYOUT when the ranges leave the matrix.
 */
export function viewLayout(layout: Layout, rows: Range, cols: Range): Layout {
  requireRange(layout, 'row', rows, layout.height);
  requireRange(layout, 'column', cols, layout.width);
  return {
    ...layout,
    height: rows.count,
    width: cols.count,
    colAlign: mod(rows.start + layout.colAlign, colStride(layout)),
    rowAlign: mod(cols.start + layout.rowAlign, rowStride(layout)),
  };
}

/** Where a view that starts at (i0, j0) starts in the local matrix of a rank: how many of its rows and columns come before. */
export function viewOffset(layout: Layout, rank: number, i0: number, j0: number): { iLoc: number; jLoc: number } {
  const block = share(layout, rank);
  if (!block) return { iLoc: 0, jLoc: 0 };
  return {
    iLoc: lengthBelow(i0, block.rows.start, block.rows.step),
    jLoc: lengthBelow(j0, block.cols.start, block.cols.step),
  };
}

/**
 * The alignment that a new matrix in `toPair` takes from `from`, so that copying moves as little as possible: an axis
 * inherits when one of the two axes refines the other (MC and VC, MR and VR), and is 0 otherwise; a copy in the same
 * distribution also keeps the root.
 */
export function inheritAlignment(from: Layout, toPair: DistPair | readonly [Dist, Dist]): Alignment {
  const [colDist, rowDist] = typeof toPair === 'string' ? splitDistPair(toPair) : toPair;
  const inherit = (dist: Dist, source: Dist, align: number) =>
    partial(dist) === partial(source) ? align % AXES[dist].stride(from.gridHeight, from.gridWidth) : 0;
  return {
    colAlign: inherit(colDist, from.colDist, from.colAlign),
    rowAlign: inherit(rowDist, from.rowDist, from.rowAlign),
    root: colDist === from.colDist && rowDist === from.rowDist ? from.root : 0,
  };
}

/** The layout of Aᵀ when every rank transposes its local matrix: pair and alignments swapped, nothing moves. */
export function transposed(layout: Layout): Layout {
  return {
    ...layout,
    height: layout.width,
    width: layout.height,
    colDist: layout.rowDist,
    rowDist: layout.colDist,
    colAlign: layout.rowAlign,
    rowAlign: layout.colAlign,
  };
}

/** Whether two layouts are equal in every number. */
export function sameLayout(a: Layout, b: Layout): boolean {
  return (
    a.height === b.height && a.width === b.width && a.colDist === b.colDist && a.rowDist === b.rowDist &&
    a.colAlign === b.colAlign && a.rowAlign === b.rowAlign && a.root === b.root && sameGrid(a, b)
  );
}

/** Whether two layouts are on grids of the same shape. */
export function sameGrid(a: Layout, b: Layout): boolean {
  return a.gridHeight === b.gridHeight && a.gridWidth === b.gridWidth;
}

/** '1000×1000 [MC,MR] on 2×3', with the alignments and the root where they are not 0. */
export function describe(layout: Layout): string {
  const { height, width, colDist, rowDist, colAlign, rowAlign, root, gridHeight, gridWidth } = layout;
  const aligned = colAlign || rowAlign ? `, aligned (${colAlign},${rowAlign})` : '';
  const rooted = root ? `, root ${root}` : '';
  return `${height}×${width} ${formatDistPair(colDist, rowDist)} on ${formatGridShape(gridHeight, gridWidth)}${aligned}${rooted}`;
}

function onDiagonal(layout: Layout): boolean {
  return layout.colDist === 'MD' || layout.rowDist === 'MD';
}

function axisShare(n: number, rank: number, align: number, stride: number) {
  const shift = mod(rank - align, stride);
  return slice(shift, stride, lengthBelow(n, shift, stride));
}

type IntegerField = { [K in keyof Layout]: Layout[K] extends number ? K : never }[keyof Layout];

function requireInteger(layout: Layout, field: IntegerField, low: number, end = Infinity): void {
  const value = layout[field];
  if (Number.isSafeInteger(value) && value >= low && value < end) return;
  const range = end === Infinity ? `, at least ${low}` : ` from ${low} to ${end - 1}`;
  const wanted = end === low + 1 ? `${low}` : `a whole number${range}`;
  throw new AlchemistError('E_LAYOUT', `${field} must be ${wanted}, but is ${value}: ${describe(layout)}`, {
    fields: { ...layout },
  });
}

function requireRange(layout: Layout, axis: 'row' | 'column', { start, count }: Range, size: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(count) && start >= 0 && count >= 0 && start + count <= size) return;
  const wanted = count === 1 ? `${axis} ${start} is` : `${count} ${axis}s from ${axis} ${start} are`;
  throw new AlchemistError('E_LAYOUT', `${wanted} not in a matrix of ${describe(layout)}`, { fields: { start, count, size } });
}
