/** The macro-kernel: a packed block of A times a packed strip of B, tile by tile. */
import { madd } from '../simd';
import { NARROW, NR } from './blocking';
import { tileFull, tileRest, tileWide } from './micro';

// @ts-ignore: decorator
@inline
function multiplyTile<T>(tile: usize, nr: usize, k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize): void {
  if (tile != NARROW) tileWide<T>(k, a, astep, b, beta, c, csc);
  else if (nr == NR) tileFull<T>(k, a, astep, b, beta, c, csc);
  else tileRest<T>(k, a, astep, b, beta, c, csc);
}

/** A tile that reaches over the edge of C: made whole in `edge`, then its corner goes to C, rounded as the micro-kernel rounds. */
function multiplyEdge<T>(
  tile: usize, nr: usize, rows: usize, cols: usize, k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize, edge: usize,
): void {
  multiplyTile<T>(tile, nr, k, a, astep, b, <T>0, edge, tile);
  for (let j: usize = 0; j < cols; j++) {
    for (let i: usize = 0; i < rows * sizeof<T>(); i += sizeof<T>()) {
      let x = v128.load_splat<T>(edge + i);
      if (beta != <T>0) x = madd<T>(v128.splat<T>(beta), v128.load_splat<T>(c + i), x);
      v128.store_lane<T>(c + i, x, 0);
    }
    edge += tile;
    c += csc;
  }
}

/**
 * C := A B + beta C, m × n, where B is packed in panels of nr columns, k deep. A lies in panels, `apanel` bytes apart, of columns that are `tile`
 * bytes long and `astep` apart.
 */
export function multiplyBlock<T>(
  tile: usize, nr: usize, m: usize, n: usize, k: usize, a: usize, astep: usize, apanel: usize, b: usize, beta: T, c: usize, csc: usize, edge: usize,
): void {
  const mr = tile / sizeof<T>();
  for (let j: usize = 0; j < n; j += nr) {                            // loop 2: a panel of B, which stays in the first-level cache
    const cols = min(nr, n - j);
    let ap = a, cp = c;
    for (let i: usize = 0; i < m; i += mr) {                          // loop 1: a panel of A and a tile of C
      const rows = min(mr, m - i);
      if (rows == mr && cols == nr) multiplyTile<T>(tile, nr, k, ap, astep, b, beta, cp, csc);
      else multiplyEdge<T>(tile, nr, rows, cols, k, ap, astep, b, beta, cp, csc, edge);
      ap += apanel;
      cp += tile;
    }
    b += nr * k * sizeof<T>();
    c += nr * csc;
  }
}
