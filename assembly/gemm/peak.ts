/** The limit that GEMM is measured against: multiply-add with everything in registers. */
import { madd, sumLanes } from '../simd';

/** Vector multiply-adds in an iteration of {@link peakFma}. */
export const PEAK_MADDS: i32 = ASC_FEATURE_RELAXED_SIMD ? 13 : 28;

/**
 * `iterations` times PEAK_MADDS vector multiply-adds a := a x + x in turn on as many registers as there are; the sum of the registers, so that
 * nothing is optimised away. 2 · PEAK_MADDS · lanes · iterations operations. |x| < 1 keeps the numbers bounded.
 *
 * The loop over fused operations is not unrolled: compilers regroup an unrolled one register by register, and then it waits for its own
 * results. Twice as many separate ones fill the ports only where the loop itself is out of the way.
 */
export function peakFma<T>(iterations: i32, x: T): T {
  const y = v128.splat<T>(x);
  let a0 = y, a1 = y, a2 = y, a3 = y, a4 = y, a5 = y, a6 = y, a7 = y, a8 = y, a9 = y, a10 = y, a11 = y, a12 = y, a13 = y;
  for (let i = 0; i < iterations; i++) {
    a0 = madd<T>(a0, y, y); a1 = madd<T>(a1, y, y); a2 = madd<T>(a2, y, y); a3 = madd<T>(a3, y, y); a4 = madd<T>(a4, y, y);
    a5 = madd<T>(a5, y, y); a6 = madd<T>(a6, y, y); a7 = madd<T>(a7, y, y); a8 = madd<T>(a8, y, y); a9 = madd<T>(a9, y, y);
    a10 = madd<T>(a10, y, y); a11 = madd<T>(a11, y, y); a12 = madd<T>(a12, y, y);
    if (ASC_FEATURE_RELAXED_SIMD) continue;
    a13 = madd<T>(a13, y, y);
    a0 = madd<T>(a0, y, y); a1 = madd<T>(a1, y, y); a2 = madd<T>(a2, y, y); a3 = madd<T>(a3, y, y); a4 = madd<T>(a4, y, y);
    a5 = madd<T>(a5, y, y); a6 = madd<T>(a6, y, y); a7 = madd<T>(a7, y, y); a8 = madd<T>(a8, y, y); a9 = madd<T>(a9, y, y);
    a10 = madd<T>(a10, y, y); a11 = madd<T>(a11, y, y); a12 = madd<T>(a12, y, y); a13 = madd<T>(a13, y, y);
  }
  const s = v128.add<T>(v128.add<T>(v128.add<T>(a0, a1), v128.add<T>(a2, a3)), v128.add<T>(v128.add<T>(a4, a5), v128.add<T>(a6, a7)));
  const t = v128.add<T>(v128.add<T>(v128.add<T>(a8, a9), v128.add<T>(a10, a11)), a12);
  return sumLanes<T>(v128.add<T>(s, ASC_FEATURE_RELAXED_SIMD ? t : v128.add<T>(t, a13)));
}
