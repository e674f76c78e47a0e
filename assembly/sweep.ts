/**
 * The fused sweep u := A x + beta u, y := y + Aᵀ u over a row-major A, which is read once: the step of every Krylov method on AᵀA.
 *
 * Four rows go together, each from a quarter of A of its own: so the memory is read in four streams that run on from row to row, and what
 * prefetches them never starts anew. There are two forms, which give the same bits:
 *  - interleaved: while the inner products of four rows are under way, the four before them, still in the cache, are added to y, a piece of
 *    each in turn: so the memory has no pause (Intel Xeon: a fifth faster);
 *  - in turns: four rows are multiplied, then added. Where reading from the second cache holds up what comes from memory, that is better (AMD
 *    Zen 4: a third faster).
 */
import { axpy, dot } from './level1';
import { axpy4, dots4, finishDot, storeScaled } from './level2';
import { lanes, madd } from './simd';
import { at, entry } from './strides';

/** Bytes of a row that are multiplied, or added, in turn: few enough for prefetching to go on meanwhile. */
// @ts-ignore: decorator
@inline
export const PIECE: usize = 256;

/**
 * u_i := a_i·x + beta u_i for every row a_i of the m×n matrix A, and y := y + Aᵀ u. Rows are unit and `rs` entries apart, x and y
 * hold n and u m neighbouring entries. beta = 0 does not read u: y gains AᵀA x, the Gram product; another beta makes it one step of
 * Golub and Kahan. Reads A once, m·n·itemsize bytes.
 */
export function sweep<T>(inTurns: bool, m: i32, n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  const quarter = m / 4;
  if (inTurns) sweepInTurns<T>(quarter, n, a, rs, x, beta, u, y);
  else if (quarter > 0) sweepInterleaved<T>(quarter, n, a, rs, x, beta, u, y);
  for (let i = 4 * quarter; i < m; i++) {
    const row = at<T>(a, i, 0, rs, 1), ui = entry<T>(u, i);
    storeScaled<T>(ui, <T>dot<T>(n, row, 1, x, 1), beta);
    axpy<T>(n, load<T>(ui), row, 1, y, 1);
  }
}

/** The sweep over four times `quarter` rows, which are the first of each quarter, then the second, and so on. */
function sweepInTurns<T>(quarter: i32, n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  for (let i = 0; i < quarter; i++) {
    const rows = at<T>(a, i, 0, rs, 1), ui = entry<T>(u, i);
    dots4<T>(n, <T>1, rows, quarter * rs, x, beta, ui, quarter);
    const e0 = load<T>(ui), e1 = load<T>(entry<T>(ui, quarter)), e2 = load<T>(entry<T>(ui, 2 * quarter)), e3 = load<T>(entry<T>(ui, 3 * quarter));
    axpy4<T>(n, e0, e1, e2, e3, rows, quarter * rs, y);
  }
}

/** The same, in the other form. */
function sweepInterleaved<T>(quarter: i32, n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  const rest = n % lanes<T>(), end = entry<T>(x, n - rest);
  for (let i = 0; i <= quarter; i++) {
    // Row i of each quarter is multiplied with x, row i - 1 is added to y.
    let a0 = at<T>(a, i, 0, rs, 1), a1 = at<T>(a0, quarter, 0, rs, 1), a2 = at<T>(a1, quarter, 0, rs, 1), a3 = at<T>(a2, quarter, 0, rs, 1);
    let b0 = at<T>(a0, -1, 0, rs, 1), b1 = at<T>(a1, -1, 0, rs, 1), b2 = at<T>(a2, -1, 0, rs, 1), b3 = at<T>(a3, -1, 0, rs, 1);
    let t0 = v128.splat<T>(<T>0), t1 = t0, t2 = t0, t3 = t0;
    const ub = entry<T>(u, max(i - 1, 0));
    const e0 = splatAt<T>(ub, 0), e1 = splatAt<T>(ub, quarter), e2 = splatAt<T>(ub, 2 * quarter), e3 = splatAt<T>(ub, 3 * quarter);
    let xj = x, yj = y;
    while (xj != end) {
      const stop = min(xj + PIECE, end), stopAdding = y + (stop - x);
      if (i == quarter) xj = stop;
      for (; xj != stop; xj += 16, a0 += 16, a1 += 16, a2 += 16, a3 += 16) {
        const v = v128.load(xj);
        t0 = madd<T>(v128.load(a0), v, t0);
        t1 = madd<T>(v128.load(a1), v, t1);
        t2 = madd<T>(v128.load(a2), v, t2);
        t3 = madd<T>(v128.load(a3), v, t3);
      }
      if (i == 0) yj = stopAdding;
      for (; yj != stopAdding; yj += 16, b0 += 16, b1 += 16, b2 += 16, b3 += 16) {
        const v = madd<T>(v128.load(b1), e1, madd<T>(v128.load(b0), e0, v128.load(yj)));
        v128.store(yj, madd<T>(v128.load(b3), e3, madd<T>(v128.load(b2), e2, v)));
      }
    }
    if (i > 0) addRest<T>(rest, b0, b1, b2, b3, ub, quarter, yj);
    if (i == quarter) return;
    const ua = entry<T>(u, i);
    finishDot<T>(t0, rest, a0, xj, <T>1, beta, ua);
    finishDot<T>(t1, rest, a1, xj, <T>1, beta, entry<T>(ua, quarter));
    finishDot<T>(t2, rest, a2, xj, <T>1, beta, entry<T>(ua, 2 * quarter));
    finishDot<T>(t3, rest, a3, xj, <T>1, beta, entry<T>(ua, 3 * quarter));
  }
}

/** Entry i of u in all lanes. */
// @ts-ignore: decorator
@inline
export function splatAt<T>(u: usize, i: i32): v128 {
  return v128.load_splat<T>(entry<T>(u, i));
}

/** y := y + Σ u_k b_k for the last n entries, which fill no vector, of four rows b_k; the u_k are `quarter` apart. */
// @ts-ignore: decorator
@inline
export function addRest<T>(n: i32, b0: usize, b1: usize, b2: usize, b3: usize, u: usize, quarter: i32, y: usize): void {
  const e0 = load<T>(u), e1 = load<T>(entry<T>(u, quarter)), e2 = load<T>(entry<T>(u, 2 * quarter)), e3 = load<T>(entry<T>(u, 3 * quarter));
  for (let o: usize = 0, end = <usize>n * sizeof<T>(); o < end; o += sizeof<T>()) {
    store<T>(y + o, load<T>(y + o) + e0 * load<T>(b0 + o) + e1 * load<T>(b1 + o) + e2 * load<T>(b2 + o) + e3 * load<T>(b3 + o));
  }
}

export function sweep_f64(inTurns: bool, m: i32, n: i32, a: usize, rs: i32, x: usize, beta: f64, u: usize, y: usize): void {
  sweep<f64>(inTurns, m, n, a, rs, x, beta, u, y);
}
export function sweep_f32(inTurns: bool, m: i32, n: i32, a: usize, rs: i32, x: usize, beta: f32, u: usize, y: usize): void {
  sweep<f32>(inTurns, m, n, a, rs, x, beta, u, y);
}
