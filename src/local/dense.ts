/** Small dense factorisations of one rank's f64 matrices, column by column in memory. Inputs are destroyed, outputs come last. */
import { AlchemistError } from '../errors.js';
import type { Matrix } from './matrix.js';

/** S = Z diag(w) Zᵀ for symmetric S (n × n), of which the lower triangle is read: w (n × 1) descends, Z (n × n) is orthogonal. About 9n³ flops. */
export function symmetricEigen(S: Matrix, w: Matrix, Z: Matrix): void {
  const n = S.height;
  mustBeColumns('symmetricEigen', S, [n, n], w, [n, 1], Z, [n, n]);
  const kernels = S.memory.kernelsFor('f64');
  withWork(S, kernels['symmetricEigenWork'](n), (work) => {
    mustConverge('eigenvalues', S, kernels['symmetricEigen'](n, S.ptr, S.colStride, w.ptr, Z.ptr, Z.colStride, work));
  });
}

/** A = U diag(s) Vᵀ for A (m × n, m ≥ n): s (n × 1) descends, U (m × n) and V (n × n) have orthonormal columns, also where s is zero. */
export function svd(A: Matrix, U: Matrix, s: Matrix, V: Matrix): void {
  const { height: m, width: n } = A;
  mustBeColumns('svd', A, [m, n], U, [m, n], s, [n, 1], V, [n, n]);
  if (m < n) throw new AlchemistError('E_SHAPE', `svd: ${m}×${n} is wide; factor the transpose`);
  const kernels = A.memory.kernelsFor('f64');
  withWork(A, kernels['svdWork'](m, n), (work) => {
    mustConverge('singular values', A, kernels['svd'](m, n, A.ptr, A.colStride, s.ptr, U.ptr, U.colStride, V.ptr, V.colStride, work));
  });
}

function mustBeColumns(operation: string, ...pairs: (Matrix | [number, number])[]): void {
  for (let i = 0; i < pairs.length; i += 2) {
    const X = pairs[i] as Matrix;
    const [height, width] = pairs[i + 1] as [number, number];
    if (X.dtype === 'f64' && X.height === height && X.width === width && (X.rowStride === 1 || height <= 1)) continue;
    throw new AlchemistError('E_SHAPE', `${operation}: needs ${height}×${width} f64 by columns, got ${X.height}×${X.width} ${X.dtype} with row stride ${X.rowStride}`);
  }
}

function withWork(A: Matrix, bytes: number, body: (work: number) => void): void {
  const { heap } = A.memory;
  const work = heap.alloc(bytes);
  try {
    body(work);
  } finally {
    heap.free(work);
  }
}

function mustConverge(what: string, { height, width }: Matrix, unconverged: number): void {
  if (unconverged === 0) return;
  throw new AlchemistError('E_CONVERGENCE', `${unconverged} ${what} of a local ${height}×${width} matrix do not converge: it may hold NaN or infinity`);
}
