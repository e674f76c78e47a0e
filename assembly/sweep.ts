/**
 * The fused sweep u := A x + beta u, y := y + Aᵀ u over a row-major A, which is read once: the step of every Krylov method on AᵀA.
 *
 * Four rows form a block. While the rows of one block are added to y, those of the next are multiplied with x, so that the
 * memory always has eight rows to read ahead (software pipelining); the second use of a row comes from the cache.
 */
import { axpy4, dots4, storeScaled } from './level2';
import { axpy, dot } from './level1';
import { lanes, madd, sumLanes } from './simd';
import { at, entry } from './strides';

// y += Σ u_k a_k over the four rows at `a`, and u_{k+4} := a_{k+4}·x + beta u_{k+4} over the four rows after them.
function pipeline4<T>(n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  const e0 = v128.load_splat<T>(u), e1 = v128.load_splat<T>(u + sizeof<T>());
  const e2 = v128.load_splat<T>(u + 2 * sizeof<T>()), e3 = v128.load_splat<T>(u + 3 * sizeof<T>());
  const a1 = at<T>(a, 1, 0, rs, 1), a2 = at<T>(a, 2, 0, rs, 1), a3 = at<T>(a, 3, 0, rs, 1);
  const b0 = at<T>(a, 4, 0, rs, 1), b1 = at<T>(a, 5, 0, rs, 1), b2 = at<T>(a, 6, 0, rs, 1), b3 = at<T>(a, 7, 0, rs, 1);
  let t0 = v128.splat<T>(<T>0), t1 = t0, t2 = t0, t3 = t0;
  const whole = <usize>(n & -lanes<T>()) * sizeof<T>();
  for (let o: usize = 0; o < whole; o += 16) {
    let yj = v128.load(y + o);
    yj = madd<T>(v128.load(a + o), e0, yj);
    yj = madd<T>(v128.load(a1 + o), e1, yj);
    yj = madd<T>(v128.load(a2 + o), e2, yj);
    yj = madd<T>(v128.load(a3 + o), e3, yj);
    v128.store(y + o, yj);
    const xj = v128.load(x + o);
    t0 = madd<T>(v128.load(b0 + o), xj, t0);
    t1 = madd<T>(v128.load(b1 + o), xj, t1);
    t2 = madd<T>(v128.load(b2 + o), xj, t2);
    t3 = madd<T>(v128.load(b3 + o), xj, t3);
  }
  let s0 = sumLanes<T>(t0), s1 = sumLanes<T>(t1), s2 = sumLanes<T>(t2), s3 = sumLanes<T>(t3);
  for (let o = whole, end = <usize>n * sizeof<T>(); o < end; o += sizeof<T>()) {
    const yj = load<T>(y + o) + load<T>(u) * load<T>(a + o) + load<T>(u + sizeof<T>()) * load<T>(a1 + o);
    store<T>(y + o, yj + load<T>(u + 2 * sizeof<T>()) * load<T>(a2 + o) + load<T>(u + 3 * sizeof<T>()) * load<T>(a3 + o));
    const xj = load<T>(x + o);
    s0 += load<T>(b0 + o) * xj;
    s1 += load<T>(b1 + o) * xj;
    s2 += load<T>(b2 + o) * xj;
    s3 += load<T>(b3 + o) * xj;
  }
  storeScaled<T>(u + 4 * sizeof<T>(), s0, beta);
  storeScaled<T>(u + 5 * sizeof<T>(), s1, beta);
  storeScaled<T>(u + 6 * sizeof<T>(), s2, beta);
  storeScaled<T>(u + 7 * sizeof<T>(), s3, beta);
}

/**
 * u_i := a_i·x + beta u_i for every row a_i of the m×n matrix A, and y := y + Aᵀ u. Rows are unit and `rs` entries apart, x and y
 * hold n and u m neighbouring entries. beta = 0 does not read u: y gains AᵀA x, the Gram product; another beta makes it one step of
 * Golub and Kahan. Reads A once, m·n·itemsize bytes.
 */
export function sweep<T>(m: i32, n: i32, a: usize, rs: i32, x: usize, beta: T, u: usize, y: usize): void {
  const m4 = m & ~3;
  if (m4 > 0) {
    dots4<T>(n, <T>1, a, rs, x, beta, u);
    for (let i = 0; i < m4 - 4; i += 4) pipeline4<T>(n, at<T>(a, i, 0, rs, 1), rs, x, beta, entry<T>(u, i), y);
    const last = entry<T>(u, m4 - 4);
    const u0 = load<T>(last), u1 = load<T>(last + sizeof<T>()), u2 = load<T>(last + 2 * sizeof<T>()), u3 = load<T>(last + 3 * sizeof<T>());
    axpy4<T>(n, u0, u1, u2, u3, at<T>(a, m4 - 4, 0, rs, 1), rs, y);
  }
  for (let i = m4; i < m; i++) {
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
