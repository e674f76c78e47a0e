/** The few vector words that all kernels share: lanes of T, and multiply-add, fused where the build allows it. */

/** Number of T in a 128-bit vector. */
// @ts-ignore: decorator
@inline
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** a*b + c by lanes: one rounding in the relaxed-SIMD build, two in the plain one. */
// @ts-ignore: decorator
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return sizeof<T>() == 8 ? f64x2.relaxed_madd(a, b, c) : f32x4.relaxed_madd(a, b, c);
  }
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** The sum of the lanes, in lane order. */
// @ts-ignore: decorator
@inline
export function sumLanes<T>(v: v128): T {
  if (sizeof<T>() == 8) return <T>(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1));
  return <T>(f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)));
}

/** A vector of entries `step` bytes apart. `unit` is known where the call is compiled: true says that they are neighbours. */
// @ts-ignore: decorator
@inline
export function loadLanes<T>(unit: bool, ptr: usize, step: usize): v128 {
  if (unit) return v128.load(ptr);
  let v = v128.load_lane<T>(ptr + step, v128.load_zero<T>(ptr), 1);
  if (sizeof<T>() == 4) v = v128.load_lane<T>(ptr + 3 * step, v128.load_lane<T>(ptr + 2 * step, v, 2), 3);
  return v;
}

/** Two entries as f64x2, whatever T is. */
// @ts-ignore: decorator
@inline
export function loadPair<T>(unit: bool, ptr: usize, step: usize): v128 {
  if (sizeof<T>() == 8) return loadLanes<T>(unit, ptr, step);
  return f64x2.promote_low_f32x4(unit ? v128.load_zero<f64>(ptr) : v128.load_lane<T>(ptr + step, v128.load_zero<T>(ptr), 1));
}

/** Every second entry of u and v, from the first on. */
// @ts-ignore: decorator
@inline
export function evens<T>(u: v128, v: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(u, v, 0, 2) : v128.shuffle<f32>(u, v, 0, 2, 4, 6);
}

/** Every second entry of u and v, from the second on. */
// @ts-ignore: decorator
@inline
export function odds<T>(u: v128, v: v128): v128 {
  return sizeof<T>() == 8 ? v128.shuffle<f64>(u, v, 1, 3) : v128.shuffle<f32>(u, v, 1, 3, 5, 7);
}

/** Bytes of a cache line. */
export const LINE_BYTES: usize = 64;

/**
 * Reads the end of a line's length of bytes at y, which are about to be written. A processor waits longer for a line that it only writes: a stream
 * of such stores had 0.7 of the rate of one that reads first. The entry that is read is not used.
 */
// @ts-ignore: decorator
@inline
export function claimLine(y: usize): void {
  load<u64>(y, LINE_BYTES - 8);
}
