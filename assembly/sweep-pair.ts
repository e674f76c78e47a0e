/**
 * The fused sweep for two vectors, Y := Y + Aᵀ (A X) over a row-major A that is read once: a step of block Lanczos on AᵀA.
 *
 * Two vectors cost about 1.4 times one, since reading A is most of the cost. Four rows form a block; their eight inner products stay
 * in registers, and the second use of a row comes from the cache.
 */
import { lanes, madd, sumLanes } from './simd';
import { at } from './strides';
import { sweep } from './sweep';

// The four rows at `a` of n entries: y0 += Σ (a_k·x0) a_k, y1 += Σ (a_k·x1) a_k.
function sweepPair4<T>(n: i32, a: usize, rs: i32, x0: usize, x1: usize, y0: usize, y1: usize): void {
  const b = at<T>(a, 1, 0, rs, 1), c = at<T>(a, 2, 0, rs, 1), d = at<T>(a, 3, 0, rs, 1);
  const whole = <usize>(n & -lanes<T>()) * sizeof<T>(), end = <usize>n * sizeof<T>();
  let ta0 = v128.splat<T>(<T>0), ta1 = ta0, tb0 = ta0, tb1 = ta0, tc0 = ta0, tc1 = ta0, td0 = ta0, td1 = ta0;
  for (let o: usize = 0; o < whole; o += 16) {
    const p = v128.load(x0 + o), q = v128.load(x1 + o);
    const ra = v128.load(a + o);
    ta0 = madd<T>(ra, p, ta0);
    ta1 = madd<T>(ra, q, ta1);
    const rb = v128.load(b + o);
    tb0 = madd<T>(rb, p, tb0);
    tb1 = madd<T>(rb, q, tb1);
    const rc = v128.load(c + o);
    tc0 = madd<T>(rc, p, tc0);
    tc1 = madd<T>(rc, q, tc1);
    const rd = v128.load(d + o);
    td0 = madd<T>(rd, p, td0);
    td1 = madd<T>(rd, q, td1);
  }
  let sa0 = sumLanes<T>(ta0), sa1 = sumLanes<T>(ta1), sb0 = sumLanes<T>(tb0), sb1 = sumLanes<T>(tb1);
  let sc0 = sumLanes<T>(tc0), sc1 = sumLanes<T>(tc1), sd0 = sumLanes<T>(td0), sd1 = sumLanes<T>(td1);
  for (let o = whole; o < end; o += sizeof<T>()) {
    const p = load<T>(x0 + o), q = load<T>(x1 + o);
    sa0 += load<T>(a + o) * p;
    sa1 += load<T>(a + o) * q;
    sb0 += load<T>(b + o) * p;
    sb1 += load<T>(b + o) * q;
    sc0 += load<T>(c + o) * p;
    sc1 += load<T>(c + o) * q;
    sd0 += load<T>(d + o) * p;
    sd1 += load<T>(d + o) * q;
  }
  const ea0 = v128.splat<T>(sa0), ea1 = v128.splat<T>(sa1), eb0 = v128.splat<T>(sb0), eb1 = v128.splat<T>(sb1);
  const ec0 = v128.splat<T>(sc0), ec1 = v128.splat<T>(sc1), ed0 = v128.splat<T>(sd0), ed1 = v128.splat<T>(sd1);
  for (let o: usize = 0; o < whole; o += 16) {
    let p = v128.load(y0 + o), q = v128.load(y1 + o);
    const ra = v128.load(a + o);
    p = madd<T>(ra, ea0, p);
    q = madd<T>(ra, ea1, q);
    const rb = v128.load(b + o);
    p = madd<T>(rb, eb0, p);
    q = madd<T>(rb, eb1, q);
    const rc = v128.load(c + o);
    p = madd<T>(rc, ec0, p);
    q = madd<T>(rc, ec1, q);
    const rd = v128.load(d + o);
    p = madd<T>(rd, ed0, p);
    q = madd<T>(rd, ed1, q);
    v128.store(y0 + o, p);
    v128.store(y1 + o, q);
  }
  for (let o = whole; o < end; o += sizeof<T>()) {
    const ra = load<T>(a + o), rb = load<T>(b + o), rc = load<T>(c + o), rd = load<T>(d + o);
    store<T>(y0 + o, load<T>(y0 + o) + sa0 * ra + sb0 * rb + sc0 * rc + sd0 * rd);
    store<T>(y1 + o, load<T>(y1 + o) + sa1 * ra + sb1 * rb + sc1 * rc + sd1 * rd);
  }
}

/**
 * Y := Y + Aᵀ (A X) for X and Y of two columns. A is m×n, its rows unit and `rs` entries apart; the columns of X and Y are unit, `ldx` and
 * `ldy` apart. `work` holds m & 3 entries. Reads A once, m·n·itemsize bytes.
 */
export function sweepPair<T>(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, y: usize, ldy: i32, work: usize): void {
  const m4 = m & ~3;
  const x1 = at<T>(x, 0, 1, 1, ldx), y1 = at<T>(y, 0, 1, 1, ldy);
  for (let i = 0; i < m4; i += 4) sweepPair4<T>(n, at<T>(a, i, 0, rs, 1), rs, x, x1, y, y1);
  sweep<T>(m - m4, n, at<T>(a, m4, 0, rs, 1), rs, x, <T>0, work, y);
  sweep<T>(m - m4, n, at<T>(a, m4, 0, rs, 1), rs, x1, <T>0, work, y1);
}

export function sweepPair_f64(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, y: usize, ldy: i32, work: usize): void {
  sweepPair<f64>(m, n, a, rs, x, ldx, y, ldy, work);
}
export function sweepPair_f32(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, y: usize, ldy: i32, work: usize): void {
  sweepPair<f32>(m, n, a, rs, x, ldx, y, ldy, work);
}
