/**
 * The process grid as arithmetic: its default shape, and the five ways to number the processes of an r × c grid.
 *
 * Process (row, col) has the rank `row` in MC, `col` in MR, `row + r·col` in VC (down the columns), `col + c·row` in VR
 * (along the rows) and, on its diagonal, a rank in MD. Everywhere else in this library "rank" means the VC rank.
 *
 *   2 × 3, VC ranks       VR ranks        MD ranks (one diagonal, for gcd(2, 3) = 1)
 *     0  2  4             0  1  2         0  4  2
 *     1  3  5             3  4  5         3  1  5
 */

import { AlchemistError } from '../errors.js';
import { gcd, meet, mod, slice } from './slice.js';

export interface GridShape {
  readonly height: number;
  readonly width: number;
}

/** How the workers, numbered from 0, are laid onto the grid: down the columns (Elemental) or along the rows (Alchemist). */
export type GridOrder = 'column' | 'row';

/** The smallest divisor of `size` that is at least ⌊√size⌋: Elemental's default number of grid rows. */
export function defaultGridHeight(size: number): number {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new AlchemistError('E_LAYOUT', `a grid cannot have ${size} processes`, { fields: { size } });
  }
  let height = Math.floor(Math.sqrt(size));
  while (size % height !== 0) height++;
  return height;
}

/** The grid of `size` processes with `height` rows; Elemental's default height when none is given. E_LAYOUT unless it divides. */
export function gridShape(size: number, height: number = defaultGridHeight(size)): GridShape {
  if (!Number.isSafeInteger(height) || height < 1 || size % height !== 0) {
    throw new AlchemistError('E_LAYOUT', `a grid of ${size} processes cannot have ${height} rows`, {
      hint: `the height must divide ${size}`,
      fields: { size, height },
    });
  }
  return { height, width: size / height };
}

/** Reads a shape written as '2x3', '2×3' or '2 x 3'; E_LAYOUT otherwise. */
export function parseGridShape(text: string): GridShape {
  const match = /^\s*(\d{1,9})\s*[x×*]\s*(\d{1,9})\s*$/iu.exec(text);
  const [height, width] = [Number(match?.[1]), Number(match?.[2])];
  if (!(height >= 1 && width >= 1)) {
    throw new AlchemistError('E_LAYOUT', `'${text}' is not a grid shape`, {
      hint: 'write rows x columns, for example 2x3',
      fields: { text },
    });
  }
  return { height, width };
}

/** '2×3' */
export function formatGridShape(height: number, width: number): string {
  return `${height}×${width}`;
}

/** The VC rank of process (row, col) on a grid with r rows. */
export function vcAt(row: number, col: number, r: number): number {
  return row + r * col;
}

/** The grid row of a VC rank: its MC rank. */
export function gridRow(vc: number, r: number): number {
  return vc % r;
}

/** The grid column of a VC rank: its MR rank. */
export function gridCol(vc: number, r: number): number {
  return Math.floor(vc / r);
}

/** VC rank → VR rank on an r × c grid. */
export function vcToVR(vc: number, r: number, c: number): number {
  return gridCol(vc, r) + c * gridRow(vc, r);
}

/** VR rank → VC rank on an r × c grid. */
export function vrToVC(vr: number, r: number, c: number): number {
  return vcAt(Math.floor(vr / c), vr % c, r);
}

/** How many processes one diagonal of an r × c grid has: lcm(r, c). There are gcd(r, c) diagonals. */
export function diagonalLength(r: number, c: number): number {
  return (r / gcd(r, c)) * c;
}

/** The diagonal a VC rank lies on (its MDPerp rank): (col - row) mod gcd(r, c). */
export function vcToDiagonal(vc: number, r: number, c: number): number {
  return mod(gridCol(vc, r) - gridRow(vc, r), gcd(r, c));
}

/** VC rank → MD rank: how many steps (+1, +1) lead from the diagonal's first process (0, diagonal) to this one. */
export function vcToMD(vc: number, r: number, c: number): number {
  const length = diagonalLength(r, c);
  const sameRow = slice(gridRow(vc, r), r, length / r);
  const sameCol = slice(mod(gridCol(vc, r) - vcToDiagonal(vc, r, c), c), c, length / c);
  return meet(sameRow, sameCol)!.start;
}

/** MD rank on a diagonal → VC rank: the process (md mod r, (md + diagonal) mod c). */
export function mdToVC(md: number, diagonal: number, r: number, c: number): number {
  return vcAt(md % r, (md + diagonal) % c, r);
}

/** Worker number (from 0) → VC rank, for workers laid onto the r × c grid in the given order. */
export function worldToVC(order: GridOrder, world: number, r: number, c: number): number {
  return order === 'column' ? world : vrToVC(world, r, c);
}

/** VC rank → worker number (from 0); the inverse of {@link worldToVC}. */
export function vcToWorld(order: GridOrder, vc: number, r: number, c: number): number {
  return order === 'column' ? vc : vcToVR(vc, r, c);
}
