/** How GEMM is cut so that each level of the loop nest finds its operand in one level of the cache. */

/** Bytes of one column of a register tile: two 128-bit vectors, or two pairs of them for 256-bit hardware. */
export const NARROW: usize = 32;
export const WIDE: usize = 64;

/** Columns of a full register tile; a narrow one of 4 columns fills up what 6 does not divide. */
// @ts-ignore: decorator
@inline
export function tileCols(): i32 { return ASC_FEATURE_RELAXED_SIMD ? 6 : 4; }

/** Bytes between the ends of neighbouring packed panels: a power-of-two stride would put them all in the same cache sets. */
export const PANEL_GAP: usize = 64;

/** `total` cut into equal parts of at most `limit`, in multiples of `unit`. */
// @ts-ignore: decorator
@inline
export function part(total: i32, limit: i32, unit: i32): i32 {
  const parts = (total + limit - 1) / limit;
  const size = (total + parts - 1) / parts;
  return (size + unit - 1) / unit * unit;
}
export function kcOf<T>(n: i32, k: i32): i32 { return part(k, n <= 128 ? 512 : 256, 4); }
export function mcOf<T>(m: i32, n: i32, kc: i32): i32 { return part(m, n <= 128 ? 1024 / sizeof<T>() : 2048 / sizeof<T>(), 64/sizeof<T>()); }
export function ncOf(n: i32): i32 { return part(n, 3072, 12); }
