/**
 * Random matrices whose entry (i, j) depends on the seed, i and j only, so that they are the same on every grid.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011) turns the counter
 * (i, j, distribution, 0) under the key (seedLo, seedHi) into four 32-bit words. The first two make a uniform u, the last two a
 * uniform v, of 53 bits each; a normal is √(-2 ln(1 - u)) cos 2πv (Box and Muller 1958). f32 entries are the f64 ones, rounded.
 */
import { cosTurns, ln } from './elementary';
import { at } from './strides';

// What becomes of the words; the first two are the third word of the counter too, so that the distributions are independent.
const UNIFORM = 0;
const NORMAL = 1;
const WORDS = 2;

/** The low halves of four 64-bit products, two in each vector. */
// @ts-ignore: decorator
@inline
function low(p01: v128, p23: v128): v128 {
  return v128.shuffle<i32>(p01, p23, 0, 2, 4, 6);
}

/** The high halves of four 64-bit products, two in each vector. */
// @ts-ignore: decorator
@inline
function high(p01: v128, p23: v128): v128 {
  return v128.shuffle<i32>(p01, p23, 1, 3, 5, 7);
}

/** The top 27 bits of `upper` and 26 of `lower` as f64x2 in [0, 1), from lanes 0 and 1. */
// @ts-ignore: decorator
@inline
function unit53(upper: v128, lower: v128): v128 {
  const h = f64x2.convert_low_i32x4_s(i32x4.shr_u(upper, 5)), l = f64x2.convert_low_i32x4_s(i32x4.shr_u(lower, 6));
  return f64x2.mul(f64x2.add(f64x2.mul(h, f64x2.splat(67108864)), l), f64x2.splat(1.1102230246251565e-16));
}

/** Lanes 2 and 3 in the place of 0 and 1. */
// @ts-ignore: decorator
@inline
function lastTwo(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 1);
}

// @ts-ignore: decorator
@inline
function pair(distribution: i32, r0: v128, r1: v128, r2: v128, r3: v128, shift: f64, scale: f64): v128 {
  let x = unit53(r0, r1);
  if (distribution == NORMAL) {
    const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), ln(f64x2.sub(f64x2.splat(1), x))));
    x = f64x2.mul(radius, cosTurns(unit53(r2, r3)));
  }
  return f64x2.add(f64x2.splat(shift), f64x2.mul(f64x2.splat(scale), x));
}

// Four counters at a time, one a lane; stores the first `count` results, `step` bytes apart.
// @ts-ignore: decorator
@inline
function philox4<T>(
  distribution: i32, count: i32, c0: v128, c1: v128, c2: v128, c3: v128, key0: i32, key1: i32, shift: f64, scale: f64,
  ptr: usize, step: usize,
): void {
  const m0 = i32x4.splat(0xd2511f53), m1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < 10; round++) {
    const p01 = i64x2.extmul_low_i32x4_u(c0, m0), p23 = i64x2.extmul_high_i32x4_u(c0, m0);
    const q01 = i64x2.extmul_low_i32x4_u(c2, m1), q23 = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(high(q01, q23), c1), i32x4.splat(key0));
    c1 = low(q01, q23);
    c2 = v128.xor(v128.xor(high(p01, p23), c3), i32x4.splat(key1));
    c3 = low(p01, p23);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  if (distribution == WORDS) {
    v128.store_lane<i32>(ptr, c0, 0);
    v128.store_lane<i32>(ptr, c1, 0, 4);
    v128.store_lane<i32>(ptr, c2, 0, 8);
    v128.store_lane<i32>(ptr, c3, 0, 12);
    return;
  }
  const a = pair(distribution, c0, c1, c2, c3, shift, scale);
  store<T>(ptr, <T>f64x2.extract_lane(a, 0));
  if (count > 1) store<T>(ptr + step, <T>f64x2.extract_lane(a, 1));
  if (count > 2) {
    const b = pair(distribution, lastTwo(c0), lastTwo(c1), lastTwo(c2), lastTwo(c3), shift, scale);
    store<T>(ptr + 2 * step, <T>f64x2.extract_lane(b, 0));
    if (count > 3) store<T>(ptr + 3 * step, <T>f64x2.extract_lane(b, 1));
  }
}

