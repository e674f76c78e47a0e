/**
 * BLAS level 1: operations on vectors of n entries, `inc` entries apart.
 *
 * Every sum is kept in f64, for f32 too: the products of two f32 are exact there and cannot overflow.
 */
import { lanes, loadLanes, loadPair, madd, sumLanes } from './simd';

// Eight entries a pass in four accumulators: an addition takes four cycles, so fewer would wait for each other.
// @ts-ignore: decorator
@inline
function dotLoop<T>(unit: bool, n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 {
  const sx = <usize>incx * sizeof<T>(), sy = <usize>incy * sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = n;
  for (; i >= 8; i -= 8) {
    s0 = madd<f64>(loadPair<T>(unit, x, sx), loadPair<T>(unit, y, sy), s0);
    s1 = madd<f64>(loadPair<T>(unit, x + 2 * sx, sx), loadPair<T>(unit, y + 2 * sy, sy), s1);
    s2 = madd<f64>(loadPair<T>(unit, x + 4 * sx, sx), loadPair<T>(unit, y + 4 * sy, sy), s2);
    s3 = madd<f64>(loadPair<T>(unit, x + 6 * sx, sx), loadPair<T>(unit, y + 6 * sy, sy), s3);
    x += 8 * sx;
    y += 8 * sy;
  }
  let s = sumLanes<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; i > 0; i--, x += sx, y += sy) s += <f64>load<T>(x) * <f64>load<T>(y);
  return s;
}

function dotUnit<T>(n: i32, x: usize, y: usize): f64 { return dotLoop<T>(true, n, x, 1, y, 1); }
function dotStrided<T>(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 { return dotLoop<T>(false, n, x, incx, y, incy); }

/** xᵀy, accumulated in f64. */
export function dot<T>(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 {
  return incx == 1 && incy == 1 ? dotUnit<T>(n, x, y) : dotStrided<T>(n, x, incx, y, incy);
}

// @ts-ignore: decorator
@inline
function asumLoop<T>(unit: bool, n: i32, x: usize, incx: i32): f64 {
  const sx = <usize>incx * sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = n;
  for (; i >= 8; i -= 8, x += 8 * sx) {
    s0 = f64x2.add(s0, f64x2.abs(loadPair<T>(unit, x, sx)));
    s1 = f64x2.add(s1, f64x2.abs(loadPair<T>(unit, x + 2 * sx, sx)));
    s2 = f64x2.add(s2, f64x2.abs(loadPair<T>(unit, x + 4 * sx, sx)));
    s3 = f64x2.add(s3, f64x2.abs(loadPair<T>(unit, x + 6 * sx, sx)));
  }
  let s = sumLanes<f64>(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; i > 0; i--, x += sx) s += abs<f64>(<f64>load<T>(x));
  return s;
}

function asumUnit<T>(n: i32, x: usize): f64 { return asumLoop<T>(true, n, x, 1); }
function asumStrided<T>(n: i32, x: usize, incx: i32): f64 { return asumLoop<T>(false, n, x, incx); }

/** Σ |x_i|, accumulated in f64. */
export function asum<T>(n: i32, x: usize, incx: i32): f64 {
  return incx == 1 ? asumUnit<T>(n, x) : asumStrided<T>(n, x, incx);
}

// pmax is one instruction where max is eight, but it forgets NaN, which is therefore collected beside it.
// @ts-ignore: decorator
@inline
function amaxLoop<T>(unit: bool, n: i32, x: usize, incx: i32): f64 {
  const sx = <usize>incx * sizeof<T>(), step = <usize>lanes<T>() * sx;
  let a = v128.splat<T>(<T>0), b = a, nan = a;
  let i = n;
  for (; i >= 2 * lanes<T>(); i -= 2 * lanes<T>(), x += 2 * step) {
    const v = v128.abs<T>(loadLanes<T>(unit, x, sx)), w = v128.abs<T>(loadLanes<T>(unit, x + step, sx));
    a = v128.pmax<T>(a, v);
    b = v128.pmax<T>(b, w);
    nan = v128.or(nan, v128.or(v128.ne<T>(v, v), v128.ne<T>(w, w)));
  }
  if (v128.any_true(nan)) return NaN;
  a = v128.max<T>(a, b);
  let r = max<T>(v128.extract_lane<T>(a, 0), v128.extract_lane<T>(a, 1));
  if (sizeof<T>() == 4) r = max<T>(r, max<T>(v128.extract_lane<T>(a, 2), v128.extract_lane<T>(a, 3)));
  for (; i > 0; i--, x += sx) r = max<T>(r, abs<T>(load<T>(x)));
  return <f64>r;
}

function amaxUnit<T>(n: i32, x: usize): f64 { return amaxLoop<T>(true, n, x, 1); }
function amaxStrided<T>(n: i32, x: usize, incx: i32): f64 { return amaxLoop<T>(false, n, x, incx); }

/** max |x_i|; 0 for n = 0; NaN if any entry is NaN. */
export function amax<T>(n: i32, x: usize, incx: i32): f64 {
  return incx == 1 ? amaxUnit<T>(n, x) : amaxStrided<T>(n, x, incx);
}

// y is unit; the entries of a tail go through the same multiply-add as the vectors, so that no result depends on its place.
// @ts-ignore: decorator
@inline
function axpyLoop<T>(unit: bool, n: i32, alpha: T, x: usize, incx: i32, y: usize): void {
  const sx = <usize>incx * sizeof<T>(), step = <usize>lanes<T>() * sx;
  const a = v128.splat<T>(alpha);
  let i = n;
  for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += 4 * step, y += 64) {
    const y0 = madd<T>(loadLanes<T>(unit, x, sx), a, v128.load(y));
    const y1 = madd<T>(loadLanes<T>(unit, x + step, sx), a, v128.load(y, 16));
    const y2 = madd<T>(loadLanes<T>(unit, x + 2 * step, sx), a, v128.load(y, 32));
    const y3 = madd<T>(loadLanes<T>(unit, x + 3 * step, sx), a, v128.load(y, 48));
    v128.store(y, y0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), x += step, y += 16) v128.store(y, madd<T>(loadLanes<T>(unit, x, sx), a, v128.load(y)));
  axpyScattered<T>(i, alpha, x, incx, y, 1);
}

function axpyUnit<T>(n: i32, alpha: T, x: usize, y: usize): void { axpyLoop<T>(true, n, alpha, x, 1, y); }
function axpyGathered<T>(n: i32, alpha: T, x: usize, incx: i32, y: usize): void { axpyLoop<T>(false, n, alpha, x, incx, y); }

function axpyScattered<T>(n: i32, alpha: T, x: usize, incx: i32, y: usize, incy: i32): void {
  const sx = <usize>incx * sizeof<T>(), sy = <usize>incy * sizeof<T>();
  const a = v128.splat<T>(alpha);
  for (let i = n; i > 0; i--, x += sx, y += sy) {
    v128.store_lane<T>(y, madd<T>(v128.load_zero<T>(x), a, v128.load_zero<T>(y)), 0);
  }
}

/** y := y + alpha x, by IEEE rules; the exported kernels leave y where alpha = 0, whatever x holds. */
export function axpy<T>(n: i32, alpha: T, x: usize, incx: i32, y: usize, incy: i32): void {
  if (incy != 1) axpyScattered<T>(n, alpha, x, incx, y, incy);
  else if (incx == 1) axpyUnit<T>(n, alpha, x, y);
  else axpyGathered<T>(n, alpha, x, incx, y);
}

/** x := alpha x, by IEEE rules: alpha = 0 keeps NaN. */
export function scal<T>(n: i32, alpha: T, x: usize, incx: i32): void {
  let i = n;
  if (incx == 1) {
    const a = v128.splat<T>(alpha);
    for (; i >= lanes<T>(); i -= lanes<T>(), x += 16) v128.store(x, v128.mul<T>(a, v128.load(x)));
  }
  const sx = <usize>incx * sizeof<T>();
  for (; i > 0; i--, x += sx) store<T>(x, alpha * load<T>(x));
}

/** Σ x_i over n entries, read as four streams of a quarter each: what the memory gives to a single thread, as a limit for others. */
export function sum4<T>(n: i32, x: usize): f64 {
  const quarter = n / 4 & -2 * lanes<T>(), step = <usize>quarter * sizeof<T>();
  let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0;
  let p = x;
  for (let i = 0; i < quarter; i += 2 * lanes<T>(), p += 32) {
    s0 = v128.add<T>(s0, v128.load(p));
    s1 = v128.add<T>(s1, v128.load(p + step));
    s2 = v128.add<T>(s2, v128.load(p + 2 * step));
    s3 = v128.add<T>(s3, v128.load(p + 3 * step));
    s0 = v128.add<T>(s0, v128.load(p, 16));
    s1 = v128.add<T>(s1, v128.load(p + step, 16));
    s2 = v128.add<T>(s2, v128.load(p + 2 * step, 16));
    s3 = v128.add<T>(s3, v128.load(p + 3 * step, 16));
  }
  let s = <f64>sumLanes<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)));
  for (let i = 4 * quarter; i < n; i++) s += <f64>load<T>(x + <usize>i * sizeof<T>());
  return s;
}

