/** Small matrices that every rank has whole: as column-major f64 arrays for arithmetic in full precision, as local matrices for the kernels. */
import type { Communicator, ReduceOperation } from '../comm/communicator.js';
import type { DistMatrix } from '../dist/dist-matrix.js';
import * as blas from '../local/blas.js';
import { Matrix } from '../local/matrix.js';
import type { Dtype, RankMemory } from '../local/rank-memory.js';

/** Numbers that one small reduction takes. */
const PIECE = 4096;

/** x := the operation over all ranks' x, the same bits on every rank, for any length. Collective. */
export function overRanks(comm: Communicator, x: Float64Array, operation: ReduceOperation = 'sum'): void {
  for (let start = 0; start < x.length; start += PIECE) comm.allReduce(x.subarray(start, start + PIECE), operation);
}

/** The entries of A, column by column, in f64. */
export function fromMatrix(A: Matrix): Float64Array {
  const x = new Float64Array(A.size);
  for (let j = 0, at = 0; j < A.width; j++) for (let i = 0; i < A.height; i++, at++) x[at] = A.get(i, j);
  return x;
}

/** A fresh h × w local matrix, in the heap's current scope, with the entries of x column by column, rounded to its item type. */
export function toMatrix(memory: RankMemory, dtype: Dtype, h: number, w: number, x: Float64Array): Matrix {
  const A = Matrix.alloc(memory, dtype, h, w);
  for (let j = 0, at = 0; j < w; j++) for (let i = 0; i < h; i++, at++) A.set(i, j, x[at]);
  return A;
}

/** Y := X Q for a small f64 matrix Q, rounded to the item type of X. X and Y lie alike, each row whole on one rank. No communication. */
export function combine(X: DistMatrix, Q: Matrix, Y: DistMatrix): void {
  if (X.dtype === 'f64') return blas.gemm(1, X.local, Q, 0, Y.local);
  const { memory } = X.grid;
  memory.heap.scope(() => {
    const rounded = Matrix.alloc(memory, X.dtype, Q.height, Q.width);
    blas.convert(Q, rounded);
    blas.gemm(1, X.local, rounded, 0, Y.local);
  });
}

/** C := alpha A B + beta C for B of few columns: up to two are multiplied one by one, since packing A as gemm does would cost more. */
export function multiplyThin(alpha: number, A: Matrix, B: Matrix, beta: number, C: Matrix): void {
  if (B.width > 2) return blas.gemm(alpha, A, B, beta, C);
  for (let j = 0; j < B.width; j++) blas.gemv(alpha, A, B.col(j), beta, C.col(j));
}

/** X := X R⁻¹ for an upper triangular R, column-major; each row of X lies whole on one rank. No communication. */
export function divideByUpper(X: Matrix, R: Float64Array): void {
  for (let j = 0; j < X.width; j++) {
    const x = X.col(j);
    for (let i = 0; i < j; i++) blas.add(-R[j * X.width + i], X.col(i), x);
    blas.scale(1 / R[j * X.width + j], x);
  }
}

/** The diagonal of an n × n array. */
export const diagonal = (n: number, A: Float64Array): Float64Array => Float64Array.from({ length: n }, (_, i) => A[i * n + i]);
