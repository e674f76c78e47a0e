/** Sorts eigenvalues or singular values with their vectors. */
import { at, entry } from '../strides';

function swapColumns(m: i32, x: usize, y: usize): void {
  for (let i = 0; i < m; i++, x += 8, y += 8) {
    const t = load<f64>(x);
    store<f64>(x, load<f64>(y));
    store<f64>(y, t);
  }
}

/** Sorts the n numbers d to descend, and the columns of m entries of u and v with them; u or v may be 0. At most n swaps. */
export function sortDescending(n: i32, d: usize, m: i32, u: usize, ldu: i32, v: usize, ldv: i32): void {
  for (let i = 0; i < n - 1; i++) {
    let k = i;
    for (let j = i + 1; j < n; j++) if (load<f64>(entry<f64>(d, j)) > load<f64>(entry<f64>(d, k))) k = j;
    if (k == i) continue;
    swapColumns(1, entry<f64>(d, i), entry<f64>(d, k));
    if (u) swapColumns(m, at<f64>(u, 0, i, 1, ldu), at<f64>(u, 0, k, 1, ldu));
    if (v) swapColumns(m, at<f64>(v, 0, i, 1, ldv), at<f64>(v, 0, k, 1, ldv));
  }
}
