/** Plane rotations: the smallest orthogonal matrices, which the eigenvalue and singular value iterations are made of. */
import { madd } from '../simd';

/** Between these, sums of two squares neither overflow nor lose what matters; beyond, SHIFT = 2⁶⁰⁰ or its inverse leads there. */
const TINY: f64 = 1e-140;
const HUGE: f64 = 1e140;
const SHIFT: f64 = 4.149515568880993e180;

/** r = ±√(f² + g²) with the sign of f, safe over the whole range: (c, s) = (f/r, g/r) turns (f, g) into (r, 0). */
export function radius(f: f64, g: f64): f64 {
  const largest = max<f64>(abs<f64>(f), abs<f64>(g));
  let r: f64;
  if (largest > TINY && largest < HUGE) {
    r = sqrt<f64>(f * f + g * g);
  } else if (largest == 0) {
    return 0;
  } else {
    const scale = largest > 1 ? SHIFT : 1 / SHIFT;
    const fs = f / scale, gs = g / scale;
    r = scale * sqrt<f64>(fs * fs + gs * gs);
  }
  return copysign<f64>(r, f);
}

/** (x, y) := (c x + s y, c y - s x) for two columns of n neighbouring entries. */
export function rotate(n: i32, x: usize, y: usize, c: f64, s: f64): void {
  const cc = f64x2.splat(c), ss = f64x2.splat(s), minus = f64x2.splat(-s);
  let i = n;
  for (; i >= 4; i -= 4, x += 32, y += 32) {
    const x0 = v128.load(x), x1 = v128.load(x, 16), y0 = v128.load(y), y1 = v128.load(y, 16);
    v128.store(x, madd<f64>(ss, y0, f64x2.mul(cc, x0)));
    v128.store(x, madd<f64>(ss, y1, f64x2.mul(cc, x1)), 16);
    v128.store(y, madd<f64>(minus, x0, f64x2.mul(cc, y0)));
    v128.store(y, madd<f64>(minus, x1, f64x2.mul(cc, y1)), 16);
  }
  for (; i > 0; i--, x += 8, y += 8) {
    const xi = load<f64>(x), yi = load<f64>(y);
    store<f64>(x, c * xi + s * yi);
    store<f64>(y, c * yi - s * xi);
  }
}
