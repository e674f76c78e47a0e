/** Level 1: matrices added, scaled and multiplied entry by entry. */
import { conform } from '../dist/conform.js';
import { type DistMatrix, mustHaveSameShape } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';
import { isParticipating, redundantRank } from '../layout/layout.js';
import { plan } from '../layout/plan.js';
import * as blas from '../local/blas.js';

/** A := alpha A. alpha = 0 writes zeros even over NaN; otherwise NaN and infinities follow IEEE. No communication. */
export function scale(alpha: number, A: DistMatrix): void {
  blas.scale(alpha, A.local);
}

/**
 * Y += alpha X for matrices of one shape in any two layouts; X is not Y. Every rank adds the entries that it needs straight from their owners'
 * memories: one exchange, no temporary. alpha = 0 leaves Y as it is; otherwise NaN and infinities follow IEEE. Collective.
 */
export function axpy(alpha: number, X: DistMatrix, Y: DistMatrix): void {
  mustHaveSameShape('axpy', X, Y);
  const { comm, rank } = Y.grid;
  comm.exchange(plan(X.layout, Y.layout, rank), X.local, Y.local, alpha);
}

/** C := alpha A + beta B for matrices of one shape in any three layouts; C is neither A nor B. Factors as in {@link scale}. Collective. */
export function add(alpha: number, A: DistMatrix, beta: number, B: DistMatrix, C: DistMatrix): void {
  redistribute(A, C);
  scale(alpha, C);
  axpy(beta, B, C);
}

/**
 * Σ A(i,j) B(i,j), accumulated in f64, for matrices of one shape in any two layouts; the same on every rank. NaN and infinities follow IEEE,
 * and so does overflow. B is copied to where A lies unless it lies so already. Collective.
 */
export function dot(A: DistMatrix, B: DistMatrix): number {
  mustHaveSameShape('dot', A, B);
  return A.grid.memory.heap.scope(() => {
    const BLikeA = conform(B, A.layout);
    return sumOverRanks(A, blas.dot(A.local, BLikeA.local));
  });
}

/** The sum of every rank's number, where only the first of the copies of A's entries counts. Collective. */
export function sumOverRanks(A: DistMatrix, mine: number): number {
  const sum = Float64Array.of(isFirstCopy(A) ? mine : 0);
  A.grid.comm.allReduce(sum);
  return sum[0];
}

/** Whether this rank counts in sums over the entries of A: it holds some, and of several copies the first. */
export function isFirstCopy({ layout, grid }: DistMatrix): boolean {
  return isParticipating(layout, grid.rank) && redundantRank(layout, grid.rank) === 0;
}