export function dot_f64(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 { return dot<f64>(n, x, incx, y, incy); }
export function dot_f32(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 { return dot<f32>(n, x, incx, y, incy); }
export function asum_f64(n: i32, x: usize, incx: i32): f64 { return asum<f64>(n, x, incx); }
export function asum_f32(n: i32, x: usize, incx: i32): f64 { return asum<f32>(n, x, incx); }
export function amax_f64(n: i32, x: usize, incx: i32): f64 { return amax<f64>(n, x, incx); }
export function amax_f32(n: i32, x: usize, incx: i32): f64 { return amax<f32>(n, x, incx); }
export function axpy_f64(n: i32, alpha: f64, x: usize, incx: i32, y: usize, incy: i32): void {
  if (alpha != 0) axpy<f64>(n, alpha, x, incx, y, incy);
}
export function axpy_f32(n: i32, alpha: f32, x: usize, incx: i32, y: usize, incy: i32): void {
  if (alpha != 0) axpy<f32>(n, alpha, x, incx, y, incy);
}
export function scal_f64(n: i32, alpha: f64, x: usize, incx: i32): void { scal<f64>(n, alpha, x, incx); }
export function scal_f32(n: i32, alpha: f32, x: usize, incx: i32): void { scal<f32>(n, alpha, x, incx); }
export function sum4_f64(n: i32, x: usize): f64 { return sum4<f64>(n, x); }
export function sum4_f32(n: i32, x: usize): f64 { return sum4<f32>(n, x); }
