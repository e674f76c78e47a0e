/**
 * The micro-kernel: a tile of C in registers gathers one column of A times one row of B after the other.
 *
 *               b0  b1  b2  b3  b4  b5       each spread over a register        A: k columns of `rows` registers, astep bytes apart
 *             ┌─────────────────────────┐                                       B: k rows of `cols` entries
 *        a0   │ c00 c01 c02 c03 c04 c05 │                                       C: columns csc bytes apart
 *        a1   │ c10 c11 c12 c13 c14 c15 │
 *       (a2   │ c20 …                   │    rows = 2: registers of 128 bits
 *        a3)  │ c30 …                   │    rows = 4: pairs of them, for an engine that makes 256 bits of a pair
 *
 * The order of statements decides whether the tile stays in registers. V8 before version 13 (Node 20, 22) moves the loads of a loop to
 * its top and orders the products by the code behind the loop; only where both orders agree does one register do for all of B. So: no
 * unrolling over k, columns in natural order, C updated column by column with a branch in each, and a function of its own (Binaryen
 * inlines what is called from a single place). Losing any one of these has been seen to cost a third of the speed: measure.
 */
import { madd } from '../simd';
import { NR } from './blocking';

/** A column of C := x + beta C; beta = 0 does not read C. All loads before all stores, or pairs would not be joined. */
// @ts-ignore: decorator
@inline
function update<T>(rows: usize, c: usize, beta: T, x0: v128, x1: v128, x2: v128, x3: v128): void {
  if (beta != <T>0) {
    const scale = v128.splat<T>(beta);
    const y0 = madd<T>(scale, v128.load(c), x0), y1 = madd<T>(scale, v128.load(c, 16), x1);
    if (rows == 4) {
      const y2 = madd<T>(scale, v128.load(c, 32), x2), y3 = madd<T>(scale, v128.load(c, 48), x3);
      set(rows, c, y0, y1, y2, y3);
    } else set(rows, c, y0, y1, x2, x3);
  } else set(rows, c, x0, x1, x2, x3);
}

// @ts-ignore: decorator
@inline
function set(rows: usize, c: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  v128.store(c, x0);
  v128.store(c, x1, 16);
  if (rows == 4) {
    v128.store(c, x2, 32);
    v128.store(c, x3, 48);
  }
}

/** Tile of C := A B + beta C. `rows` and `cols` are literals where this is inlined: what they exclude leaves no code. */
// @ts-ignore: decorator
@inline
function multiply<T>(rows: usize, cols: usize, k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize): void {
  const zero = v128.splat<T>(<T>0);
  let c00 = zero, c10 = zero, c20 = zero, c30 = zero;
  let c01 = zero, c11 = zero, c21 = zero, c31 = zero;
  let c02 = zero, c12 = zero, c22 = zero, c32 = zero;
  let c03 = zero, c13 = zero, c23 = zero, c33 = zero;
  let c04 = zero, c14 = zero, c24 = zero, c34 = zero;
  let c05 = zero, c15 = zero, c25 = zero, c35 = zero;
  const end = b + k * (cols * sizeof<T>());
  while (b < end) {
    const a0 = v128.load(a), a1 = v128.load(a, 16);
    const a2 = rows == 4 ? v128.load(a, 32) : zero, a3 = rows == 4 ? v128.load(a, 48) : zero;
    let bj = v128.load_splat<T>(b);
    c00 = madd<T>(a0, bj, c00); c10 = madd<T>(a1, bj, c10);
    if (rows == 4) { c20 = madd<T>(a2, bj, c20); c30 = madd<T>(a3, bj, c30); }
    bj = v128.load_splat<T>(b, sizeof<T>());
    c01 = madd<T>(a0, bj, c01); c11 = madd<T>(a1, bj, c11);
    if (rows == 4) { c21 = madd<T>(a2, bj, c21); c31 = madd<T>(a3, bj, c31); }
    bj = v128.load_splat<T>(b, 2 * sizeof<T>());
    c02 = madd<T>(a0, bj, c02); c12 = madd<T>(a1, bj, c12);
    if (rows == 4) { c22 = madd<T>(a2, bj, c22); c32 = madd<T>(a3, bj, c32); }
    bj = v128.load_splat<T>(b, 3 * sizeof<T>());
    c03 = madd<T>(a0, bj, c03); c13 = madd<T>(a1, bj, c13);
    if (rows == 4) { c23 = madd<T>(a2, bj, c23); c33 = madd<T>(a3, bj, c33); }
    if (cols > 4) {
      bj = v128.load_splat<T>(b, 4 * sizeof<T>());
      c04 = madd<T>(a0, bj, c04); c14 = madd<T>(a1, bj, c14);
      if (rows == 4) { c24 = madd<T>(a2, bj, c24); c34 = madd<T>(a3, bj, c34); }
    }
    if (cols > 5) {
      bj = v128.load_splat<T>(b, 5 * sizeof<T>());
      c05 = madd<T>(a0, bj, c05); c15 = madd<T>(a1, bj, c15);
      if (rows == 4) { c25 = madd<T>(a2, bj, c25); c35 = madd<T>(a3, bj, c35); }
    }
    a += astep;
    b += cols * sizeof<T>();
  }
  update<T>(rows, c, beta, c00, c10, c20, c30);
  update<T>(rows, c + csc, beta, c01, c11, c21, c31);
  update<T>(rows, c + 2 * csc, beta, c02, c12, c22, c32);
  update<T>(rows, c + 3 * csc, beta, c03, c13, c23, c33);
  if (cols > 4) update<T>(rows, c + 4 * csc, beta, c04, c14, c24, c34);
  if (cols > 5) update<T>(rows, c + 5 * csc, beta, c05, c15, c25, c35);
}

export function tileFull<T>(k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize): void {
  multiply<T>(2, NR, k, a, astep, b, beta, c, csc);
}

/** For the last columns of C; four of them. */
export function tileRest<T>(k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize): void {
  multiply<T>(2, 4, k, a, astep, b, beta, c, csc);
}

export function tileWide<T>(k: usize, a: usize, astep: usize, b: usize, beta: T, c: usize, csc: usize): void {
  multiply<T>(4, NR, k, a, astep, b, beta, c, csc);
}
