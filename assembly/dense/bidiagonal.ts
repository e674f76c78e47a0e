/**
 * Singular values of an upper bidiagonal matrix by implicit QR, to high relative accuracy: the shift is zero where a shift would
 * cost it (Demmel, Kahan: Accurate singular values of bidiagonal matrices, SIAM J. Sci. Stat. Comput. 11, 1990; LAPACK's dbdsqr).
 *
 * A bulge is chased from the larger end to the smaller. Read from its last entry to its first, an upper bidiagonal matrix is a lower
 * one, the transpose of an upper; so the other direction is the same chase with a negative step, and with U and V exchanged.
 */
import { amax, scal } from '../level1';
import { entry } from '../strides';
import { radius, rotate } from './rotation';
import { sortDescending } from './sort';

const EPS: f64 = 1.1102230246251565e-16;
/** Relative size of an off-diagonal entry that counts as zero. dbdsqr has 98.7, which a residual shows; one step more avoids that. */
const TOLERANCE: f64 = 10 * EPS;
const SMALLEST: f64 = 2.2250738585072014e-308;
/** Rotations per squared order before giving up; about 1.5 are usual. */
const MAX_ROTATIONS = 30;

/** The smaller singular value of [f g; 0 h], to nearly full relative accuracy (LAPACK's dlas2). */
function smallerValue(f: f64, g: f64, h: f64): f64 {
  const fa = abs<f64>(f), ga = abs<f64>(g), ha = abs<f64>(h), low = min<f64>(fa, ha), high = max<f64>(fa, ha);
  if (low == 0) return 0;
  const sum = 1 + low / high, difference = (high - low) / high;
  if (ga < high) {
    const q = ga / high, qq = q * q;
    return low * (2 / (sqrt<f64>(sum * sum + qq) + sqrt<f64>(difference * difference + qq)));
  }
  const q = high / ga;
  if (q == 0) return (low * high) / ga;
  const s = sum * q, t = difference * q;
  return 2 * (low / (sqrt<f64>(1 + s * s) + sqrt<f64>(1 + t * t))) * q;
}

/**
 * One implicit QR step on `count` ≥ 2 diagonal entries; the right and the left rotations turn the columns of n entries `right` and `left`
 * and those after them, `ldr` and `ldl` apart. All strides may be negative.
 */
function chase(count: i32, d: usize, e: usize, inc: i32, shift: f64, n: i32, right: usize, ldr: i32, left: usize, ldl: i32): void {
  const d0 = load<f64>(d);
  // (f, g): what the next right rotation must turn into (r, 0). Without a shift no entry is a sum, and none loses relative accuracy.
  let f = shift == 0 ? d0 : (abs<f64>(d0) - shift) * (copysign<f64>(1, d0) + shift / d0), g = load<f64>(e);
  let cl: f64 = 1, sl: f64 = 0;
  for (let i = 0; i < count - 1; i++) {
    const di = entry<f64>(d, i, inc), ei = entry<f64>(e, i, inc), dNext = entry<f64>(d, i + 1, inc), eNext = entry<f64>(e, i + 1, inc);
    const isLast = i == count - 2;
    const r = radius(f, g), cr = r == 0 ? 1 : f / r, sr = r == 0 ? 0 : g / r;
    if (i > 0) store<f64>(entry<f64>(e, i - 1, inc), shift == 0 ? sl * r : r);
    const diagonal = shift == 0 ? cl * r : cr * load<f64>(di) + sr * load<f64>(ei), bulge = sr * load<f64>(dNext);
    const next = cr * load<f64>(dNext), upper = shift == 0 ? 0 : cr * load<f64>(ei) - sr * load<f64>(di);
    const l = radius(diagonal, bulge);
    cl = l == 0 ? 1 : diagonal / l;
    sl = l == 0 ? 0 : bulge / l;
    store<f64>(di, l);
    if (shift == 0) {
      f = next;
      if (!isLast) g = load<f64>(eNext);
    } else {
      f = cl * upper + sl * next;
      store<f64>(dNext, cl * next - sl * upper);
      if (!isLast) {
        g = sl * load<f64>(eNext);
        store<f64>(eNext, cl * load<f64>(eNext));
      }
    }
    if (isLast) {
      store<f64>(ei, shift == 0 ? f * sl : f);
      if (shift == 0) store<f64>(dNext, f * cl);
    }
    rotate(n, entry<f64>(right, i, ldr), entry<f64>(right, i + 1, ldr), cr, sr);
    rotate(n, entry<f64>(left, i, ldl), entry<f64>(left, i + 1, ldl), cl, sl);
  }
}

