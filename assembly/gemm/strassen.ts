/**
 * Strassen's product in Winograd's form: 7 products and 15 sums of quarters, instead of 8 products and 4 sums
 * (N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., §23.1).
 *
 *   S1 = A21 + A22    T1 = B12 - B11    P1 = A11 B11    P5 = S1 T1        C11 = P1 + P2
 *   S2 = S1 - A11     T2 = B22 - T1     P2 = A12 B21    P6 = S2 T2        C12 = P1 + P6 + P5 + P3
 *   S3 = A11 - A21    T3 = B22 - B12    P3 = S4 B22     P7 = S3 T3        C21 = P1 + P6 + P7 - P4
 *   S4 = A12 - S2     T4 = T2 - B21     P4 = A22 T4                       C22 = P1 + P6 + P7 + P5
 */
import { lanes, madd } from '../simd';
import { NARROW } from './blocking';
import { gemm, gemmWorkBytes } from './gemm';

/** D := x X + y Y, m × n, of contiguous columns if `unit`. x = 0 ignores X, even NaN. D may be X or Y. */
// @ts-ignore: decorator
@inline
function combineColumns<T>(
  unit: bool, m: usize, n: usize, x: T, X: usize, rsx: usize, csx: usize, y: T, Y: usize, rsy: usize, csy: usize, D: usize, rsd: usize, csd: usize,
): void {
  const xs = v128.splat<T>(x), ys = v128.splat<T>(y), step: usize = lanes<T>();
  for (; n > 0; n--) {
    let p = X, q = Y, d = D, i = m;
    if (unit) {
      for (; i >= step; i -= step) {
        const v = v128.mul<T>(ys, v128.load(q));
        v128.store(d, x == <T>0 ? v : madd<T>(xs, v128.load(p), v));
        p += 16;
        q += 16;
        d += 16;
      }
    }
    for (; i > 0; i--) {
      const v = y * load<T>(q);
      store<T>(d, x == <T>0 ? v : x * load<T>(p) + v);
      p += rsx;
      q += rsy;
      d += rsd;
    }
    X += csx;
    Y += csy;
    D += csd;
  }
}

/** D := x X + y Y, whichever way the three lie; quick where they are contiguous along the same axis. */
function combine<T>(
  m: usize, n: usize, x: T, X: usize, rsx: usize, csx: usize, y: T, Y: usize, rsy: usize, csy: usize, D: usize, rsd: usize, csd: usize,
): void {
  const size: usize = sizeof<T>();
  if (rsx == size && rsy == size && rsd == size) combineColumns<T>(true, m, n, x, X, size, csx, y, Y, size, csy, D, size, csd);
  else if (csx == size && csy == size && csd == size) combineColumns<T>(true, n, m, x, X, size, rsx, y, Y, size, rsy, D, size, rsd);
  else combineColumns<T>(false, m, n, x, X, rsx, csx, y, Y, rsy, csy, D, rsd, csd);
}

/** Bytes between the lines of a temporary with lines of n entries: aligned, and not a power of two. */
function lineBytes<T>(n: usize): usize {
  return (n * sizeof<T>() + 63 & ~63) + 64;
}

/** Whether to keep sums of quarters of an operand by rows, as the operand lies. */
function byRows<T>(rs: usize, cs: usize): bool {
  return cs == sizeof<T>() && rs != sizeof<T>();
}

/** Half of what is left of n when it is rounded down to a multiple of 2^levels. */
function half(n: usize, levels: i32): usize {
  return n >> levels << (levels - 1);
}

/** Whether there is something to halve. */
function divisible(levels: i32, m: usize, n: usize, k: usize): bool {
  return levels > 0 && min(m, min(n, k)) >> levels > 0;
}

/**
 * C := alpha A B + beta C as {@link gemm} does, with `levels` levels of Strassen's recursion above it. What exceeds a multiple of 2^levels
 * is peeled off. (7/8)^levels of gemm's operations; each level adds 14 passes over quarters, so quarters smaller than some 500 lose.
 *
 * With u the unit roundoff and ‖X‖ = max |xij|, the error of A B is at most (18^levels (h² + 6h) - 6k) u ‖A‖ ‖B‖ + O(u²), h = k / 2^levels,
 * where the classical product has k² (Higham, theorem 23.3). In practice it grows two- to fourfold a level; but unlike the classical
 * bound, |A| |B| entry by entry, it forgives no bad scaling: small entries of C are only as good as the largest ones. Inf may give NaN.
 */
