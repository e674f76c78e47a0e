/**
 * Columns gathered from 2 or 4 matrices entry by entry, and dealt out to as many: what a redistribution that changes the number of ranks
 * per axis comes to. All parts in one pass, so that every cache line is read once and written once:
 *
 *      parts   a0 a1 a2 …          whole   a0 b0 c0 d0 a1 b1 c1 d1 a2 …
 *              b0 b1 b2 …
 *              c0 c1 c2 …          weave: parts to whole
 *              d0 d1 d2 …          deal:  whole to parts
 *
 * Entries of a column are neighbours on both sides; m is the number of rows of each part. A function for each column, since one that runs
 * long is one that V8 cannot improve.
 */
import { claimLine, evens, lanes, LINE_BYTES, odds } from './simd';
import { entry } from './strides';

// One vector of each part.
// @ts-ignore: decorator
@inline
function weave2Vectors<T>(a: usize, b: usize, y: usize): void {
  const u = v128.load(a), v = v128.load(b);
  if (sizeof<T>() == 8) {
    v128.store(y, v128.shuffle<f64>(u, v, 0, 2));
    v128.store(y, v128.shuffle<f64>(u, v, 1, 3), 16);
  } else {
    v128.store(y, v128.shuffle<f32>(u, v, 0, 4, 1, 5));
    v128.store(y, v128.shuffle<f32>(u, v, 2, 6, 3, 7), 16);
  }
}

function weave2<T>(m: i32, a: usize, b: usize, y: usize): void {
  let i = m;
  for (; i >= 2 * lanes<T>(); i -= 2 * lanes<T>(), a += 32, b += 32, y += LINE_BYTES) {
    claimLine(y);
    weave2Vectors<T>(a, b, y);
    weave2Vectors<T>(a + 16, b + 16, y + 32);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), a += 16, b += 16, y += 32) weave2Vectors<T>(a, b, y);
  for (; i > 0; i--, a += sizeof<T>(), b += sizeof<T>(), y += 2 * sizeof<T>()) {
    store<T>(y, load<T>(a));
    store<T>(y, load<T>(b), sizeof<T>());
  }
}

// @ts-ignore: decorator
@inline
function deal2Vectors<T>(x: usize, a: usize, b: usize): void {
  const u = v128.load(x), v = v128.load(x, 16);
  v128.store(a, evens<T>(u, v));
  v128.store(b, odds<T>(u, v));
}

function deal2<T>(m: i32, x: usize, a: usize, b: usize): void {
  let i = m;
  for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += 2 * LINE_BYTES, a += LINE_BYTES, b += LINE_BYTES) {
    claimLine(a);
    claimLine(b);
    deal2Vectors<T>(x, a, b);
    deal2Vectors<T>(x + 32, a + 16, b + 16);
    deal2Vectors<T>(x + 64, a + 32, b + 32);
    deal2Vectors<T>(x + 96, a + 48, b + 48);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), x += 32, a += 16, b += 16) deal2Vectors<T>(x, a, b);
  for (; i > 0; i--, x += 2 * sizeof<T>(), a += sizeof<T>(), b += sizeof<T>()) {
    store<T>(a, load<T>(x));
    store<T>(b, load<T>(x, sizeof<T>()));
  }
}

// @ts-ignore: decorator
@inline
function weave4Vectors<T>(a: usize, b: usize, c: usize, d: usize, y: usize): void {
  const u = v128.load(a), v = v128.load(b), w = v128.load(c), z = v128.load(d);
  if (sizeof<T>() == 8) {
    v128.store(y, v128.shuffle<f64>(u, v, 0, 2));
    v128.store(y, v128.shuffle<f64>(w, z, 0, 2), 16);
    v128.store(y, v128.shuffle<f64>(u, v, 1, 3), 32);
    v128.store(y, v128.shuffle<f64>(w, z, 1, 3), 48);
  } else {
    const p = v128.shuffle<f32>(u, v, 0, 4, 1, 5), q = v128.shuffle<f32>(w, z, 0, 4, 1, 5);
    const r = v128.shuffle<f32>(u, v, 2, 6, 3, 7), s = v128.shuffle<f32>(w, z, 2, 6, 3, 7);
    v128.store(y, v128.shuffle<f64>(p, q, 0, 2));
    v128.store(y, v128.shuffle<f64>(p, q, 1, 3), 16);
    v128.store(y, v128.shuffle<f64>(r, s, 0, 2), 32);
    v128.store(y, v128.shuffle<f64>(r, s, 1, 3), 48);
  }
}

