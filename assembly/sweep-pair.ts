/**
 * The fused sweep for two vectors, U := A X, Y := Y + Aᵀ U over a row-major A that is read once: a step of block Lanczos on AᵀA.
 *
 * As in the sweep for one vector, eight rows are multiplied with the first while they stream in from memory; then, out of the cache, with the
 * second, and added to both results. Since reading A is most of the cost, a pair takes a quarter longer than one vector.
 */
import { dots8 } from './level2';
import { lanes, madd } from './simd';
import { at, entry } from './strides';
import { sweep } from './sweep';

/** y := y + Σ u_k a_k, z := z + Σ v_k a_k over four rows a_k, `rs` apart. */
function addPair4<T>(n: i32, a: usize, rs: i32, u: usize, v: usize, y: usize, z: usize): void {
  let b = at<T>(a, 1, 0, rs, 1), c = at<T>(a, 2, 0, rs, 1), d = at<T>(a, 3, 0, rs, 1);
  const ay = splat<T>(u, 0), by = splat<T>(u, 1), cy = splat<T>(u, 2), dy = splat<T>(u, 3);
  const az = splat<T>(v, 0), bz = splat<T>(v, 1), cz = splat<T>(v, 2), dz = splat<T>(v, 3);
  let i = n;
  for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), y += 64, z += 64, a += 64, b += 64, c += 64, d += 64) {
    addPair<T>(a, ay, az, b, by, bz, c, cy, cz, d, dy, dz, y, z, 0);
    // Never true, but each ends a basic block: TurboFan moves all loads of one to its top, and four times six outrun the registers.
    if (!y) break;
    addPair<T>(a, ay, az, b, by, bz, c, cy, cz, d, dy, dz, y, z, 16);
    if (!z) break;
    addPair<T>(a, ay, az, b, by, bz, c, cy, cz, d, dy, dz, y, z, 32);
    if (!a) break;
    addPair<T>(a, ay, az, b, by, bz, c, cy, cz, d, dy, dz, y, z, 48);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), y += 16, z += 16, a += 16, b += 16, c += 16, d += 16) {
    addPair<T>(a, ay, az, b, by, bz, c, cy, cz, d, dy, dz, y, z, 0);
  }
  for (let j = 0; j < i; j++) {
    const ra = load<T>(entry<T>(a, j)), rb = load<T>(entry<T>(b, j)), rc = load<T>(entry<T>(c, j)), rd = load<T>(entry<T>(d, j));
    addScalar<T>(entry<T>(y, j), u, ra, rb, rc, rd);
    addScalar<T>(entry<T>(z, j), v, ra, rb, rc, rd);
  }
}

// @ts-ignore: decorator
@inline
function splat<T>(u: usize, k: i32): v128 {
  return v128.splat<T>(load<T>(entry<T>(u, k)));
}

// @ts-ignore: decorator
@inline
function addPair<T>(
  a: usize, ay: v128, az: v128, b: usize, by: v128, bz: v128, c: usize, cy: v128, cz: v128, d: usize, dy: v128, dz: v128,
  y: usize, z: usize, o: usize,
): void {
  const ra = v128.load(a + o), rb = v128.load(b + o), rc = v128.load(c + o), rd = v128.load(d + o);
  v128.store(y + o, madd<T>(rd, dy, madd<T>(rc, cy, madd<T>(rb, by, madd<T>(ra, ay, v128.load(y + o))))));
  v128.store(z + o, madd<T>(rd, dz, madd<T>(rc, cz, madd<T>(rb, bz, madd<T>(ra, az, v128.load(z + o))))));
}

// @ts-ignore: decorator
@inline
function addScalar<T>(y: usize, u: usize, a: T, b: T, c: T, d: T): void {
  store<T>(y, load<T>(y) + load<T>(u) * a + load<T>(entry<T>(u, 1)) * b + load<T>(entry<T>(u, 2)) * c + load<T>(entry<T>(u, 3)) * d);
}

/**
 * U := A X and Y := Y + Aᵀ U for X, Y and U of two columns. A is m×n, its rows unit and `rs` entries apart; the columns of X, U and Y are
 * unit, `ldx`, `ldu` and `ldy` apart. Reads A once, m·n·itemsize bytes.
 */
export function sweepPair<T>(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  const z = at<T>(x, 0, 1, 1, ldx), v = at<T>(u, 0, 1, 1, ldu), w = at<T>(y, 0, 1, 1, ldy);
  let i = 0;
  for (; i + 8 <= m; i += 8) {
    const rows = at<T>(a, i, 0, rs, 1);
    dots8<T>(n, <T>1, rows, rs, x, <T>0, entry<T>(u, i));
    dots8<T>(n, <T>1, rows, rs, z, <T>0, entry<T>(v, i));
    addPair4<T>(n, rows, rs, entry<T>(u, i), entry<T>(v, i), y, w);
    addPair4<T>(n, at<T>(rows, 4, 0, rs, 1), rs, entry<T>(u, i + 4), entry<T>(v, i + 4), y, w);
  }
  sweep<T>(m - i, n, at<T>(a, i, 0, rs, 1), rs, x, <T>0, entry<T>(u, i), y);
  sweep<T>(m - i, n, at<T>(a, i, 0, rs, 1), rs, z, <T>0, entry<T>(v, i), w);
}

export function sweepPair_f64(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  sweepPair<f64>(m, n, a, rs, x, ldx, u, ldu, y, ldy);
}
export function sweepPair_f32(m: i32, n: i32, a: usize, rs: i32, x: usize, ldx: i32, u: usize, ldu: i32, y: usize, ldy: i32): void {
  sweepPair<f32>(m, n, a, rs, x, ldx, u, ldu, y, ldy);
}