export function strassen<T>(
  levels: i32, m: usize, n: usize, k: usize,
  alpha: T, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize, csb: usize, beta: T, c: usize, csc: usize, work: usize,
): void {
  if (alpha == <T>0 || !divisible(levels, m, n, k)) {
    gemm<T>(NARROW, m, n, k, alpha, a, rsa, csa, b, rsb, csb, beta, c, csc, work);
    return;
  }
  const h = half(m, levels), w = half(n, levels), d = half(k, levels), one: T = <T>1, size: usize = sizeof<T>(), below = levels - 1;
  const a11 = a, a12 = a + d * csa, a21 = a + h * rsa, a22 = a21 + d * csa;
  const b11 = b, b12 = b + w * csb, b21 = b + d * rsb, b22 = b21 + w * csb;
  const c11 = c, c12 = c + w * csc, c21 = c + h * size, c22 = c12 + h * size;
  const sByRows = byRows<T>(rsa, csa), rss = sByRows ? lineBytes<T>(d) : size, css = sByRows ? size : lineBytes<T>(h);
  const tByRows = byRows<T>(rsb, csb), rst = tByRows ? lineBytes<T>(w) : size, cst = tByRows ? size : lineBytes<T>(d);
  const csz = lineBytes<T>(h);
  const s = work, t = s + (sByRows ? h * rss : d * css), z = t + (tByRows ? d * rst : w * cst), rest = z + w * csz;

  combine<T>(h, d, one, a21, rsa, csa, one, a22, rsa, csa, s, rss, css);                                    // s = S1
  combine<T>(d, w, one, b12, rsb, csb, -one, b11, rsb, csb, t, rst, cst);                                   // t = T1
  strassen<T>(below, h, w, d, alpha, s, rss, css, t, rst, cst, <T>0, z, csz, rest);                         // z = P5
  combine<T>(h, w, beta, c12, size, csc, one, z, size, csz, c12, size, csc);
  combine<T>(h, w, beta, c22, size, csc, one, z, size, csz, c22, size, csc);

  strassen<T>(below, h, w, d, alpha, a11, rsa, csa, b11, rsb, csb, <T>0, z, csz, rest);                     // z = P1
  combine<T>(h, w, beta, c11, size, csc, one, z, size, csz, c11, size, csc);
  strassen<T>(below, h, w, d, alpha, a12, rsa, csa, b21, rsb, csb, one, c11, csc, rest);                    // C11 += P2, done

  combine<T>(h, d, one, s, rss, css, -one, a11, rsa, csa, s, rss, css);                                     // s = S2
  combine<T>(d, w, one, b22, rsb, csb, -one, t, rst, cst, t, rst, cst);                                     // t = T2
  strassen<T>(below, h, w, d, alpha, s, rss, css, t, rst, cst, one, z, csz, rest);                          // z = P1 + P6
  combine<T>(h, w, one, c12, size, csc, one, z, size, csz, c12, size, csc);

  combine<T>(h, d, one, a12, rsa, csa, -one, s, rss, css, s, rss, css);                                     // s = S4
  strassen<T>(below, h, w, d, alpha, s, rss, css, b22, rsb, csb, one, c12, csc, rest);                      // C12 += P3, done
  combine<T>(d, w, one, t, rst, cst, -one, b21, rsb, csb, t, rst, cst);                                     // t = T4
  strassen<T>(below, h, w, d, -alpha, a22, rsa, csa, t, rst, cst, beta, c21, csc, rest);                    // C21 = beta C21 - P4

  combine<T>(h, d, one, a11, rsa, csa, -one, a21, rsa, csa, s, rss, css);                                   // s = S3
  combine<T>(d, w, one, b22, rsb, csb, -one, b12, rsb, csb, t, rst, cst);                                   // t = T3
  strassen<T>(below, h, w, d, alpha, s, rss, css, t, rst, cst, one, z, csz, rest);                          // z = P1 + P6 + P7
  combine<T>(h, w, one, c21, size, csc, one, z, size, csz, c21, size, csc);                                 // C21 done
  combine<T>(h, w, one, c22, size, csc, one, z, size, csz, c22, size, csc);                                 // C22 done

  const m0 = h * 2, n0 = w * 2, k0 = d * 2;
  if (k0 < k) gemm<T>(NARROW, m0, n0, k - k0, alpha, a + k0 * csa, rsa, csa, b + k0 * rsb, rsb, csb, one, c, csc, work);
  if (n0 < n) gemm<T>(NARROW, m, n - n0, k, alpha, a, rsa, csa, b + n0 * csb, rsb, csb, beta, c + n0 * csc, csc, work);
  if (m0 < m) gemm<T>(NARROW, m - m0, n0, k, alpha, a + m0 * rsa, rsa, csa, b, rsb, csb, beta, c + m0 * size, csc, work);
}

/** Bytes of workspace that {@link strassen} needs, whichever way A and B lie: about (mk + kn + mn) / 3 entries and gemm's. */
export function strassenWorkBytes<T>(levels: i32, m: usize, n: usize, k: usize): usize {
  const classical = gemmWorkBytes<T>(NARROW, m, n, k);
  if (!divisible(levels, m, n, k)) return classical;
  const h = half(m, levels), w = half(n, levels), d = half(k, levels);
  const s = max(h * lineBytes<T>(d), d * lineBytes<T>(h)), t = max(d * lineBytes<T>(w), w * lineBytes<T>(d));
  const m0 = h * 2, n0 = w * 2, k0 = d * 2;
  const edges = max(gemmWorkBytes<T>(NARROW, m, n - n0, k), gemmWorkBytes<T>(NARROW, m - m0, n0, k));
  const peeled = max(gemmWorkBytes<T>(NARROW, m0, n0, k - k0), edges);
  return max(max(classical, peeled), s + t + w * lineBytes<T>(h) + strassenWorkBytes<T>(levels - 1, h, w, d));
}
