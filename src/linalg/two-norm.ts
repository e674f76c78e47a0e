/** ‖A‖₂, the largest singular value. */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { frobeniusNorm } from './norms.js';
import { truncatedSvd } from './truncated-svd.js';

/**
 * ‖A‖₂ = σ₁, by Lanczos for one singular triplet; the Frobenius norm where that is the same: vectors, zeros, and matrices with NaN or
 * infinities. A Frobenius norm beyond the range of f64 counts as infinite. Collective. E_CONVERGENCE as {@link truncatedSvd}.
 */
export function twoNorm(A: DistMatrix): number {
  const frobenius = frobeniusNorm(A);
  if (Math.min(A.height, A.width) <= 1 || frobenius === 0 || !Number.isFinite(frobenius)) return frobenius;
  return A.grid.memory.heap.scope(() => truncatedSvd(A, { rank: 1 }).values[0]);
}
