/** A distributed matrix as it lies in the ranks' shared memories, cut into pieces that any thread can copy between two turns of its event loop. */
import { type Block, entries } from '../layout/block.js';
import { gridSize, type Layout, type Range, share, viewLayout, viewOffset } from '../layout/layout.js';
import { slice } from '../layout/slice.js';
import type { Placement } from '../local/matrix.js';
import { type Dtype, itemBytes, type MemoryRegion } from '../local/rank-memory.js';
import type { Strided, WritableStrided } from '../session/strided-copy.js';

/** Entries of a piece at most: about a millisecond of copying. */
export const PIECE_ENTRIES = 2 ** 18;

export interface Shares {
  readonly layout: Layout;
  readonly dtype: Dtype;
  /** Where each rank's share lies, by rank. */
  readonly shares: readonly Placement[];
}

export interface Piece {
  readonly height: number;
  readonly width: number;
  /** Its rows and columns, counted from the first ones asked for. */
  readonly block: Block;
  /** Its entries in the rank's memory. */
  readonly inRank: WritableStrided;
}

/** The pieces of A(rows, cols) on the ranks that are wanted. @throws AlchemistError E_LAYOUT when the ranges leave the matrix. */
export function* piecesOf({ layout, dtype, shares }: Shares, regions: readonly MemoryRegion[], rows: Range, cols: Range, wanted: (rank: number) => boolean): Generator<Piece> {
  const view = viewLayout(layout, rows, cols);
  for (let rank = 0; rank < gridSize(layout); rank++) {
    const mine = share(view, rank);
    if (!mine || entries(mine) === 0 || !wanted(rank)) continue;
    const { ptr, rowStride, colStride } = shares[rank];
    const { iLoc, jLoc } = viewOffset(layout, rank, rows.start, cols.start);
    const { buffer } = regions[rank].memory;
    const data = dtype === 'f64' ? new Float64Array(buffer) : new Float32Array(buffer);
    const first = ptr / itemBytes(dtype) + iLoc * rowStride + jLoc * colStride;
    for (const { i, j, height, width } of cut(mine.rows.count, mine.cols.count, rowStride <= colStride)) {
      const block = {
        rows: slice(mine.rows.start + i * mine.rows.step, mine.rows.step, height),
        cols: slice(mine.cols.start + j * mine.cols.step, mine.cols.step, width),
      };
      yield { height, width, block, inRank: { data, offset: first + i * rowStride + j * colStride, rowStride, colStride } };
    }
  }
}

/** Cuts a share along the axis on which its memory is contiguous, as far as that goes. */
function* cut(height: number, width: number, byColumns: boolean): Generator<{ i: number; j: number; height: number; width: number }> {
  const rowsAtOnce = Math.min(height, byColumns ? PIECE_ENTRIES : Math.max(1, Math.floor(PIECE_ENTRIES / width)));
  const colsAtOnce = Math.min(width, byColumns ? Math.max(1, Math.floor(PIECE_ENTRIES / height)) : PIECE_ENTRIES);
  for (let j = 0; j < width; j += colsAtOnce) {
    for (let i = 0; i < height; i += rowsAtOnce) yield { i, j, height: Math.min(rowsAtOnce, height - i), width: Math.min(colsAtOnce, width - j) };
  }
}

/** The part of a caller's array that a block names, whose indices count from the array's first entry. */
export function partOf<A extends Strided>(array: A, { rows, cols }: Block): Pick<A, 'data'> & Strided {
  return {
    data: array.data,
    offset: array.offset + rows.start * array.rowStride + cols.start * array.colStride,
    rowStride: array.rowStride * rows.step,
    colStride: array.colStride * cols.step,
  };
}
