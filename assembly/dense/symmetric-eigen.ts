/** All eigenpairs of a small symmetric matrix: Householder tridiagonalisation, then implicit QL. */
import { fillBlock, scaleBlock } from '../blocks';
import { axpy, dot } from '../level1';
import { amaxBlock, powerOfTwo } from '../norms';
import { at, entry } from '../strides';
import { applyLeft, reflector, unpack } from './reflector';
import { tridiagonalEigen } from './tridiagonal';

/** Bytes of workspace for `symmetricEigen` of order n. */
export function symmetricEigenWork(n: i32): usize {
  return <usize>(4 * n + 4) * 8;
}

/** y := A x for the lower triangle of symmetric A, each column of which is read once. */
function symv(n: i32, a: usize, lda: i32, x: usize, y: usize): void {
  fillBlock<f64>(n, 1, 0, y, 1, n);
  for (let j = 0; j < n; j++) {
    const ajj = at<f64>(a, j, j, 1, lda), xj = load<f64>(entry<f64>(x, j)), yj = entry<f64>(y, j), below = n - j - 1;
    axpy<f64>(below, xj, ajj + 8, 1, yj + 8, 1);
    store<f64>(yj, load<f64>(yj) + load<f64>(ajj) * xj + dot<f64>(below, ajj + 8, 1, entry<f64>(x, j + 1), 1));
  }
}

// A = Q T Qᵀ from the lower triangle: d and e are the diagonals of T; the reflectors of Q stay below the subdiagonal of A.
function tridiagonalise(n: i32, a: usize, lda: i32, d: usize, e: usize, tau: usize, v: usize, w: usize): void {
  for (let k = 0; k < n - 1; k++) {
    const below = at<f64>(a, k + 1, k, 1, lda), rest = n - k - 1, t = reflector<f64>(rest, below, 1);
    store<f64>(entry<f64>(d, k), load<f64>(at<f64>(a, k, k, 1, lda)));
    store<f64>(entry<f64>(e, k), load<f64>(below));
    store<f64>(entry<f64>(tau, k), t);
    if (t == 0) continue;
    // H A H = A - v wᵀ - w vᵀ with p = tau A v, w = p - ½ tau (pᵀ v) v.
    unpack<f64>(rest, below, 1, v);
    const trailing = at<f64>(a, k + 1, k + 1, 1, lda);
    symv(rest, trailing, lda, v, w);
    scaleBlock<f64>(rest, 1, t, w, 1, rest);
    axpy<f64>(rest, -0.5 * t * dot<f64>(rest, w, 1, v, 1), v, 1, w, 1);
    for (let j = 0; j < rest; j++) {
      const ajj = at<f64>(trailing, j, j, 1, lda);
      axpy<f64>(rest - j, -load<f64>(entry<f64>(w, j)), entry<f64>(v, j), 1, ajj, 1);
      axpy<f64>(rest - j, -load<f64>(entry<f64>(v, j)), entry<f64>(w, j), 1, ajj, 1);
    }
  }
  store<f64>(d + (n - 1) * 8, load<f64>(at<f64>(a, n - 1, n - 1, 1, lda)));
}

/**
 * A = Z diag(w) Zᵀ for symmetric n×n column-major A, of which the lower triangle is read and destroyed: the eigenvalues w descend, Z has
 * orthonormal columns; z = 0 asks for the values alone. Returns 0; or the number of values that did not converge; or n, with nothing
 * written, if the lower triangle holds NaN or infinity.
 */
export function symmetricEigen(n: i32, a: usize, lda: i32, w: usize, z: usize, ldz: i32, work: usize): i32 {
  if (n == 0) return 0;
  let largest: f64 = 0;
  for (let j = 0; j < n; j++) largest = max<f64>(largest, amaxBlock<f64>(n - j, 1, at<f64>(a, j, j, 1, lda), 1, n));
  if (!isFinite<f64>(largest)) return n;
  const scale = powerOfTwo(largest);
  for (let j = 0; j < n; j++) scaleBlock<f64>(n - j, 1, 1 / scale, at<f64>(a, j, j, 1, lda), 1, n);

  const e = work, tau = entry<f64>(e, n), v = entry<f64>(tau, n), rest = entry<f64>(v, n);
  tridiagonalise(n, a, lda, w, e, tau, v, rest);
  if (z) {
    fillBlock<f64>(n, n, 0, z, 1, ldz);
    fillBlock<f64>(n, 1, 1, z, ldz + 1, 1);
  }
  const unconverged = tridiagonalEigen(n, w, e, z, ldz);
  if (z) {
    for (let k = n - 2; k >= 0; k--) {
      unpack<f64>(n - k - 1, at<f64>(a, k + 1, k, 1, lda), 1, v);
      applyLeft<f64>(n - k - 1, n, v, load<f64>(entry<f64>(tau, k)), at<f64>(z, k + 1, 0, 1, ldz), ldz, rest);
    }
  }
  scaleBlock<f64>(n, 1, scale, w, 1, n);
  return unconverged;
}

export function symmetricEigenWork_f64(n: i32): usize { return symmetricEigenWork(n); }
export function symmetricEigen_f64(n: i32, a: usize, lda: i32, w: usize, z: usize, ldz: i32, work: usize): i32 {
  return symmetricEigen(n, a, lda, w, z, ldz, work);
}