// Whether an off-diagonal entry of the block was negligible beside its neighbours, and is zero now. Otherwise writes to `lower` a lower
// bound of the block's smallest singular value, up to a factor.
function deflate(count: i32, d: usize, e: usize, inc: i32, lower: usize): bool {
  const end = entry<f64>(e, count - 2, inc);
  if (abs<f64>(load<f64>(end)) <= TOLERANCE * abs<f64>(load<f64>(entry<f64>(d, count - 1, inc)))) {
    store<f64>(end, 0);
    return true;
  }
  let mu = abs<f64>(load<f64>(d)), smallest = mu;
  for (let i = 0; i < count - 1; i++) {
    const ei = entry<f64>(e, i, inc), size = abs<f64>(load<f64>(ei));
    if (size <= TOLERANCE * mu) {
      store<f64>(ei, 0);
      return true;
    }
    mu = abs<f64>(load<f64>(entry<f64>(d, i + 1, inc))) * (mu / (mu + size));
    smallest = min<f64>(smallest, mu);
  }
  store<f64>(lower, smallest);
  return false;
}

// The smaller singular value of the last 2×2 block; 0 where its rounding errors would spoil smaller values than that.
function shiftOf(count: i32, d: usize, e: usize, inc: i32, lower: f64, largest: f64, order: i32): f64 {
  if (<f64>order * TOLERANCE * (lower / largest) <= max<f64>(EPS, 0.01 * TOLERANCE)) return 0;
  const f = load<f64>(entry<f64>(d, count - 2, inc)), g = load<f64>(entry<f64>(e, count - 2, inc)), h = load<f64>(entry<f64>(d, count - 1, inc));
  const shift = smallerValue(f, g, h), start = abs<f64>(load<f64>(d)), ratio = shift / start;
  return start > 0 && ratio * ratio < EPS ? 0 : shift;
}

// The absolute size below which an off-diagonal entry moves no singular value by more than its tolerance.
function threshold(n: i32, d: usize, e: usize): f64 {
  let mu = abs<f64>(load<f64>(d)), smallest = mu;
  for (let i = 1; i < n && smallest > 0; i++) {
    mu = abs<f64>(load<f64>(entry<f64>(d, i))) * (mu / (mu + abs<f64>(load<f64>(entry<f64>(e, i - 1)))));
    smallest = min<f64>(smallest, mu);
  }
  return max<f64>(TOLERANCE * (smallest / sqrt<f64>(<f64>n)), <f64>MAX_ROTATIONS * <f64>n * <f64>n * SMALLEST);
}

// The first row of the unreduced block that ends at `bottom`: the off-diagonal entry before it is negligible, and zero now.
function topOf(bottom: i32, e: usize, negligible: f64): i32 {
  let top = bottom;
  while (top > 0 && abs<f64>(load<f64>(entry<f64>(e, top - 1))) > negligible) top--;
  if (top > 0) store<f64>(entry<f64>(e, top - 1), 0);
  return top;
}

/**
 * B = P S Qᵀ for the upper bidiagonal B with diagonal d (n) and superdiagonal e (n - 1): d becomes the singular values, descending;
 * U := U P and V := V Q, n columns of n entries each. `e` has room for n entries, the last is workspace. Returns 0, or the number of
 * superdiagonal entries that did not converge. About 9n³ flops each for U and V.
 */
export function bidiagonalSvd(n: i32, d: usize, e: usize, u: usize, ldu: i32, v: usize, ldv: i32): i32 {
  if (n == 0) return 0;
  const negligible = threshold(n, d, e), lower = entry<f64>(e, n - 1);
  let budget = <f64>MAX_ROTATIONS * <f64>n * <f64>n;
  let oldTop = -1, oldBottom = -1, isDown = true;
  for (let bottom = n - 1; bottom > 0; ) {
    if (budget <= 0) return countNonZero(bottom, e);
    const top = topOf(bottom, e, negligible), count = bottom - top + 1;
    if (count == 1) {
      bottom--;
      continue;
    }
    // A direction is kept as long as the block only shrinks.
    const dTop = entry<f64>(d, top), dBottom = entry<f64>(d, bottom);
    if (top > oldBottom || bottom < oldTop) isDown = abs<f64>(load<f64>(dTop)) >= abs<f64>(load<f64>(dBottom));
    oldTop = top;
    oldBottom = bottom;
    const inc = isDown ? 1 : -1, start = isDown ? top : bottom, d0 = isDown ? dTop : dBottom, e0 = entry<f64>(e, isDown ? top : bottom - 1);
    if (deflate(count, d0, e0, inc, lower)) continue;
    const largest = max<f64>(amax<f64>(count, dTop, 1), amax<f64>(count - 1, entry<f64>(e, top), 1));
    const shift = shiftOf(count, d0, e0, inc, load<f64>(lower), largest, n);
    const us = entry<f64>(u, start, ldu), vs = entry<f64>(v, start, ldv);
    if (isDown) chase(count, d0, e0, inc, shift, n, vs, ldv, us, ldu);
    else chase(count, d0, e0, inc, shift, n, us, -ldu, vs, -ldv);
    budget -= <f64>count;
  }
  for (let i = 0; i < n; i++) {
    const di = entry<f64>(d, i);
    if (copysign<f64>(1, load<f64>(di)) > 0) continue;
    store<f64>(di, -load<f64>(di));
    scal<f64>(n, -1, entry<f64>(v, i, ldv), 1);
  }
  sortDescending(n, d, n, u, ldu, v, ldv);
  return 0;
}

function countNonZero(n: i32, e: usize): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) count += i32(load<f64>(entry<f64>(e, i)) != 0);
  return count;
}
