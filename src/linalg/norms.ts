/** Norms of distributed matrices. Copies count once, nothing overflows or underflows on the way, NaN comes through. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { contract } from '../dist/redistribute.js';
import { type Layout, makeLayout } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import { addColumnSums, sumSquares } from '../local/norms.js';
import { isFirstCopy } from './level1.js';

/** max |A(i,j)|; 0 for an empty matrix. Collective: one number a rank. */
export function maxNorm(A: DistMatrix): number {
  return largest(A, blas.maxAbs(A.local));
}

/** ‖A‖_F = √Σ A(i,j)², accumulated in f64. Collective: two numbers a rank. */
export function frobeniusNorm(A: DistMatrix): number {
  const mine = isFirstCopy(A) ? sumSquares(A.local) : { scale: 0, sumsq: 0 };
  // Only ranks with something to add take part in choosing the common scale, or tiny entries would vanish beside another rank's zeros.
  const scale = largest(A, mine.sumsq === 0 ? 0 : mine.scale);
  if (scale === 0) return 0;
  const ratio = mine.scale / scale;
  const total = Float64Array.of(mine.sumsq * ratio * ratio);
  A.grid.comm.allReduce(total);
  return scale * Math.sqrt(total[0]);
}

/** ‖A‖₁ = max over columns j of Σ_i |A(i,j)|. Collective; moves n sums, as {@link columnSumLayouts} has them. */
export function oneNorm(A: DistMatrix): number {
  return A.grid.memory.heap.scope(() => {
    const [partial, whole] = columnSumLayouts(A.layout).map((layout) => {
      const sums = DistMatrix.ofLayout(A.grid, layout, 'f64');
      blas.fill(0, sums.local);
      return sums;
    });
    if (isFirstCopy(A)) addColumnSums(A.local, partial.local);
    contract(1, partial, whole);
    return largest(A, blas.maxAbs(whole.local));
  });
}

/** ‖A‖_∞ = max over rows i of Σ_j |A(i,j)|: the one-norm of Aᵀ. Collective. */
export function infinityNorm(A: DistMatrix): number {
  return oneNorm(A.transposed);
}

/**
 * Where the column sums of A live, 1 × n: as partial sums on the ranks that hold parts of a column, and as whole sums, each on one rank. Both
 * are f64.
 */
export function columnSumLayouts(A: Layout): [partial: Layout, whole: Layout] {
  const { width, rowDist, rowAlign, gridHeight, gridWidth } = A;
  const row = { height: 1, width, gridHeight, gridWidth };
  // [*,MD] and [o,o] live on one team of ranks, and so do their sums.
  const root = rowDist === 'MD' || rowDist === 'CIRC' ? A.root : 0;
  const colDist = rowDist === 'CIRC' ? 'CIRC' : 'STAR';
  return [makeLayout({ ...row, dist: [colDist, rowDist], rowAlign, root }), makeLayout({ ...row, dist: 'STAR_VR' })];
}

/** The largest of every rank's number, NaN if any is. */
function largest(A: DistMatrix, mine: number): number {
  const most = Float64Array.of(mine);
  A.grid.comm.allReduce(most, 'max');
  return most[0];
}
