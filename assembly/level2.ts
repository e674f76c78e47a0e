/**
 * BLAS level 2: matrix-vector operations that read the matrix once.
 *
 * Eight rows or four columns go together, so that an entry of the vector is loaded, and for columns stored, once for all of them.
 * Sums along rows are kept in the lanes of T.
 */
import { axpy, dot } from './level1';
import { scaleBlock } from './blocks';
import { lanes, madd, sumLanes } from './simd';
import { at, entry, isRowMajor } from './strides';

/** u := s + beta u; beta = 0 does not read u. */
// @ts-ignore: decorator
@inline
export function storeScaled<T>(u: usize, s: T, beta: T): void {
  store<T>(u, beta == <T>0 ? s : s + beta * load<T>(u));
}

/** u := alpha (t + what is left of a row) + beta u, for the lanes t of an inner product and its last n entries. */
// @ts-ignore: decorator
@inline
export function finishDot<T>(t: v128, n: i32, a: usize, x: usize, alpha: T, beta: T, u: usize): void {
  let s = sumLanes<T>(t);
  for (let o: usize = 0, end = <usize>n * sizeof<T>(); o < end; o += sizeof<T>()) s += load<T>(a + o) * load<T>(x + o);
  storeScaled<T>(u, alpha * s, beta);
}

// @ts-ignore: decorator
@inline
function dotsLoop<T>(eight: bool, n: i32, alpha: T, a: usize, rs: i32, x: usize, beta: T, u: usize, incu: i32 = 1): void {
  let a0 = a, a1 = at<T>(a, 1, 0, rs, 1), a2 = at<T>(a, 2, 0, rs, 1), a3 = at<T>(a, 3, 0, rs, 1);
  let a4 = at<T>(a, 4, 0, rs, 1), a5 = at<T>(a, 5, 0, rs, 1), a6 = at<T>(a, 6, 0, rs, 1), a7 = at<T>(a, 7, 0, rs, 1);
  let t0 = v128.splat<T>(<T>0), t1 = t0, t2 = t0, t3 = t0, t4 = t0, t5 = t0, t6 = t0, t7 = t0;
  const rest = n % lanes<T>();
  for (const end = entry<T>(x, n - rest); x != end; x += 16) {
    const xj = v128.load(x);
    t0 = madd<T>(v128.load(a0), xj, t0);
    t1 = madd<T>(v128.load(a1), xj, t1);
    t2 = madd<T>(v128.load(a2), xj, t2);
    t3 = madd<T>(v128.load(a3), xj, t3);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    if (!eight) continue;
    // Never true, but it ends a basic block: TurboFan moves all loads of one to its top, and eight beside eight sums outrun the registers.
    if (!x) break;
    const xk = v128.load(x);
    t4 = madd<T>(v128.load(a4), xk, t4);
    t5 = madd<T>(v128.load(a5), xk, t5);
    t6 = madd<T>(v128.load(a6), xk, t6);
    t7 = madd<T>(v128.load(a7), xk, t7);
    a4 += 16;
    a5 += 16;
    a6 += 16;
    a7 += 16;
  }
  finishDot<T>(t0, rest, a0, x, alpha, beta, u);
  finishDot<T>(t1, rest, a1, x, alpha, beta, entry<T>(u, 1, incu));
  finishDot<T>(t2, rest, a2, x, alpha, beta, entry<T>(u, 2, incu));
  finishDot<T>(t3, rest, a3, x, alpha, beta, entry<T>(u, 3, incu));
  if (!eight) return;
  finishDot<T>(t4, rest, a4, x, alpha, beta, entry<T>(u, 4, incu));
  finishDot<T>(t5, rest, a5, x, alpha, beta, entry<T>(u, 5, incu));
  finishDot<T>(t6, rest, a6, x, alpha, beta, entry<T>(u, 6, incu));
  finishDot<T>(t7, rest, a7, x, alpha, beta, entry<T>(u, 7, incu));
}

/** u_k := alpha a_k·x + beta u_k for four rows a_k, `rs` apart; rows and x are unit, entries of u `incu` apart. beta = 0 does not read u. */
export function dots4<T>(n: i32, alpha: T, a: usize, rs: i32, x: usize, beta: T, u: usize, incu: i32 = 1): void {
  dotsLoop<T>(false, n, alpha, a, rs, x, beta, u, incu);
}

/** As `dots4`, of eight rows: as many streams as keep the memory busy. */
export function dots8<T>(n: i32, alpha: T, a: usize, rs: i32, x: usize, beta: T, u: usize): void {
  dotsLoop<T>(true, n, alpha, a, rs, x, beta, u);
}

/** y + v0 a + v1 b + v2 c + v3 d. */
// @ts-ignore: decorator
@inline
function add4<T>(y: v128, a: v128, v0: v128, b: v128, v1: v128, c: v128, v2: v128, d: v128, v3: v128): v128 {
  return madd<T>(d, v3, madd<T>(c, v2, madd<T>(b, v1, madd<T>(a, v0, y))));
}

/** y := y + Σ e_k a_k over four columns a_k, `cs` apart; columns and y are unit. */
export function axpy4<T>(m: i32, e0: T, e1: T, e2: T, e3: T, a: usize, cs: i32, y: usize): void {
  const v0 = v128.splat<T>(e0), v1 = v128.splat<T>(e1), v2 = v128.splat<T>(e2), v3 = v128.splat<T>(e3);
  let b = at<T>(a, 0, 1, 1, cs), c = at<T>(a, 0, 2, 1, cs), d = at<T>(a, 0, 3, 1, cs);
  let i = m;
  for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), a += 64, b += 64, c += 64, d += 64, y += 64) {
    v128.store(y, add4<T>(v128.load(y), v128.load(a), v0, v128.load(b), v1, v128.load(c), v2, v128.load(d), v3));
    v128.store(y, add4<T>(v128.load(y, 16), v128.load(a, 16), v0, v128.load(b, 16), v1, v128.load(c, 16), v2, v128.load(d, 16), v3), 16);
    v128.store(y, add4<T>(v128.load(y, 32), v128.load(a, 32), v0, v128.load(b, 32), v1, v128.load(c, 32), v2, v128.load(d, 32), v3), 32);
    v128.store(y, add4<T>(v128.load(y, 48), v128.load(a, 48), v0, v128.load(b, 48), v1, v128.load(c, 48), v2, v128.load(d, 48), v3), 48);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), a += 16, b += 16, c += 16, d += 16, y += 16) {
    v128.store(y, add4<T>(v128.load(y), v128.load(a), v0, v128.load(b), v1, v128.load(c), v2, v128.load(d), v3));
  }
  for (; i > 0; i--, a += sizeof<T>(), b += sizeof<T>(), c += sizeof<T>(), d += sizeof<T>(), y += sizeof<T>()) {
    store<T>(y, load<T>(y) + e0 * load<T>(a) + e1 * load<T>(b) + e2 * load<T>(c) + e3 * load<T>(d));
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
    for (; i + 8 <= m; i += 8) dots8<T>(n, alpha, at<T>(a, i, 0, rs, cs), rs, x, beta, entry<T>(y, i));
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