/** The four words of Philox4x32-10, as the published test vectors have them, to out. */
export function philox(c0: i32, c1: i32, c2: i32, c3: i32, key0: i32, key1: i32, out: usize): void {
  philox4<i32>(WORDS, 1, i32x4.splat(c0), i32x4.splat(c1), i32x4.splat(c2), i32x4.splat(c3), key0, key1, 0, 0, out, 0);
}

function uniform4<T>(count: i32, i: v128, j: v128, key0: i32, key1: i32, shift: f64, scale: f64, ptr: usize, step: usize): void {
  philox4<T>(UNIFORM, count, i, j, i32x4.splat(UNIFORM), i32x4.splat(0), key0, key1, shift, scale, ptr, step);
}

function normal4<T>(count: i32, i: v128, j: v128, key0: i32, key1: i32, shift: f64, scale: f64, ptr: usize, step: usize): void {
  philox4<T>(NORMAL, count, i, j, i32x4.splat(NORMAL), i32x4.splat(0), key0, key1, shift, scale, ptr, step);
}

// a(k, l) for k < m, l < n is entry (i0 + k istep, j0 + l jstep) of the global matrix.
// @ts-ignore: decorator
@inline
function fill<T>(
  distribution: i32, m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, key0: i32, key1: i32, shift: f64, scale: f64,
  a: usize, rs: i32, cs: i32,
): void {
  const step = <usize>rs * sizeof<T>();
  const four = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(istep));
  for (let l = 0; l < n; l++) {
    const j = i32x4.splat(j0 + l * jstep);
    for (let k = 0; k < m; k += 4) {
      const i = i32x4.add(i32x4.splat(i0 + k * istep), four), ptr = at<T>(a, k, l, rs, cs);
      if (distribution == NORMAL) normal4<T>(m - k, i, j, key0, key1, shift, scale, ptr, step);
      else uniform4<T>(m - k, i, j, key0, key1, shift, scale, ptr, step);
    }
  }
}

/**
 * a_kl := the entry (i0 + k istep, j0 + l jstep) of the infinite matrix of independent uniforms in [lo, hi), for k < m, l < n.
 * Indices are 32 bits, the seed 64. In f32 the largest may round up to hi.
 */
export function uniform<T>(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, lo: f64, hi: f64, a: usize, rs: i32, cs: i32,
): void {
  fill<T>(UNIFORM, m, n, i0, istep, j0, jstep, seedLo, seedHi, lo, hi - lo, a, rs, cs);
}

/** As `uniform`, of independent normals with this mean and standard deviation; they lie within 8.6 deviations. */
export function normal<T>(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, mean: f64, stddev: f64, a: usize, rs: i32, cs: i32,
): void {
  fill<T>(NORMAL, m, n, i0, istep, j0, jstep, seedLo, seedHi, mean, stddev, a, rs, cs);
}

export function uniform_f64(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, lo: f64, hi: f64, ptr: usize, rs: i32, cs: i32,
): void {
  uniform<f64>(m, n, i0, istep, j0, jstep, seedLo, seedHi, lo, hi, ptr, rs, cs);
}
export function uniform_f32(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, lo: f64, hi: f64, ptr: usize, rs: i32, cs: i32,
): void {
  uniform<f32>(m, n, i0, istep, j0, jstep, seedLo, seedHi, lo, hi, ptr, rs, cs);
}
export function normal_f64(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, mean: f64, stddev: f64, ptr: usize, rs: i32, cs: i32,
): void {
  normal<f64>(m, n, i0, istep, j0, jstep, seedLo, seedHi, mean, stddev, ptr, rs, cs);
}
export function normal_f32(
  m: i32, n: i32, i0: i32, istep: i32, j0: i32, jstep: i32, seedLo: i32, seedHi: i32, mean: f64, stddev: f64, ptr: usize, rs: i32, cs: i32,
): void {
  normal<f32>(m, n, i0, istep, j0, jstep, seedLo, seedHi, mean, stddev, ptr, rs, cs);
}
