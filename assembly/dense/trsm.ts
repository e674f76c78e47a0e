/**
 * Triangular solves with many right-hand sides, X := L⁻¹ X for a lower triangular L; the strides say the rest.
 *
 *     solve      a at      strides of a     x at      strides of X
 *     L X = B    (0, 0)    rs, cs           (0, 0)    rsx, csx
 *     U X = B    (m, m)    -rs, -cs         (m, 0)    -rsx, csx       an upper triangle read backwards is a lower one
 *     Lᵀ X = B   (m, m)    -cs, -rs         (m, 0)    -rsx, csx       Lᵀ is upper
 *     Uᵀ X = B   (0, 0)    cs, rs           (0, 0)    rsx, csx        Uᵀ is lower
 *
 * where (m, m) is the last diagonal entry, (m, 0) the last row. X op(A) = B is op(A)ᵀ Xᵀ = Bᵀ: the strides of X exchanged too.
 */
import { scal } from '../level1';
import { gemv } from '../level2';
import { at, entry } from '../strides';

/** Right-hand sides that are solved together where rows of X are closer than columns: so many that what is in use stays in the cache. */
const PANEL = 256;
/** Unknowns of a column that are solved together: as many as `gemv` takes at once. */
const BLOCK = 4;

// Row by row, all right-hand sides at a time: x_i := (x_i - Σ_k l_ik x_k) / l_ii.
function solveRows<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32, unit: bool, x: usize, rsx: i32, csx: i32): void {
  for (let i = 0; i < m; i++) {
    const xi = at<T>(x, i, 0, rsx, csx);
    gemv<T>(n, i, <T>-1, x, csx, rsx, at<T>(a, i, 0, rs, cs), cs, <T>1, xi, csx);
    if (!unit) scal<T>(n, <T>1 / load<T>(at<T>(a, i, i, rs, cs)), xi, csx);
  }
}

// One right-hand side in blocks. Rows of L that are closer ask for what is known before a block, columns of L for what it says after.
function solveColumn<T>(m: i32, a: usize, rs: i32, cs: i32, unit: bool, x: usize, incx: i32): void {
  const byRows = abs(cs) < abs(rs);
  for (let k = 0; k < m; k += BLOCK) {
    const end = min(k + BLOCK, m), xk = entry<T>(x, k, incx);
    if (byRows) gemv<T>(end - k, k, <T>-1, at<T>(a, k, 0, rs, cs), rs, cs, x, incx, <T>1, xk, incx);
    for (let i = k; i < end; i++) {
      const xi = entry<T>(x, i, incx);
      let s = load<T>(xi);
      for (let l = k; l < i; l++) s -= load<T>(at<T>(a, i, l, rs, cs)) * load<T>(entry<T>(x, l, incx));
      store<T>(xi, unit ? s : s / load<T>(at<T>(a, i, i, rs, cs)));
    }
    if (!byRows) gemv<T>(m - end, end - k, <T>-1, at<T>(a, end, k, rs, cs), rs, cs, xk, incx, <T>1, entry<T>(x, end, incx), incx);
  }
}

/**
 * X := L⁻¹ X for m×m lower triangular L and m×n X, any strides. Only the lower triangle of L is read, and of `unit` ones not the diagonal.
 * A zero on the diagonal gives infinities and NaN. m²n flops.
 */
export function trsm<T>(m: i32, n: i32, a: usize, rs: i32, cs: i32, unit: bool, x: usize, rsx: i32, csx: i32): void {
  if (n > 1 && abs(csx) < abs(rsx)) {
    for (let j = 0; j < n; j += PANEL) solveRows<T>(m, min(n - j, PANEL), a, rs, cs, unit, at<T>(x, 0, j, rsx, csx), rsx, csx);
  } else {
    for (let j = 0; j < n; j++) solveColumn<T>(m, a, rs, cs, unit, at<T>(x, 0, j, rsx, csx), rsx);
  }
}

export function trsm_f64(m: i32, n: i32, a: usize, rs: i32, cs: i32, unit: bool, x: usize, rsx: i32, csx: i32): void {
  trsm<f64>(m, n, a, rs, cs, unit, x, rsx, csx);
}
export function trsm_f32(m: i32, n: i32, a: usize, rs: i32, cs: i32, unit: bool, x: usize, rsx: i32, csx: i32): void {
  trsm<f32>(m, n, a, rs, cs, unit, x, rsx, csx);
}
