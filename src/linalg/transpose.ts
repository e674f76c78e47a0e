/** B := Aᵀ. */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';

/**
 * B := Aᵀ for A (m×n) and B (n×m) in any two layouts; B is not A. The transposed view of A redistributed: one exchange, in which every rank
 * pulls what it needs from the owners and transposes as it stores. Moves nothing where B's layout is A's with the axes swapped. Collective.
 */
export function transpose(A: DistMatrix, B: DistMatrix): void {
  redistribute(A.transposed, B);
}
