/** Householder reflectors H = I - tau v vᵀ with v_0 = 1, as LAPACK stores them: the rest of v below the entry that it spares. */
import { copyBlock } from '../blocks';
import { axpy, dot, scal } from '../level1';
import { dots4, gemv, ger } from '../level2';
import { nrm2 } from '../norms';
import { at, entry } from '../strides';
import { radius } from './rotation';

/**
 * The reflector with H x = (beta, 0, …, 0)ᵀ for the n entries x, `incx` apart: writes beta over x_0 and v over the rest, returns tau.
 * tau = 0 (H = I) where the rest of x is zero already.
 */
export function reflector<T>(n: i32, x: usize, incx: i32): T {
  if (n < 2) return <T>0;
  const rest = entry<T>(x, 1, incx);
  let norm = nrm2<T>(n - 1, rest, incx);
  if (norm == 0) return <T>0;
  // Numbers near the bottom of the range have few bits, and a reflector must not: lift them, and lower beta afterwards.
  const bottom: f64 = sizeof<T>() == 8 ? 1e-290 : 1e-30, lift: f64 = sizeof<T>() == 8 ? 6.668014432879854e240 : 1.2676506002282294e30;
  const isTiny = max<f64>(norm, abs<f64>(<f64>load<T>(x))) < bottom;
  if (isTiny) {
    scal<T>(n, <T>lift, x, incx);
    norm = nrm2<T>(n - 1, rest, incx);
  }
  const alpha = <f64>load<T>(x), beta = -radius(alpha, norm), down = alpha - beta;
  for (let i = 1; i < n; i++) {
    const xi = entry<T>(x, i, incx);
    store<T>(xi, <T>(<f64>load<T>(xi) / down));
  }
  store<T>(x, <T>(isTiny ? beta / lift : beta));
  return <T>(-down / beta);
}

/** C := H C for m×n C (columns unit, ldc apart) with H = I - tau v vᵀ, all m entries of v in memory. work: 4 entries. */
export function applyLeft<T>(m: i32, n: i32, v: usize, tau: T, c: usize, ldc: i32, work: usize): void {
  if (tau == <T>0) return;
  let j = 0;
  // Four columns at a time, small enough to be in the cache when they are changed.
  for (; j + 4 <= n; j += 4) {
    const cj = at<T>(c, 0, j, 1, ldc);
    dots4<T>(m, -tau, cj, ldc, v, <T>0, work);
    for (let k = 0; k < 4; k++) axpy<T>(m, load<T>(entry<T>(work, k)), v, 1, at<T>(cj, 0, k, 1, ldc), 1);
  }
  for (; j < n; j++) {
    const cj = at<T>(c, 0, j, 1, ldc);
    axpy<T>(m, <T>(-(<f64>tau) * dot<T>(m, v, 1, cj, 1)), v, 1, cj, 1);
  }
}

/** C := C H for m×n C (columns unit, ldc apart), all n entries of v in memory. work: m entries. */
export function applyRight<T>(m: i32, n: i32, v: usize, tau: T, c: usize, ldc: i32, work: usize): void {
  if (tau == <T>0) return;
  gemv<T>(m, n, <T>1, c, 1, ldc, v, 1, <T>0, work, 1);
  ger<T>(m, n, -tau, work, 1, v, 1, c, 1, ldc);
}

/** Copies v of a stored reflector, n entries `incx` apart, to `v` with the 1 in its place. */
export function unpack<T>(n: i32, x: usize, incx: i32, v: usize): void {
  copyBlock<T>(n, 1, x, incx, 1, v, 1, n);
  if (n > 0) store<T>(v, <T>1);
}
