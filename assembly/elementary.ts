/**
 * ln x and cos 2πx on two f64 lanes, by IEEE additions, products, divisions and roots alone, never fused: the same bits on every
 * machine and in both builds. Polynomials of FDLIBM (Sun Microsystems, 1993); errors below 2 units in the last place.
 */

/** a + b x. */
// @ts-ignore: decorator
@inline
function step(a: f64, b: v128, x: v128): v128 {
  return f64x2.add(f64x2.splat(a), f64x2.mul(b, x));
}

/** ln x for normal x > 0: x = 2ᵏ m with m in [√½, √2), ln m = f - f²/2 + s(f²/2 + R(s²)), f = m - 1, s = f/(2 + f). */
// @ts-ignore: decorator
@inline
export function ln(x: v128): v128 {
  const shifted = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e00000000));
  // The biased exponent in the low bits of 2⁵² is a number that a subtraction turns into k.
  const biased = v128.or(i64x2.shr_u(shifted, 52), i64x2.splat(0x4330000000000000));
  const k = f64x2.sub(biased, f64x2.splat(4503599627370496 + 1023));
  const m = i64x2.add(v128.and(shifted, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe6a09e00000000));
  const f = f64x2.sub(m, f64x2.splat(1)), s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s), w = f64x2.mul(z, z);
  const even = f64x2.mul(w, step(3.999999999940941908e-1, step(2.222219843214978396e-1, f64x2.splat(1.531383769920937332e-1), w), w));
  const odd = step(2.857142874366239149e-1, step(1.818357216161805012e-1, f64x2.splat(1.479819860511658591e-1), w), w);
  const R = f64x2.add(even, f64x2.mul(z, step(6.66666666666673513e-1, odd, w)));
  const half = f64x2.mul(f64x2.mul(f64x2.splat(0.5), f), f);
  const low = f64x2.add(f64x2.mul(s, f64x2.add(half, R)), f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)));
  return f64x2.add(f64x2.mul(k, f64x2.splat(6.9314718036912381649e-1)), f64x2.sub(f, f64x2.sub(half, low)));
}

/** cos 2πx for 0 ≤ x < 1: the nearest quarter turn is taken off exactly and says which of ±cos, ±sin of the rest it is. */
// @ts-ignore: decorator
@inline
export function cosTurns(x: v128): v128 {
  const quarters = f64x2.nearest(f64x2.mul(x, f64x2.splat(4)));
  const r = f64x2.mul(f64x2.sub(x, f64x2.mul(quarters, f64x2.splat(0.25))), f64x2.splat(6.283185307179586));
  const z = f64x2.mul(r, r);
  const sinHigh = step(2.75573137070700676789e-6, step(-2.50507602534068634195e-8, f64x2.splat(1.58969099521155010221e-10), z), z);
  const sinLow = step(-1.66666666666666324348e-1, step(8.33333333332248946124e-3, step(-1.98412698298579493134e-4, sinHigh, z), z), z);
  const sin = f64x2.add(r, f64x2.mul(f64x2.mul(r, z), sinLow));
  const cosHigh = step(-2.75573143513906633035e-7, step(2.0875723212981748279e-9, f64x2.splat(-1.13596475577881948265e-11), z), z);
  const cosLow = step(4.16666666666666019037e-2, step(-1.38888888888741095749e-3, step(2.48015872894767294178e-5, cosHigh, z), z), z);
  const cos = f64x2.add(f64x2.sub(f64x2.splat(1), f64x2.mul(f64x2.splat(0.5), z)), f64x2.mul(f64x2.mul(z, z), cosLow));
  // 0: cos, 1: -sin, 2: -cos, 3: sin, 4: cos. Adding 2⁵² brings the count to the low bits: bit 0 chooses sin, bit 1 of
  // (count + 1) the sign.
  const count = f64x2.add(quarters, f64x2.splat(4503599627370496));
  const isSin = i64x2.neg(v128.and(count, i64x2.splat(1)));
  const sign = i64x2.shl(i64x2.shr_u(i64x2.add(count, i64x2.splat(1)), 1), 63);
  return v128.xor(v128.bitselect(sin, cos, isSin), sign);
}