function weave4<T>(m: i32, a: usize, b: usize, c: usize, d: usize, y: usize): void {
  let i = m;
  for (; i >= lanes<T>(); i -= lanes<T>(), a += 16, b += 16, c += 16, d += 16, y += LINE_BYTES) {
    claimLine(y);
    weave4Vectors<T>(a, b, c, d, y);
  }
  for (; i > 0; i--, a += sizeof<T>(), b += sizeof<T>(), c += sizeof<T>(), d += sizeof<T>(), y += 4 * sizeof<T>()) {
    store<T>(y, load<T>(a));
    store<T>(y, load<T>(b), sizeof<T>());
    store<T>(y, load<T>(c), 2 * sizeof<T>());
    store<T>(y, load<T>(d), 3 * sizeof<T>());
  }
}

// @ts-ignore: decorator
@inline
function deal4Vectors<T>(x: usize, a: usize, b: usize, c: usize, d: usize): void {
  const u = v128.load(x), v = v128.load(x, 16), w = v128.load(x, 32), z = v128.load(x, 48);
  if (sizeof<T>() == 8) {
    v128.store(a, v128.shuffle<f64>(u, w, 0, 2));
    v128.store(b, v128.shuffle<f64>(u, w, 1, 3));
    v128.store(c, v128.shuffle<f64>(v, z, 0, 2));
    v128.store(d, v128.shuffle<f64>(v, z, 1, 3));
  } else {
    const p = v128.shuffle<f32>(u, v, 0, 4, 1, 5), q = v128.shuffle<f32>(w, z, 0, 4, 1, 5);
    const r = v128.shuffle<f32>(u, v, 2, 6, 3, 7), s = v128.shuffle<f32>(w, z, 2, 6, 3, 7);
    v128.store(a, v128.shuffle<f64>(p, q, 0, 2));
    v128.store(b, v128.shuffle<f64>(p, q, 1, 3));
    v128.store(c, v128.shuffle<f64>(r, s, 0, 2));
    v128.store(d, v128.shuffle<f64>(r, s, 1, 3));
  }
}

function deal4<T>(m: i32, x: usize, a: usize, b: usize, c: usize, d: usize): void {
  let i = m;
  for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += 4 * LINE_BYTES, a += LINE_BYTES, b += LINE_BYTES, c += LINE_BYTES, d += LINE_BYTES) {
    claimLine(a);
    claimLine(b);
    claimLine(c);
    claimLine(d);
    deal4Vectors<T>(x, a, b, c, d);
    deal4Vectors<T>(x + 64, a + 16, b + 16, c + 16, d + 16);
    deal4Vectors<T>(x + 128, a + 32, b + 32, c + 32, d + 32);
    deal4Vectors<T>(x + 192, a + 48, b + 48, c + 48, d + 48);
  }
  for (; i >= lanes<T>(); i -= lanes<T>(), x += 64, a += 16, b += 16, c += 16, d += 16) deal4Vectors<T>(x, a, b, c, d);
  for (; i > 0; i--, x += 4 * sizeof<T>(), a += sizeof<T>(), b += sizeof<T>(), c += sizeof<T>(), d += sizeof<T>()) {
    store<T>(a, load<T>(x));
    store<T>(b, load<T>(x, sizeof<T>()));
    store<T>(c, load<T>(x, 2 * sizeof<T>()));
    store<T>(d, load<T>(x, 3 * sizeof<T>()));
  }
}

/**
 * whole(parts·i + p, j) := part_p(i, j) for m×n parts, two or four of them; the columns of part_p are c_p entries apart, those of the whole cw.
 * Of two parts the last two are not looked at. What the whole has beyond parts·m rows is left alone.
 */
export function weave<T>(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  for (let j = 0; j < n; j++) {
    const aj = entry<T>(a, j, ca), bj = entry<T>(b, j, cb), y = entry<T>(whole, j, cw);
    if (parts == 2) weave2<T>(m, aj, bj, y);
    else weave4<T>(m, aj, bj, entry<T>(c, j, cc), entry<T>(d, j, cd), y);
  }
}

/** part_p(i, j) := whole(parts·i + p, j): `weave` the other way. */
export function deal<T>(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  for (let j = 0; j < n; j++) {
    const aj = entry<T>(a, j, ca), bj = entry<T>(b, j, cb), x = entry<T>(whole, j, cw);
    if (parts == 2) deal2<T>(m, x, aj, bj);
    else deal4<T>(m, x, aj, bj, entry<T>(c, j, cc), entry<T>(d, j, cd));
  }
}

export function weave_f64(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  weave<f64>(parts, m, n, a, ca, b, cb, c, cc, d, cd, whole, cw);
}
export function deal_f64(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  deal<f64>(parts, m, n, a, ca, b, cb, c, cc, d, cd, whole, cw);
}
export function weave_f32(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  weave<f32>(parts, m, n, a, ca, b, cb, c, cc, d, cd, whole, cw);
}
export function deal_f32(
  parts: i32, m: i32, n: i32, a: usize, ca: i32, b: usize, cb: i32, c: usize, cc: i32, d: usize, cd: i32, whole: usize, cw: i32,
): void {
  deal<f32>(parts, m, n, a, ca, b, cb, c, cc, d, cd, whole, cw);
}
