/** Grids, sizes and layouts that the layout tests draw from. */

import fc from 'fast-check';
import { DIST_PAIRS, type DistPair } from '#src/layout/distribution.js';
import type { GridShape } from '#src/layout/grid-shape.js';
import { colStride, crossSize, makeLayout, rowStride, type Layout } from '#src/layout/layout.js';

/** [height, width]: one process, vectors, squares, coprime and not. */
export const GRIDS: readonly (readonly [number, number])[] = [
  [1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [3, 2], [5, 1], [2, 4], [3, 3],
];

/** Empty, one, fewer than the processes, and sizes that no stride divides. */
export const dimension = fc.oneof(fc.constantFrom(0, 1, 2), fc.nat(14));

export const grid: fc.Arbitrary<GridShape> = fc.constantFrom(...GRIDS).map(([height, width]) => ({ height, width }));

export const distPair = fc.constantFrom(...DIST_PAIRS);

/** A layout of the given size, grid and pair, with any alignments and root. */
export function layoutOf(height: number, width: number, shape: GridShape, dist: DistPair): fc.Arbitrary<Layout> {
  const options = { height, width, dist, gridHeight: shape.height, gridWidth: shape.width };
  const layout = makeLayout(options);
  const below = (n: number) => fc.nat(n - 1);
  return fc
    .record({ colAlign: below(colStride(layout)), rowAlign: below(rowStride(layout)), root: below(crossSize(layout)) })
    .map((alignment) => makeLayout({ ...options, ...alignment }));
}

/** Any layout on any of the grids. */
export const layout: fc.Arbitrary<Layout> = fc
  .tuple(dimension, dimension, grid, distPair)
  .chain(([height, width, shape, dist]) => layoutOf(height, width, shape, dist));

/** Two layouts of one matrix on one grid, in the given pairs. */
export function redistributionOf(shape: GridShape, from: DistPair, to: DistPair): fc.Arbitrary<readonly [Layout, Layout]> {
  return fc
    .tuple(dimension, dimension)
    .chain(([height, width]) => fc.tuple(layoutOf(height, width, shape, from), layoutOf(height, width, shape, to)));
}

/** All ranks of a layout's grid. */
export function ranks(of: Layout): number[] {
  return Array.from({ length: of.gridHeight * of.gridWidth }, (_, rank) => rank);
}
