/** Diagonals of distributed matrices: read, summed and written where they lie. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import { diagonalLayout, diagonalShare } from '../layout/diagonal.js';
import * as blas from '../local/blas.js';
import { Matrix } from '../local/matrix.js';
import { sumOverRanks } from './level1.js';

/** d(t) = A(t, t + offset), or A(t - offset, t) below the main diagonal: a fresh column in {@link diagonalLayout}. No communication. */
export function diagonal(A: DistMatrix, offset = 0): DistMatrix {
  const d = DistMatrix.ofLayout(A.grid, diagonalLayout(A.layout, offset), A.dtype);
  const mine = localDiagonal(A, offset);
  if (mine) blas.copy(mine, d.local);
  return d;
}

/** Σ A(i,i), accumulated in f64; the same on every rank. NaN and infinities follow IEEE. Collective. E_SHAPE unless A is square. */
export function trace(A: DistMatrix): number {
  if (A.height !== A.width) throw new AlchemistError('E_SHAPE', `trace: ${A} is not square`);
  const mine = localDiagonal(A);
  let sum = 0;
  for (let t = 0; mine && t < mine.height; t++) sum += mine.get(t, 0);
  return sumOverRanks(A, sum);
}

/** A := the matrix with `values` on its main diagonal (cut off where it ends) and zeros elsewhere; one number stands for all. */
export function fillDiagonal(values: number | readonly number[], A: DistMatrix): void {
  blas.fill(0, A.local);
  const mine = localDiagonal(A);
  if (!mine) return;
  if (typeof values === 'number') return blas.fill(values, mine);
  const { start, step } = diagonalShare(A.layout, A.grid.rank)!.indices;
  for (let t = 0; t < mine.height; t++) mine.set(t, 0, values[start + t * step] ?? 0);
}

/** This rank's entries of a diagonal as a column that shares them; null when it has none. */
function localDiagonal(A: DistMatrix, offset = 0): Matrix | null {
  const mine = diagonalShare(A.layout, A.grid.rank, offset);
  if (!mine) return null;
  const { memory, dtype, rowStride, colStride } = A.local;
  const { rows, cols } = mine;
  return new Matrix(memory, dtype, rows.count, 1, A.local.address(rows.start, cols.start), rows.step * rowStride + cols.step * colStride, 1);
}
