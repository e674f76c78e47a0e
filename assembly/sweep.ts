/**
 * The fused sweep u := A x + beta u, y := y + Aᵀ u over a row-major A, which is read once: the step of every Krylov method on AᵀA.
 *
 * Eight rows are multiplied with x while they stream in from memory, then, out of the cache, added to y. The two are not interleaved: where
 * streams out of the second cache run beside those from memory, the processor's prefetching falls behind (AMD Zen 4: a third slower).
 */
import { axpy, dot } from './level1';
import { axpy4, dots4, dots8, storeScaled } from './level2';
import { at, entry } from './strides';

// y := y + Σ u_k a_k over four rows.
function addRows4<T>(n: i32, a: usize, rs: i32, u: usize, y: usize): void {
  axpy4<T>(n, load<T>(u), load<T>(entry<T>(u, 1)), load<T>(entry<T>(u, 2)), load<T>(entry<T>(u, 3)), a, rs, y);
}

/**
 * u_i := a_i·x + beta u_i for every row a_i of the m×n matrix A, and y := y + Aᵀ u. Rows are unit and `rs` entries apart, x and y
 * hold n and u m neighbouring entries. beta = 0 does not read u: y gains AᵀA x, the Gram product; another beta makes it one step of
 * Golub and Kahan. Reads A once, m·n·itemsize bytes.
 */
export function sweep<T>(m: i32, n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  let i = 0;
  for (; i + 8 <= m; i += 8) {
    const rows = at<T>(a, i, 0, rs, 1), ui = entry<T>(u, i);
    dots8<T>(n, <T>1, rows, rs, x, beta, ui);
    addRows4<T>(n, rows, rs, ui, y);
    addRows4<T>(n, at<T>(rows, 4, 0, rs, 1), rs, entry<T>(ui, 4), y);
  }
  if (i + 4 <= m) {
    const rows = at<T>(a, i, 0, rs, 1), ui = entry<T>(u, i);
    dots4<T>(n, <T>1, rows, rs, x, beta, ui);
    addRows4<T>(n, rows, rs, ui, y);
    i += 4;
  }
  for (; i < m; i++) {
    const row = at<T>(a, i, 0, rs, 1), ui = entry<T>(u, i);
    storeScaled<T>(ui, <T>dot<T>(n, row, 1, x, 1), beta);
    axpy<T>(n, load<T>(ui), row, 1, y, 1);
  }
}

export function sweep_f64(m: i32, n: i32, a: usize, rs: i32, x: usize, beta: f64, u: usize, y: usize): void {
  sweep<f64>(m, n, a, rs, x, beta, u, y);
}
export function sweep_f32(m: i32, n: i32, a: usize, rs: i32, x: usize, beta: f32, u: usize, y: usize): void {
  sweep<f32>(m, n, a, rs, x, beta, u, y);
}
