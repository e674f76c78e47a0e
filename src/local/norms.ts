/** Sums over one rank's matrix from which distributed norms are made. */
import { AlchemistError } from '../errors.js';
import type { Matrix } from './matrix.js';
import { itemBytes } from './rank-memory.js';

/** scale² · sumsq = Σ A(i,j)², neither over- nor underflowed; scale is a power of two. */
export interface ScaledSquares {
  readonly scale: number;
  readonly sumsq: number;
}

/** Σ A(i,j)² as LAPACK's lassq has it, accumulated in f64. */
export function sumSquares(A: Matrix): ScaledSquares {
  const { heap } = A.memory;
  const out = heap.alloc(2 * itemBytes('f64'));
  try {
    A.memory.kernelsFor(A.dtype).sumSquaresBlock(A.height, A.width, A.ptr, A.rowStride, A.colStride, out);
    const [scale, sumsq] = A.memory.array('f64').subarray(out / itemBytes('f64'));
    return { scale, sumsq };
  } finally {
    heap.free(out);
  }
}

/** sums(0,j) += Σ_i |A(i,j)|; sums is a fresh 1 × n matrix of f64, whatever the type of A. */
export function addColumnSums(A: Matrix, sums: Matrix): void {
  if (sums.dtype !== 'f64' || sums.height !== 1 || sums.width !== A.width) {
    throw new AlchemistError('E_SHAPE', `addColumnSums: ${A.width} columns do not fit a ${sums.height}×${sums.width} row of ${sums.dtype}`);
  }
  A.memory.kernelsFor(A.dtype).columnSums(A.height, A.width, A.ptr, A.rowStride, A.colStride, sums.ptr);
}
