import { NARROW, PANEL_GAP, tileCols, kcOf, mcOf, ncOf } from './blocking';
import { pack } from './pack';
import { tile4, tile6, tileWide } from './micro';

const TILE: usize = 512;

function aBytes<T>(tile: usize, mc: i32, kc: i32): usize {
  const rows = <i32>(tile / sizeof<T>());
  return <usize>((mc + rows - 1) / rows) * (<usize>kc * tile + PANEL_GAP);
}
export function workBytes<T>(tile: usize, m: i32, n: i32, k: i32): usize {
  const kc = kcOf<T>(n, k), mc = mcOf<T>(m, n, kc), nc = mc < m ? ncOf(n) : 0;
  return TILE + aBytes<T>(tile, mc, kc) + 64 + <usize>(nc + 6) * kc * sizeof<T>();
}
// @ts-ignore: decorator
@inline
function width(tile: usize, n: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return tile == NARROW ? 4: 6;
  if (tile != NARROW) return 6;
  const r = n % 6;
  return r > 0 && r < 5 ? 4 : 6;
}
function edge<T>(tile: usize, mr: i32, nr: i32, w: i32, kc: i32, a: usize, b: usize, beta: T, c: usize, csc: usize, t: usize): void {
  if (tile != NARROW) tileWide<T>(kc, a, b, <T>0, t, tile);
  else if (w == 6) tile6<T>(kc, a, b, <T>0, t, tile);
  else tile4<T>(kc, a, b, <T>0, t, tile);
  for (let j = 0; j < nr; j++) {
    for (let i: usize = 0; i < <usize>mr * sizeof<T>(); i += sizeof<T>()) {
      let v = load<T>(t + i);
      if (beta != <T>0) v += beta * load<T>(c + i);
      store<T>(c + i, v);
    }
    t += tile; c += csc;
  }
}
function columns<T>(tile: usize, mc: i32, nr: i32, w: i32, kc: i32, a: usize, b: usize, beta: T, c: usize, csc: usize, t: usize): void {
  const rows = <i32>(tile / sizeof<T>()), stride = <usize>kc * tile + PANEL_GAP;
  let i = 0;
  if (nr == w) {
    if (tile != NARROW) for (; i + rows <= mc; i += rows) { tileWide<T>(kc, a, b, beta, c, csc); a += stride; c += tile; }
    else if (w == 6) for (; i + rows <= mc; i += rows) { tile6<T>(kc, a, b, beta, c, csc); a += stride; c += tile; }
    else for (; i + rows <= mc; i += rows) { tile4<T>(kc, a, b, beta, c, csc); a += stride; c += tile; }
  }
  for (; i < mc; i += rows) { edge<T>(tile, min(rows, mc - i), nr, w, kc, a, b, beta, c, csc, t); a += stride; c += tile; }
}
function macro<T>(tile: usize, mc: i32, nc: i32, kc: i32, fresh: bool, reuse: bool, alpha: T, a: usize, x: usize, rsb: usize, csb: usize, b: usize, beta: T, c: usize, csc: usize, t: usize): void {
  for (let j = 0; j < nc;) {
    const w = width(tile, nc - j), nr = min(w, nc - j);
    if (fresh) pack<T>(w * sizeof<T>(), nr, kc, alpha, x + <usize>j * csb, csb, rsb, b, 0);
    columns<T>(tile, mc, nr, w, kc, a, b, beta, c, csc, t);
    if (reuse) b += <usize>w * kc * sizeof<T>();
    c += <usize>w * csc;
    j += w;
  }
}
export function gemm<T>(tile: usize, m: i32, n: i32, k: i32, alpha: T, a: usize, rsa: usize, csa: usize, b: usize, rsb: usize, csb: usize, beta: T, c: usize, csc: usize, work: usize): void {
  if (m <= 0 || n <= 0) return;
  const kc = kcOf<T>(n, k), mc = mcOf<T>(m, n, kc), single = mc >= m, nc = single ? n : ncOf(n);
  const aPack = work + TILE, bPack = (aPack + aBytes<T>(tile, mc, kc) + 63) & ~63;
  for (let j = 0; j < n; j += nc) {
    const nb = min(nc, n - j);
    for (let p = 0; p < k; p += kc) {
      const kb = min(kc, k - p);
      for (let i = 0; i < m; i += mc) {
        const mb = min(mc, m - i);
        pack<T>(tile, mb, kb, <T>1, a + <usize>i * rsa + <usize>p * csa, rsa, csa, aPack, <usize>kb * tile + PANEL_GAP);
        macro<T>(tile, mb, nb, kb, i == 0, !single, alpha, aPack, b + <usize>p * rsb + <usize>j * csb, rsb, csb, bPack,
          p == 0 ? beta : <T>1, c + <usize>i * sizeof<T>() + <usize>j * csc, csc, work);
      }
    }
  }
}
