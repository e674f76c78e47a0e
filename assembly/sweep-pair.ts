/**
 * The fused sweep for two vectors, U := A X, Y := Y + Aᵀ U over a row-major A that is read once: a step of block Lanczos on AᵀA.
 *
 * As in the sweep for one vector, four rows go together, each from its own quarter of A; while a piece of each is multiplied with both
 * vectors, the rows before them are added to both results. Since reading A is most of the cost, a pair takes little longer than one vector.
 */
import { finishDot } from './level2';
import { lanes, madd } from './simd';
import { at, entry } from './strides';
import { addRest, PIECE, splatAt, sweep } from './sweep';

/**
 * U := A X and Y := Y + Aᵀ U for X, Y and U of two columns. A is m×n, its rows unit and `rs` entries apart; the columns of X, U and Y are
 * unit, `ldx`, `ldu` and `ldy` apart. Reads A once, m·n·itemsize bytes.
 */
export function sweepPair<T>(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  const z = at<T>(x, 0, 1, 1, ldx), v = at<T>(u, 0, 1, 1, ldu), w = at<T>(y, 0, 1, 1, ldy);
  const quarter = m / 4;
  if (quarter > 0) sweepPairQuarters<T>(quarter, n, a, rs, x, z, u, v, y, w);
  const i = 4 * quarter, rows = at<T>(a, i, 0, rs, 1);
  sweep<T>(false, m - i, n, rows, rs, x, <T>0, entry<T>(u, i), y);
  sweep<T>(false, m - i, n, rows, rs, z, <T>0, entry<T>(v, i), w);
}

/** The sweep over four times `quarter` rows: u := A x and v := A z, y := y + Aᵀ u and w := w + Aᵀ v. */
function sweepPairQuarters<T>(
  quarter: i32, n: i32, a: usize, rs: i32, x: usize, z: usize, u: usize, v: usize, y: usize, w: usize,
): void {
  const rest = n % lanes<T>(), end = entry<T>(x, n - rest);
  for (let i = 0; i <= quarter; i++) {
    // Row i of each quarter is multiplied with x and z, row i - 1 is added to y and w.
    let a0 = at<T>(a, i, 0, rs, 1), a1 = at<T>(a0, quarter, 0, rs, 1), a2 = at<T>(a1, quarter, 0, rs, 1), a3 = at<T>(a2, quarter, 0, rs, 1);
    let b0 = at<T>(a0, -1, 0, rs, 1), b1 = at<T>(a1, -1, 0, rs, 1), b2 = at<T>(a2, -1, 0, rs, 1), b3 = at<T>(a3, -1, 0, rs, 1);
    let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
    const ub = entry<T>(u, max(i - 1, 0)), vb = entry<T>(v, max(i - 1, 0));
    const d0 = splatAt<T>(ub, 0), d1 = splatAt<T>(ub, quarter), d2 = splatAt<T>(ub, 2 * quarter), d3 = splatAt<T>(ub, 3 * quarter);
    const e0 = splatAt<T>(vb, 0), e1 = splatAt<T>(vb, quarter), e2 = splatAt<T>(vb, 2 * quarter), e3 = splatAt<T>(vb, 3 * quarter);
    let xj = x, zj = z, yj = y, wj = w;
    while (xj != end) {
      const stop = min(xj + PIECE, end), stopAdding = y + (stop - x);
      if (i == quarter) xj = stop;
      for (; xj != stop; xj += 16, zj += 16, a0 += 16, a1 += 16, a2 += 16, a3 += 16) {
        const vx = v128.load(xj), vz = v128.load(zj), v0 = v128.load(a0), v1 = v128.load(a1), v2 = v128.load(a2), v3 = v128.load(a3);
        s0 = madd<T>(v0, vx, s0);
        t0 = madd<T>(v0, vz, t0);
        s1 = madd<T>(v1, vx, s1);
        t1 = madd<T>(v1, vz, t1);
        s2 = madd<T>(v2, vx, s2);
        t2 = madd<T>(v2, vz, t2);
        s3 = madd<T>(v3, vx, s3);
        t3 = madd<T>(v3, vz, t3);
      }
      if (i == 0) yj = stopAdding;
      for (; yj != stopAdding; yj += 16, wj += 16, b0 += 16, b1 += 16, b2 += 16, b3 += 16) {
        const v0 = v128.load(b0), v1 = v128.load(b1), v2 = v128.load(b2), v3 = v128.load(b3);
        v128.store(yj, madd<T>(v3, d3, madd<T>(v2, d2, madd<T>(v1, d1, madd<T>(v0, d0, v128.load(yj))))));
        v128.store(wj, madd<T>(v3, e3, madd<T>(v2, e2, madd<T>(v1, e1, madd<T>(v0, e0, v128.load(wj))))));
      }
    }
    if (i > 0) {
      addRest<T>(rest, b0, b1, b2, b3, ub, quarter, yj);
      addRest<T>(rest, b0, b1, b2, b3, vb, quarter, wj);
    }
    if (i == quarter) return;
    const ua = entry<T>(u, i), va = entry<T>(v, i);
    finishDot<T>(s0, rest, a0, xj, <T>1, <T>0, ua);
    finishDot<T>(s1, rest, a1, xj, <T>1, <T>0, entry<T>(ua, quarter));
    finishDot<T>(s2, rest, a2, xj, <T>1, <T>0, entry<T>(ua, 2 * quarter));
    finishDot<T>(s3, rest, a3, xj, <T>1, <T>0, entry<T>(ua, 3 * quarter));
    finishDot<T>(t0, rest, a0, zj, <T>1, <T>0, va);
    finishDot<T>(t1, rest, a1, zj, <T>1, <T>0, entry<T>(va, quarter));
    finishDot<T>(t2, rest, a2, zj, <T>1, <T>0, entry<T>(va, 2 * quarter));
    finishDot<T>(t3, rest, a3, zj, <T>1, <T>0, entry<T>(va, 3 * quarter));
  }
}

export function sweepPair_f64(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  sweepPair<f64>(m, n, a, rs, x, ldx, u, ldu, y, ldy);
}
export function sweepPair_f32(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  sweepPair<f32>(m, n, a, rs, x, ldx, u, ldu, y, ldy);
}
