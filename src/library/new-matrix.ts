/** Tasks that make a matrix from nothing: the parameters that say its shape and where it goes, its layout, and its price. */
import { DistMatrix } from '../dist/dist-matrix.js';
import type { Grid } from '../dist/grid.js';
import { parseDistPair } from '../layout/distribution.js';
import { type Layout, makeLayout } from '../layout/layout.js';
import type { StorageOrder } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';
import { storageOf } from './storage.js';
import type { Arguments, Cost, Params } from './task.js';

export const newMatrixParams = {
  height: { type: 'integer', min: 0, about: 'rows' },
  width: { type: 'integer', min: 0, about: 'columns' },
  dist: { type: 'text', default: 'MC_MR', about: 'distribution, such as MC_MR or VC_STAR' },
  colAlign: { type: 'integer', default: 0, min: 0, about: 'the rank of the column axis that owns row 0' },
  rowAlign: { type: 'integer', default: 0, min: 0, about: 'the rank of the row axis that owns column 0' },
  root: { type: 'integer', default: 0, min: 0, about: 'the diagonal of an MD matrix, the process of a [CIRC,CIRC] one' },
  dtype: { type: 'text', default: 'f64', oneOf: ['f64', 'f32'], about: 'item type' },
  order: { type: 'text', default: 'column', oneOf: ['column', 'row'], about: 'whether columns or rows are contiguous in the workers\' memories' },
} as const satisfies Params;

type NewMatrix = Arguments<typeof newMatrixParams, never>;
type GridShape = { readonly height: number; readonly width: number };

/** The layout that was asked for. E_LAYOUT when it cannot be. */
export function newLayout({ height, width, dist, colAlign, rowAlign, root }: NewMatrix, grid: GridShape): Layout {
  return makeLayout({ height, width, dist: parseDistPair(dist), colAlign, rowAlign, root, gridHeight: grid.height, gridWidth: grid.width });
}

/** A fresh matrix with undefined entries. */
export function newMatrix(grid: Grid, wanted: NewMatrix): DistMatrix {
  return DistMatrix.ofLayout(grid, newLayout(wanted, grid), wanted.dtype as Dtype, wanted.order as StorageOrder);
}

/** What a matrix costs that every rank fills by itself. */
export function newMatrixCost(wanted: NewMatrix, grid: GridShape): Cost {
  return { flops: 0, bytesMoved: 0, memoryPerRank: storageOf(newLayout(wanted, grid), wanted.dtype as Dtype, wanted.order as StorageOrder) };
}
