/** The thin singular value decomposition of a small matrix: bidiagonalisation by reflectors (Golub, Kahan 1965), then implicit QR. */
import { fillBlock, scaleBlock } from '../blocks';
import { amaxBlock, powerOfTwo } from '../norms';
import { at, entry } from '../strides';
import { bidiagonalSvd } from './bidiagonal';
import { applyLeft, applyRight, reflector, unpack } from './reflector';

/** Bytes of workspace for `svd` of an m×n matrix. */
export function svdWork(m: i32, n: i32): usize {
  return <usize>(3 * n + 2 * m + 4) * 8;
}

// A = Q B Pᵀ: d and e are the diagonals of B; the reflectors of Q stay below the diagonal of A, those of P right of the superdiagonal.
function bidiagonalise(m: i32, n: i32, a: usize, lda: i32, d: usize, e: usize, tauQ: usize, tauP: usize, v: usize, work: usize): void {
  for (let k = 0; k < n; k++) {
    const akk = at<f64>(a, k, k, 1, lda), tq = reflector<f64>(m - k, akk, 1);
    store<f64>(entry<f64>(tauQ, k), tq);
    store<f64>(entry<f64>(d, k), load<f64>(akk));
    unpack<f64>(m - k, akk, 1, v);
    applyLeft<f64>(m - k, n - k - 1, v, tq, at<f64>(a, k, k + 1, 1, lda), lda, work);
    if (k == n - 1) break;
    const right = at<f64>(a, k, k + 1, 1, lda), tp = reflector<f64>(n - k - 1, right, lda);
    store<f64>(entry<f64>(tauP, k), tp);
    store<f64>(entry<f64>(e, k), load<f64>(right));
    unpack<f64>(n - k - 1, right, lda, v);
    applyRight<f64>(m - k - 1, n - k - 1, v, tp, at<f64>(a, k + 1, k + 1, 1, lda), lda, work);
  }
}

function setIdentity(m: i32, n: i32, a: usize, lda: i32): void {
  fillBlock<f64>(m, n, 0, a, 1, lda);
  fillBlock<f64>(n, 1, 1, a, lda + 1, 1);
}

/**
 * A = U diag(s) Vᵀ for m×n column-major A, m ≥ n: s (n) descends, U (m×n) and V (n×n) have orthonormal columns. A is destroyed.
 * Returns 0; or the number of values that did not converge; or n, with nothing written, if A holds NaN or infinity.
 */
export function svd(m: i32, n: i32, a: usize, lda: i32, s: usize, u: usize, ldu: i32, v: usize, ldv: i32, work: usize): i32 {
  if (n == 0) return 0;
  const largest = amaxBlock<f64>(m, n, a, 1, lda);
  if (!isFinite<f64>(largest)) return n;
  const scale = powerOfTwo(largest);
  scaleBlock<f64>(m, n, 1 / scale, a, 1, lda);

  const e = work, tauQ = entry<f64>(e, n), tauP = entry<f64>(tauQ, n), vector = entry<f64>(tauP, n), rest = entry<f64>(vector, m);
  bidiagonalise(m, n, a, lda, s, e, tauQ, tauP, vector, rest);
  setIdentity(m, n, u, ldu);
  setIdentity(n, n, v, ldv);
  const unconverged = bidiagonalSvd(n, s, e, u, ldu, v, ldv);

  // The rotations turned n×n identities; the reflectors, last first, carry them into the spaces of A.
  for (let k = n - 1; k >= 0; k--) {
    unpack<f64>(m - k, at<f64>(a, k, k, 1, lda), 1, vector);
    applyLeft<f64>(m - k, n, vector, load<f64>(entry<f64>(tauQ, k)), at<f64>(u, k, 0, 1, ldu), ldu, rest);
    if (k == n - 1) continue;
    unpack<f64>(n - k - 1, at<f64>(a, k, k + 1, 1, lda), lda, vector);
    applyLeft<f64>(n - k - 1, n, vector, load<f64>(entry<f64>(tauP, k)), at<f64>(v, k + 1, 0, 1, ldv), ldv, rest);
  }
  scaleBlock<f64>(n, 1, scale, s, 1, n);
  return unconverged;
}

export function svdWork_f64(m: i32, n: i32): usize { return svdWork(m, n); }
export function svd_f64(m: i32, n: i32, a: usize, lda: i32, s: usize, u: usize, ldu: i32, v: usize, ldv: i32, work: usize): i32 {
  return svd(m, n, a, lda, s, u, ldu, v, ldv, work);
}
