/**
 * BLAS level 2: matrix-vector operations that read the matrix once.
 *
 * Four rows (or columns) go together, so that every entry of the vector is loaded, and for columns stored, once for four of the
 * matrix. Sums along rows are kept in the lanes of T.
 */
import { axpy, dot } from './level1';
import { scaleBlock } from './blocks';
import { lanes, madd, sumLanes } from './simd';
import { at, entry, isRowMajor } from './strides';

/** u_k := alpha a_k·x + beta u_k for the four rows a_k, `rs` apart; rows and vectors are unit. beta = 0 does not read u. */
export function dots4<T>(n: i32, alpha: T, a: usize, rs: i32, x: usize, beta: T, u: usize): void {
  const zero = v128.splat<T>(<T>0);
  let a1 = at<T>(a, 1, 0, rs, 1), a2 = at<T>(a, 2, 0, rs, 1), a3 = at<T>(a, 3, 0, rs, 1);
  let t0 = zero, t1 = zero, t2 = zero, t3 = zero;
  let j = n;
  for (; j >= lanes<T>(); j -= lanes<T>(), a += 16, a1 += 16, a2 += 16, a3 += 16, x += 16) {
    const xj = v128.load(x);
    t0 = madd<T>(v128.load(a), xj, t0);
    t1 = madd<T>(v128.load(a1), xj, t1);
    t2 = madd<T>(v128.load(a2), xj, t2);
    t3 = madd<T>(v128.load(a3), xj, t3);
  }
  let s0 = sumLanes<T>(t0), s1 = sumLanes<T>(t1), s2 = sumLanes<T>(t2), s3 = sumLanes<T>(t3);
  for (; j > 0; j--, a += sizeof<T>(), a1 += sizeof<T>(), a2 += sizeof<T>(), a3 += sizeof<T>(), x += sizeof<T>()) {
    const xj = load<T>(x);
    s0 += load<T>(a) * xj;
    s1 += load<T>(a1) * xj;
    s2 += load<T>(a2) * xj;
    s3 += load<T>(a3) * xj;
  }
  storeScaled<T>(u, alpha * s0, beta);
  storeScaled<T>(u + sizeof<T>(), alpha * s1, beta);
  storeScaled<T>(u + 2 * sizeof<T>(), alpha * s2, beta);
  storeScaled<T>(u + 3 * sizeof<T>(), alpha * s3, beta);
}

/** u := s + beta u; beta = 0 does not read u. */
// @ts-ignore: decorator
@inline
export function storeScaled<T>(u: usize, s: T, beta: T): void {
  store<T>(u, beta == <T>0 ? s : s + beta * load<T>(u));
}

/** y := y + Σ e_k a_k over four columns a_k, `cs` apart; columns and y are unit. */
export function axpy4<T>(m: i32, e0: T, e1: T, e2: T, e3: T, a: usize, cs: i32, y: usize): void {
  const v0 = v128.splat<T>(e0), v1 = v128.splat<T>(e1), v2 = v128.splat<T>(e2), v3 = v128.splat<T>(e3);
  let a1 = at<T>(a, 0, 1, 1, cs), a2 = at<T>(a, 0, 2, 1, cs), a3 = at<T>(a, 0, 3, 1, cs);
  let i = m;
  for (; i >= lanes<T>(); i -= lanes<T>(), a += 16, a1 += 16, a2 += 16, a3 += 16, y += 16) {
    const yi = madd<T>(v128.load(a1), v1, madd<T>(v128.load(a), v0, v128.load(y)));
    v128.store(y, madd<T>(v128.load(a3), v3, madd<T>(v128.load(a2), v2, yi)));
  }
  for (; i > 0; i--, a += sizeof<T>(), a1 += sizeof<T>(), a2 += sizeof<T>(), a3 += sizeof<T>(), y += sizeof<T>()) {
    store<T>(y, load<T>(y) + e0 * load<T>(a) + e1 * load<T>(a1) + e2 * load<T>(a2) + e3 * load<T>(a3));
  }
}

/**
 * y := alpha A x + beta y, A m×n. Aᵀ is A with m and n, rs and cs swapped. Fast where A is unit along one axis and the vector
 * along that axis is unit too. beta = 0 ignores y, alpha = 0 ignores A and x.
 */
