/**
 * How GEMM is cut into blocks, so that every loop of the nest finds its operand in one level of the cache
 * (K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008).
 *
 *                      n                                           nc
 *             ┌──────────────────┐                        ┌───────────────────┐
 *           k │        B         │   a block of B:     kc │ │ │ │ │ │ │ │ │ │ │   packed, third level
 *             └──────────────────┘                        └───────────────────┘   one panel of it, nr wide: first level
 *       k            n                         kc
 *     ┌───┐   ┌──────────────────┐           ┌────┐
 *   m │ A │   │        C         │        mc │────│   a block of A, packed in panels of mr rows: second level
 *     └───┘   └──────────────────┘           └────┘
 *
 * A tile of C, mr × nr, is in registers. Its columns are measured in bytes, `tile`, so that f64 and f32 share every formula:
 * mr = tile / sizeof<T>().
 */

/** Two 128-bit registers a column: 4 rows of f64, 8 of f32. */
export const NARROW: usize = 32;

/** Four of them, or two of 256 bits where the engine joins neighbours. */
export const WIDE: usize = 64;

/** Columns of a full tile. Of 16 registers V8 keeps one, A and B take three, and an unfused multiply-add one for the product. */
export const NR: usize = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** Columns of the tile that fills up what NR does not divide. A smaller one would not be faster: its sums wait for each other. */
const NR_REST: usize = 4;

/** Panels of B packed at a time, so that a row-major B is read in long runs. */
const STRIP: usize = 8;

/** Bytes of a packed block of A and of B. */
const A_BYTES: usize = 512 << 10;
const B_BYTES: usize = 5 << 20;

/** Bytes of an A that is as quick to read as its packed form. */
const IN_PLACE_BYTES: usize = 32 << 10;

/** `total` cut into equal parts of about `limit`, at most 5/4 of it, rounded up to a multiple of `unit`. */
function part(total: usize, limit: usize, unit: usize): usize {
  const parts = max((total + limit - limit / 4 - 1) / limit, 1);
  return max((total + parts - 1) / parts + unit - 1, unit) / unit * unit;
}

/** kc. Where C is narrow either way, a packed panel is used few times; deep blocks then at least update C more rarely. */
export function blockDepth(m: usize, n: usize, k: usize): usize {
  return part(k, min(m, n) <= 128 ? 512 : 256, 4);
}

/** mc. */
export function blockRows<T>(m: usize, kc: usize): usize {
  return part(m, A_BYTES / (kc * sizeof<T>()), WIDE / sizeof<T>());
}

/** nc. With a single block of A no panel of B is needed twice: none is kept, and B need not be cut. */
export function blockCols<T>(n: usize, kc: usize, kept: bool): usize {
  return kept ? part(n, B_BYTES / (kc * sizeof<T>()), NR * NR_REST) : n;
}

/** Whether to read A, m × k, where it lies: it is small, contiguous by columns, and no panel reaches over its edge. */
export function inPlace<T>(tile: usize, m: usize, k: usize, rsa: usize, csa: usize): bool {
  return rsa == sizeof<T>() && k * csa <= IN_PLACE_BYTES && m % (tile / sizeof<T>()) == 0;
}

/** Columns of the tiles that come next, when n columns are left. */
export function tileCols(tile: usize, n: usize): usize {
  const rest = n % NR;
  return tile == NARROW && rest > 0 && rest <= NR_REST ? NR_REST : NR;
}

/** Columns of the strip that comes next: panels of one width, packed together. */
export function stripCols(nr: usize, n: usize): usize {
  return min(n, nr == NR ? STRIP * NR : NR_REST);
}

/** Bytes from one packed panel of A to the next; the gap keeps them from meeting in the same cache sets. */
export function panelBytes(tile: usize, kc: usize): usize {
  return tile * kc + 64;
}

// The workspace: a tile for the edges of C, then a block of A, then what is kept of B; each starts at a multiple of 64.

export const EDGE_BYTES: usize = NR * WIDE + 63 & ~63;

export function packedABytes<T>(tile: usize, mc: usize, kc: usize): usize {
  const mr = tile / sizeof<T>();
  return (mc + mr - 1) / mr * panelBytes(tile, kc);
}

export function packedBBytes<T>(n: usize, kc: usize, kept: bool): usize {
  const cols = kept ? blockCols<T>(n, kc, kept) + NR : STRIP * NR;
  return cols * kc * sizeof<T>() + 63 & ~63;
}
