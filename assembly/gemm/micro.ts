/** The micro-kernel. */
import { madd } from '../simd';

/** One column of the tile: 16·rows bytes of C. Loads come before stores, so that a revectorizing engine can pair them. */
// @ts-ignore: decorator
@inline
function column<T>(rows: i32, c: usize, beta: T, x0: v128, x1: v128, x2: v128, x3: v128): void {
  if (beta != <T>0) {
    const y = v128.splat<T>(beta);
    const y0 = madd<T>(y, v128.load(c), x0), y1 = madd<T>(y, v128.load(c, 16), x1);
    if (rows > 2) {
      const y2 = madd<T>(y, v128.load(c, 32), x2), y3 = madd<T>(y, v128.load(c, 48), x3);
      v128.store(c, y0); v128.store(c, y1, 16); v128.store(c, y2, 32); v128.store(c, y3, 48);
    } else { v128.store(c, y0); v128.store(c, y1, 16); }
  } else {
    v128.store(c, x0); v128.store(c, x1, 16);
    if (rows > 2) { v128.store(c, x2, 32); v128.store(c, x3, 48); }
  }
}

// @ts-ignore: decorator
@inline
function tile<T>(rows: i32, cols: i32, k: i32, a: usize, b: usize, beta: T, c: usize, csc: usize): void {
  const zero = v128.splat<T>(<T>0);
  let c00 = zero, c10 = zero, c20 = zero, c30 = zero;
  let c01 = zero, c11 = zero, c21 = zero, c31 = zero;
  let c02 = zero, c12 = zero, c22 = zero, c32 = zero;
  let c03 = zero, c13 = zero, c23 = zero, c33 = zero;
  let c04 = zero, c14 = zero, c24 = zero, c34 = zero;
  let c05 = zero, c15 = zero, c25 = zero, c35 = zero;
  const end = a + <usize>k * (rows * 16);
  while (a < end) {
    const a0 = v128.load(a), a1 = v128.load(a, 16);
    const a2 = rows > 2 ? v128.load(a, 32) : zero, a3 = rows > 2 ? v128.load(a, 48) : zero;
    let bj = v128.load_splat<T>(b);
    c00 = madd<T>(a0, bj, c00); c10 = madd<T>(a1, bj, c10);
    if (rows > 2) { c20 = madd<T>(a2, bj, c20); c30 = madd<T>(a3, bj, c30); }
    bj = v128.load_splat<T>(b, sizeof<T>());
    c01 = madd<T>(a0, bj, c01); c11 = madd<T>(a1, bj, c11);
    if (rows > 2) { c21 = madd<T>(a2, bj, c21); c31 = madd<T>(a3, bj, c31); }
    bj = v128.load_splat<T>(b, 2 * sizeof<T>());
    c02 = madd<T>(a0, bj, c02); c12 = madd<T>(a1, bj, c12);
    if (rows > 2) { c22 = madd<T>(a2, bj, c22); c32 = madd<T>(a3, bj, c32); }
    bj = v128.load_splat<T>(b, 3 * sizeof<T>());
    c03 = madd<T>(a0, bj, c03); c13 = madd<T>(a1, bj, c13);
    if (rows > 2) { c23 = madd<T>(a2, bj, c23); c33 = madd<T>(a3, bj, c33); }
    if (cols > 4) {
      bj = v128.load_splat<T>(b, 4 * sizeof<T>());
      c04 = madd<T>(a0, bj, c04); c14 = madd<T>(a1, bj, c14);
      if (rows > 2) { c24 = madd<T>(a2, bj, c24); c34 = madd<T>(a3, bj, c34); }
    }
    if (cols > 5) {
      bj = v128.load_splat<T>(b, 5 * sizeof<T>());
      c05 = madd<T>(a0, bj, c05); c15 = madd<T>(a1, bj, c15);
      if (rows > 2) { c25 = madd<T>(a2, bj, c25); c35 = madd<T>(a3, bj, c35); }
    }
    a += rows * 16;
    b += cols * sizeof<T>();
  }
  column<T>(rows, c, beta, c00, c10, c20, c30);
  column<T>(rows, c + csc, beta, c01, c11, c21, c31);
  column<T>(rows, c + 2 * csc, beta, c02, c12, c22, c32);
  column<T>(rows, c + 3 * csc, beta, c03, c13, c23, c33);
  if (cols > 4) column<T>(rows, c + 4 * csc, beta, c04, c14, c24, c34);
  if (cols > 5) column<T>(rows, c + 5 * csc, beta, c05, c15, c25, c35);
}
export function tile4<T>(k: i32, a: usize, b: usize, beta: T, c: usize, csc: usize): void { tile<T>(2, 4, k, a, b, beta, c, csc); }
export function tile5<T>(k: i32, a: usize, b: usize, beta: T, c: usize, csc: usize): void { tile<T>(2, 5, k, a, b, beta, c, csc); }
export function tile6<T>(k: i32, a: usize, b: usize, beta: T, c: usize, csc: usize): void { tile<T>(2, 6, k, a, b, beta, c, csc); }
export function tileWide<T>(k: i32, a: usize, b: usize, beta: T, c: usize, csc: usize): void { tile<T>(4, 6, k, a, b, beta, c, csc); }
