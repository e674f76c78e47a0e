/** Norms and inner products of vectors and m×n blocks with any strides, along the axis whose entries lie closer. */
import { amax, asum, dot } from './level1';
import { at, entry, isRowMajor } from './strides';

/** A sum of squares in [2⁻⁹⁰⁰, 2⁹⁰⁰] lost nothing: no square overflowed, and what underflowed is below its last bit. */
// @ts-ignore: decorator
@inline
function isSafe(sumSquares: f64): bool {
  return sumSquares > 1.2e-271 && sumSquares < 8.4e270;
}

function sumSquares<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32): f64 {
  if (isRowMajor(m, n, rs, cs)) return sumSquares<T>(n, m, a, cs, rs);
  let s: f64 = 0;
  for (let j = 0; j < n; j++) s += dot<T>(m, at<T>(a, 0, j, rs, cs), rs, at<T>(a, 0, j, rs, cs), rs);
  return s;
}

/** The power of two p with 1 ≤ largest/p < 2, as near as p and 1/p are normal; 1 for 0, ∞ and NaN: scaling by it is exact. */
export function powerOfTwo(largest: f64): f64 {
  if (largest == 0 || !isFinite<f64>(largest)) return 1;
  return reinterpret<f64>(min<i64>(max<i64>(reinterpret<i64>(largest) >> 52, 1), 2045) << 52);
}

function sumScaledSquares<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32, factor: f64): f64 {
  let s: f64 = 0;
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < m; i++) {
      const t = <f64>load<T>(at<T>(a, i, j, rs, cs)) * factor;
      s += t * t;
    }
  }
  return s;
}

/** ‖x‖₂ without overflow or underflow; accumulated in f64. */
export function nrm2<T>(n: i32, x: usize, incx: i32): f64 {
  const s = dot<T>(n, x, incx, x, incx);
  if (isSafe(s)) return sqrt<f64>(s);
  const scale = powerOfTwo(amax<T>(n, x, incx));
  return scale * sqrt<f64>(sumScaledSquares<T>(n, 1, x, incx, 0, 1 / scale));
}

/**
 * Writes (scale, sumsq) to out (two f64) with scale² · sumsq = Σ a_ij², as LAPACK's lassq: neither overflows nor underflows.
 * The scale is a power of two, and 1 unless the squares would leave the range of f64 (for f32 they cannot).
 */
export function sumSquaresBlock<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void {
  let scale: f64 = 1, s = sumSquares<T>(m, n, a, rs, cs);
  if (!isSafe(s)) {
    scale = powerOfTwo(amaxBlock<T>(m, n, a, rs, cs));
    s = sumScaledSquares<T>(m, n, a, rs, cs, 1 / scale);
  }
  store<f64>(out, scale);
  store<f64>(out, s, 8);
}

/** max |a_ij|; 0 for an empty block; NaN if any entry is NaN. */
export function amaxBlock<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32): f64 {
  if (isRowMajor(m, n, rs, cs)) return amaxBlock<T>(n, m, a, cs, rs);
  let r: f64 = 0;
  for (let j = 0; j < n; j++) r = max<f64>(r, amax<T>(m, at<T>(a, 0, j, rs, cs), rs));
  return r;
}

/** Σ a_ij b_ij, accumulated in f64. */
export function dotBlock<T>(m: i32, n: i32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32): f64 {
  if (isRowMajor(m, n, rsa, csa)) return dotBlock<T>(n, m, a, csa, rsa, b, csb, rsb);
  let s: f64 = 0;
  for (let j = 0; j < n; j++) s += dot<T>(m, at<T>(a, 0, j, rsa, csa), rsa, at<T>(b, 0, j, rsb, csb), rsb);
  return s;
}

/** out_j += Σ_i |a_ij| for the n columns; out is f64. Row sums are the column sums of the block with its strides swapped. */
export function columnSums<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void {
  if (isRowMajor(m, n, rs, cs)) {
    for (let i = 0; i < m; i++) addAbsolutes<T>(n, at<T>(a, i, 0, rs, cs), cs, out);
  } else {
    for (let j = 0; j < n; j++) store<f64>(entry<f64>(out, j), load<f64>(entry<f64>(out, j)) + asum<T>(m, at<T>(a, 0, j, rs, cs), rs));
  }
}

function addAbsolutes<T>(n: i32, x: usize, incx: i32, out: usize): void {
  const sx = <usize>incx * sizeof<T>();
  for (let i = 0; i < n; i++, x += sx, out += 8) store<f64>(out, load<f64>(out) + abs<f64>(<f64>load<T>(x)));
}

/** How many entries are NaN or infinite. */
export function countNonFiniteBlock<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32): i32 {
  if (isRowMajor(m, n, rs, cs)) return countNonFiniteBlock<T>(n, m, a, cs, rs);
  let count = 0;
  for (let j = 0; j < n; j++) count += countNonFinite<T>(m, at<T>(a, 0, j, rs, cs), rs);
  return count;
}

// A finite sum of absolute values has finite terms: the usual case, at the speed of asum.
function countNonFinite<T>(n: i32, x: usize, incx: i32): i32 {
  if (asum<T>(n, x, incx) < <f64>Infinity) return 0;
  const sx = <usize>incx * sizeof<T>();
  let count = 0;
  for (let i = 0; i < n; i++, x += sx) count += i32(!isFinite<T>(load<T>(x)));
  return count;
}

export function nrm2_f64(n: i32, x: usize, incx: i32): f64 { return nrm2<f64>(n, x, incx); }
export function sumSquaresBlock_f64(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void {
  sumSquaresBlock<f64>(m, n, a, rs, cs, out);
}
export function amaxBlock_f64(m: i32, n: i32, a: usize, rs: i32, cs: i32): f64 { return amaxBlock<f64>(m, n, a, rs, cs); }
export function dotBlock_f64(m: i32, n: i32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32): f64 {
  return dotBlock<f64>(m, n, a, rsa, csa, b, rsb, csb);
}
export function columnSums_f64(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void { columnSums<f64>(m, n, a, rs, cs, out); }
export function countNonFiniteBlock_f64(m: i32, n: i32, a: usize, rs: i32, cs: i32): i32 {
  return countNonFiniteBlock<f64>(m, n, a, rs, cs);
}
export function nrm2_f32(n: i32, x: usize, incx: i32): f64 { return nrm2<f32>(n, x, incx); }
export function sumSquaresBlock_f32(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void {
  sumSquaresBlock<f32>(m, n, a, rs, cs, out);
}
export function amaxBlock_f32(m: i32, n: i32, a: usize, rs: i32, cs: i32): f64 { return amaxBlock<f32>(m, n, a, rs, cs); }
export function dotBlock_f32(m: i32, n: i32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32): f64 {
  return dotBlock<f32>(m, n, a, rsa, csa, b, rsb, csb);
}
export function columnSums_f32(m: i32, n: i32, a: usize, rs: i32, cs: i32, out: usize): void { columnSums<f32>(m, n, a, rs, cs, out); }
export function countNonFiniteBlock_f32(m: i32, n: i32, a: usize, rs: i32, cs: i32): i32 {
  return countNonFiniteBlock<f32>(m, n, a, rs, cs);
}
