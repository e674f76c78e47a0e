/** Cholesky factorisation of a symmetric positive definite matrix. */
import { scal } from '../level1';
import { gemv } from '../level2';
import { at } from '../strides';

/**
 * A = L Lᵀ, n×n column-major: L replaces the lower triangle, the only one read; the strict upper one is left. Returns 0, or the
 * number (from 1) of the first leading minor that is not positive definite; the columns before it are done. n³/3 flops.
 */
export function cholesky<T>(n: i32, a: usize, lda: i32): i32 {
  for (let j = 0; j < n; j++) {
    const ajj = at<T>(a, j, j, 1, lda), row = at<T>(a, j, 0, 1, lda);
    gemv<T>(n - j, j, <T>-1, row, 1, lda, row, lda, <T>1, ajj, 1);
    const pivot = load<T>(ajj);
    if (!(pivot > <T>0)) return j + 1;
    const root = sqrt<T>(pivot);
    store<T>(ajj, root);
    scal<T>(n - j - 1, <T>1 / root, at<T>(a, j + 1, j, 1, lda), 1);
  }
  return 0;
}

export function cholesky_f64(n: i32, a: usize, lda: i32): i32 { return cholesky<f64>(n, a, lda); }
export function cholesky_f32(n: i32, a: usize, lda: i32): i32 { return cholesky<f32>(n, a, lda); }
