/** General matrix product: C := alpha A B + beta C. */
import { EDGE_BYTES, blockCols, blockDepth, blockRows, inPlace, packedABytes, packedBBytes, panelBytes, stripCols, tileCols } from './blocking';
import { multiplyBlock } from './macro';
import { pack } from './pack';

/**
 * C := alpha A B + beta C; A is m × k, B k × n, C m × n with contiguous columns csc bytes apart. All strides are in bytes.
 *
 * beta = 0 ignores old C, alpha = 0 ignores A and B, even NaN. 2mnk operations; B is packed once, A once for every nc columns of C.
 * `tile` is NARROW or WIDE; `work`, a multiple of 64, has gemmWorkBytes bytes. C overlaps neither A nor B.
 */
export function gemm<T>(
  tile: usize, m: usize, n: usize, k: usize,
  alpha: T, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize, csb: usize, beta: T, c: usize, csc: usize, work: usize,
): void {
  if (alpha == <T>0) k = 0;
  const kc = blockDepth(m, n, k), mc = blockRows<T>(m, kc), kept = mc < m, nc = blockCols<T>(n, kc, kept);
  const direct = inPlace<T>(tile, m, k, rsa, csa), aPacked = work + EDGE_BYTES, bPacked = aPacked + packedABytes<T>(tile, mc, kc);
  for (let j: usize = 0; j < n; j += nc) {                                              // loop 5: C[:, j…] += A B[:, j…]
    const width = min(nc, n - j);
    let l: usize = 0;
    do {                                                                                // loop 4: C[:, j…] += A[:, l…] B[l…, j…]
      const depth = min(kc, k - l), scale = l == 0 ? beta : <T>1;
      for (let i: usize = 0; i < m; i += mc) {                                          // loop 3: C[i…, j…] += A[i…, l…] B[l…, j…]
        const height = min(mc, m - i);
        let ap = a + i * rsa + l * csa, astep = csa, apanel = tile;
        if (!direct) {
          astep = tile;
          apanel = panelBytes(tile, depth);
          pack<T>(tile, height, depth, <T>1, ap, rsa, csa, aPacked, apanel);
          ap = aPacked;
        }
        let strip = bPacked;
        for (let q: usize = 0; q < width; ) {                                           // B's strips are packed for the first i
          const nr = tileCols(tile, width - q), cols = stripCols(nr, width - q), bytes = nr * depth * sizeof<T>();
          if (i == 0) pack<T>(nr * sizeof<T>(), cols, depth, alpha, b + l * rsb + (j + q) * csb, csb, rsb, strip, bytes);
          multiplyBlock<T>(tile, nr, height, cols, depth, ap, astep, apanel, strip, scale, c + i * sizeof<T>() + (j + q) * csc, csc, work);
          if (kept) strip += (cols + nr - 1) / nr * bytes;
          q += cols;
        }
      }
      l += kc;
    } while (l < k);                                                                    // k = 0 passes once: C := beta C
  }
}

/** Bytes of workspace that {@link gemm} needs. */
export function gemmWorkBytes<T>(tile: usize, m: usize, n: usize, k: usize): usize {
  const kc = blockDepth(m, n, k), mc = blockRows<T>(m, kc);
  return EDGE_BYTES + packedABytes<T>(tile, mc, kc) + packedBBytes<T>(n, kc, mc < m);
}