export function gemv<T>(
  m: i32, n: i32, alpha: T, a: usize, rs: i32, cs: i32, x: usize, incx: i32, beta: T, y: usize, incy: i32,
): void {
  if (m == 0) return;
  if (n == 0 || alpha == <T>0) return scaleBlock<T>(m, 1, beta, y, incy, 1);
  // What runs backwards on both sides may as well run forwards.
  if (rs < 0 && incy < 0) {
    a = at<T>(a, m - 1, 0, rs, cs);
    y = entry<T>(y, m - 1, incy);
    rs = -rs;
    incy = -incy;
  }
  if (cs < 0 && incx < 0) {
    a = at<T>(a, 0, n - 1, rs, cs);
    x = entry<T>(x, n - 1, incx);
    cs = -cs;
    incx = -incx;
  }
  if (isRowMajor(m, n, rs, cs)) gemvByRows<T>(m, n, alpha, a, rs, cs, x, incx, beta, y, incy);
  else gemvByColumns<T>(m, n, alpha, a, rs, cs, x, incx, beta, y, incy);
}

function gemvByRows<T>(
  m: i32, n: i32, alpha: T, a: usize, rs: i32, cs: i32, x: usize, incx: i32, beta: T, y: usize, incy: i32,
): void {
  let i = 0;
  if (cs == 1 && incx == 1 && incy == 1) {
    for (; i + 4 <= m; i += 4) dots4<T>(n, alpha, at<T>(a, i, 0, rs, cs), rs, x, beta, entry<T>(y, i));
  }
  for (; i < m; i++) {
    const s = dot<T>(n, at<T>(a, i, 0, rs, cs), cs, x, incx);
    storeScaled<T>(entry<T>(y, i, incy), alpha * <T>s, beta);
  }
}

function gemvByColumns<T>(
  m: i32, n: i32, alpha: T, a: usize, rs: i32, cs: i32, x: usize, incx: i32, beta: T, y: usize, incy: i32,
): void {
  scaleBlock<T>(m, 1, beta, y, incy, 1);
  const sx = <usize>incx * sizeof<T>();
  let j = 0;
  if (rs == 1 && incy == 1) {
    for (; j + 4 <= n; j += 4, x += 4 * sx) {
      const e0 = alpha * load<T>(x), e1 = alpha * load<T>(x + sx), e2 = alpha * load<T>(x + 2 * sx), e3 = alpha * load<T>(x + 3 * sx);
      axpy4<T>(m, e0, e1, e2, e3, at<T>(a, 0, j, rs, cs), cs, y);
    }
  }
  for (; j < n; j++, x += sx) axpy<T>(m, alpha * load<T>(x), at<T>(a, 0, j, rs, cs), rs, y, incy);
}

/** A := A + alpha x yᵀ, A m×n. alpha = 0 leaves A. */
export function ger<T>(m: i32, n: i32, alpha: T, x: usize, incx: i32, y: usize, incy: i32, a: usize, rs: i32, cs: i32): void {
  if (alpha == <T>0) return;
  if (isRowMajor(m, n, rs, cs)) return ger<T>(n, m, alpha, y, incy, x, incx, a, cs, rs);
  for (let j = 0; j < n; j++) axpy<T>(m, alpha * load<T>(entry<T>(y, j, incy)), x, incx, at<T>(a, 0, j, rs, cs), rs);
}

export function gemv_f64(
  m: i32, n: i32, alpha: f64, a: usize, rs: i32, cs: i32, x: usize, incx: i32, beta: f64, y: usize, incy: i32,
): void {
  gemv<f64>(m, n, alpha, a, rs, cs, x, incx, beta, y, incy);
}
export function gemv_f32(
  m: i32, n: i32, alpha: f32, a: usize, rs: i32, cs: i32, x: usize, incx: i32, beta: f32, y: usize, incy: i32,
): void {
  gemv<f32>(m, n, alpha, a, rs, cs, x, incx, beta, y, incy);
}
export function ger_f64(
  m: i32, n: i32, alpha: f64, x: usize, incx: i32, y: usize, incy: i32, a: usize, rs: i32, cs: i32,
): void {
  ger<f64>(m, n, alpha, x, incx, y, incy, a, rs, cs);
}
export function ger_f32(
  m: i32, n: i32, alpha: f32, x: usize, incx: i32, y: usize, incy: i32, a: usize, rs: i32, cs: i32,
): void {
  ger<f32>(m, n, alpha, x, incx, y, incy, a, rs, cs);
}
