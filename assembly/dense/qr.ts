/** QR by Householder reflectors, A = Q R, and the thin Q. */
import { fillBlock } from '../blocks';
import { scal } from '../level1';
import { at, entry } from '../strides';
import { applyLeft, reflector, unpack } from './reflector';

/** Bytes of workspace for `qr` and `formQ` of an m×n matrix. */
export function qrWork<T>(m: i32, n: i32): usize {
  return <usize>(m + 4) * sizeof<T>();
}

/**
 * A = Q R for m×n column-major A: R replaces the upper triangle (or trapezoid), the reflectors of Q = H₀ H₁ … the entries below,
 * tau gets min(m, n) entries. R's diagonal may be of either sign. 2mn² - ⅔n³ flops.
 */
export function qr<T>(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void {
  const v = entry<T>(work, 4);
  for (let k = 0, steps = min(m, n); k < steps; k++) {
    const akk = at<T>(a, k, k, 1, lda), t = reflector<T>(m - k, akk, 1);
    store<T>(entry<T>(tau, k), t);
    unpack<T>(m - k, akk, 1, v);
    applyLeft<T>(m - k, n - k - 1, v, t, at<T>(a, k, k + 1, 1, lda), lda, work);
  }
}

/** Overwrites the reflectors that `qr` left in m×n A, m ≥ n, with the n columns of Q. */
export function formQ<T>(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void {
  const v = entry<T>(work, 4);
  for (let k = n - 1; k >= 0; k--) {
    const akk = at<T>(a, k, k, 1, lda), t = load<T>(entry<T>(tau, k));
    unpack<T>(m - k, akk, 1, v);
    applyLeft<T>(m - k, n - k - 1, v, t, at<T>(a, k, k + 1, 1, lda), lda, work);
    // Column k of H_k is e_k - tau v.
    scal<T>(m - k, -t, akk, 1);
    store<T>(akk, <T>1 - t);
    fillBlock<T>(k, 1, <T>0, at<T>(a, 0, k, 1, lda), 1, lda);
  }
}

export function qrWork_f64(m: i32, n: i32): usize { return qrWork<f64>(m, n); }
export function qrWork_f32(m: i32, n: i32): usize { return qrWork<f32>(m, n); }
export function qr_f64(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void { qr<f64>(m, n, a, lda, tau, work); }
export function qr_f32(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void { qr<f32>(m, n, a, lda, tau, work); }
export function formQ_f64(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void { formQ<f64>(m, n, a, lda, tau, work); }
export function formQ_f32(m: i32, n: i32, a: usize, lda: i32, tau: usize, work: usize): void { formQ<f32>(m, n, a, lda, tau, work); }
