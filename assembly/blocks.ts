/**
 * Copy, add, scale, fill and convert m×n blocks with any strides: what redistribution is made of.
 *
 * A block is walked column by column along the axis whose entries lie closer in the target. If that is the other axis in the
 * source, the block is transposed in tiles that stay in the cache: 32×32 entries, and registers of 4×4 where both sides allow it.
 */
import { axpy, scal } from './level1';
import { claimLine, evens, lanes, LINE_BYTES, loadLanes, madd } from './simd';
import { at, isRowMajor } from './strides';

const TILE = 32;
/** Columns from here on go to memory.copy, which is faster than our own loop only when it has much to copy at once. */
const LONG_BYTES: usize = 16 * 1024;

function copyLong<T>(m: i32, n: i32, src: usize, cs: i32, dst: usize, cd: i32): void {
  for (let j = 0; j < n; j++) memory.copy(at<T>(dst, 0, j, 1, cd), at<T>(src, 0, j, 1, cs), <usize>m * sizeof<T>());
}

function copyUnit<T>(m: i32, n: i32, src: usize, cs: i32, dst: usize, cd: i32): void {
  for (let j = 0; j < n; j++) {
    let i = m, x = at<T>(src, 0, j, 1, cs), y = at<T>(dst, 0, j, 1, cd);
    for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += LINE_BYTES, y += LINE_BYTES) {
      const v0 = v128.load(x), v1 = v128.load(x, 16), v2 = v128.load(x, 32), v3 = v128.load(x, 48);
      claimLine(y);
      v128.store(y, v0);
      v128.store(y, v1, 16);
      v128.store(y, v2, 32);
      v128.store(y, v3, 48);
    }
    for (; i >= lanes<T>(); i -= lanes<T>(), x += 16, y += 16) v128.store(y, v128.load(x));
    for (; i > 0; i--, x += sizeof<T>(), y += sizeof<T>()) store<T>(y, load<T>(x));
  }
}

// Every second entry, as every redistribution between two ranks has it: whole vectors read, one half of them kept.
function copyEverySecond<T>(m: i32, n: i32, src: usize, cs: i32, dst: usize, cd: i32): void {
  for (let j = 0; j < n; j++) {
    let i = m, x = at<T>(src, 0, j, 2, cs), y = at<T>(dst, 0, j, 1, cd);
    // The last entry is not the last of its vector: where it is near, nothing past it may be read.
    for (; i > 4 * lanes<T>(); i -= 4 * lanes<T>(), x += 2 * LINE_BYTES, y += LINE_BYTES) {
      claimLine(y);
      v128.store(y, evens<T>(v128.load(x), v128.load(x, 16)));
      v128.store(y, evens<T>(v128.load(x, 32), v128.load(x, 48)), 16);
      v128.store(y, evens<T>(v128.load(x, 64), v128.load(x, 80)), 32);
      v128.store(y, evens<T>(v128.load(x, 96), v128.load(x, 112)), 48);
    }
    for (; i > lanes<T>(); i -= lanes<T>(), x += 32, y += 16) v128.store(y, evens<T>(v128.load(x), v128.load(x, 16)));
    for (; i > 0; i--, x += 2 * sizeof<T>(), y += sizeof<T>()) store<T>(y, load<T>(x));
  }
}

function copyGathered<T>(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, cd: i32): void {
  const sx = <usize>rs * sizeof<T>(), step = <usize>lanes<T>() * sx;
  for (let j = 0; j < n; j++) {
    let i = m, x = at<T>(src, 0, j, rs, cs), y = at<T>(dst, 0, j, 1, cd);
    for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += 4 * step, y += LINE_BYTES) {
      claimLine(y);
      v128.store(y, loadLanes<T>(false, x, sx));
      v128.store(y, loadLanes<T>(false, x + step, sx), 16);
      v128.store(y, loadLanes<T>(false, x + 2 * step, sx), 32);
      v128.store(y, loadLanes<T>(false, x + 3 * step, sx), 48);
    }
    for (; i >= lanes<T>(); i -= lanes<T>(), x += step, y += 16) v128.store(y, loadLanes<T>(false, x, sx));
    for (; i > 0; i--, x += sx, y += sizeof<T>()) store<T>(y, load<T>(x));
  }
}

function copyScattered<T>(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  const sx = <usize>rs * sizeof<T>(), sy = <usize>rd * sizeof<T>();
  for (let j = 0; j < n; j++) {
    let i = m, x = at<T>(src, 0, j, rs, cs), y = at<T>(dst, 0, j, rd, cd);
    for (; i >= 4; i -= 4, x += 4 * sx, y += 4 * sy) {
      const v0 = load<T>(x), v1 = load<T>(x + sx), v2 = load<T>(x + 2 * sx), v3 = load<T>(x + 3 * sx);
      store<T>(y, v0);
      store<T>(y + sy, v1);
      store<T>(y + 2 * sy, v2);
      store<T>(y + 3 * sy, v3);
    }
    for (; i > 0; i--, x += sx, y += sy) store<T>(y, load<T>(x));
  }
}

// n columns, whichever of the copies above suits their strides. Few at a time: a function that runs long is one that V8 cannot improve.
// @ts-ignore: decorator
@inline
function panel<T>(add: bool, m: i32, n: i32, alpha: T, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  if (add) for (let j = 0; j < n; j++) axpy<T>(m, alpha, at<T>(src, 0, j, rs, cs), rs, at<T>(dst, 0, j, rd, cd), rd);
  else if (rd != 1) copyScattered<T>(m, n, src, rs, cs, dst, rd, cd);
  else if (rs == 2) copyEverySecond<T>(m, n, src, cs, dst, cd);
  else if (rs != 1) copyGathered<T>(m, n, src, rs, cs, dst, cd);
  else if (<usize>m * sizeof<T>() < LONG_BYTES) copyUnit<T>(m, n, src, cs, dst, cd);
  else copyLong<T>(m, n, src, cs, dst, cd);
}

// @ts-ignore: decorator
@inline
function put<T>(add: bool, alpha: v128, v: v128, y: usize): void {
  v128.store(y, add ? madd<T>(v, alpha, v128.load(y)) : v);
}

// 4×4 entries; the rows of x are unit, the columns of y are:
//
//     x   a0 b0 …     y   a0 a1 a2 a3
//         a1 b1           b0 b1 b2 b3
//         a2 b2           …
//         a3 b3
// @ts-ignore: decorator
@inline
function transposeSquare<T>(add: bool, a: v128, x: usize, sx: usize, y: usize, sy: usize): void {
  const x1 = x + sx, x2 = x1 + sx, x3 = x2 + sx, y1 = y + sy, y2 = y1 + sy, y3 = y2 + sy;
  if (sizeof<T>() == 8) {
    const a0 = v128.load(x), b0 = v128.load(x, 16), a1 = v128.load(x1), b1 = v128.load(x1, 16);
    const a2 = v128.load(x2), b2 = v128.load(x2, 16), a3 = v128.load(x3), b3 = v128.load(x3, 16);
    put<T>(add, a, v128.shuffle<f64>(a0, a1, 0, 2), y);
    put<T>(add, a, v128.shuffle<f64>(a2, a3, 0, 2), y + 16);
    put<T>(add, a, v128.shuffle<f64>(a0, a1, 1, 3), y1);
    put<T>(add, a, v128.shuffle<f64>(a2, a3, 1, 3), y1 + 16);
    put<T>(add, a, v128.shuffle<f64>(b0, b1, 0, 2), y2);
    put<T>(add, a, v128.shuffle<f64>(b2, b3, 0, 2), y2 + 16);
    put<T>(add, a, v128.shuffle<f64>(b0, b1, 1, 3), y3);
    put<T>(add, a, v128.shuffle<f64>(b2, b3, 1, 3), y3 + 16);
  } else {
    const a0 = v128.load(x), a1 = v128.load(x1), a2 = v128.load(x2), a3 = v128.load(x3);
    const p = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5), q = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
    const r = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7), s = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
    put<T>(add, a, v128.shuffle<f64>(p, q, 0, 2), y);
    put<T>(add, a, v128.shuffle<f64>(p, q, 1, 3), y1);
    put<T>(add, a, v128.shuffle<f64>(r, s, 0, 2), y2);
    put<T>(add, a, v128.shuffle<f64>(r, s, 1, 3), y3);
  }
}

// `run` times `height` squares: a step of x and y along the run (dx, dy) and across it (ex, ey).
// @ts-ignore: decorator
@inline
function transposeStrip<T>(
  add: bool, run: i32, height: i32, alpha: T, x: usize, sx: usize, dx: usize, ex: usize, y: usize, sy: usize, dy: usize, ey: usize,
): void {
  const a = v128.splat<T>(alpha);
  for (; run > 0; run--, x += dx, y += dy) {
    transposeSquare<T>(add, a, x, sx, y, sy);
    if (height > 1) transposeSquare<T>(add, a, x + ex, sx, y + ey, sy);
    if (sizeof<T>() == 4) {
      if (height > 2) transposeSquare<T>(add, a, x + 2 * ex, sx, y + 2 * ey, sy);
      if (height > 3) transposeSquare<T>(add, a, x + 3 * ex, sx, y + 3 * ey, sy);
    }
  }
}

function copyStrip<T>(
  run: i32, height: i32, x: usize, sx: usize, dx: usize, ex: usize, y: usize, sy: usize, dy: usize, ey: usize,
): void {
  transposeStrip<T>(false, run, height, <T>1, x, sx, dx, ex, y, sy, dy, ey);
}
function addStrip<T>(
  run: i32, height: i32, alpha: T, x: usize, sx: usize, dx: usize, ex: usize, y: usize, sy: usize, dy: usize, ey: usize,
): void {
  transposeStrip<T>(true, run, height, alpha, x, sx, dx, ex, y, sy, dy, ey);
}

// m×n, multiples of 4, in strips that are a cache line high: whole lines of the target are written one after another, or, where the
// block `gathers`, whole lines of the source are read. The side in which a block is thin is the one that lies far apart in memory.
// @ts-ignore: decorator
@inline
function transposeTile<T>(add: bool, gathers: bool, m: i32, n: i32, alpha: T, x: usize, sx: usize, y: usize, sy: usize): void {
  const squareBytes: usize = 4 * sizeof<T>(), line = <i32>(LINE_BYTES / squareBytes);
  const downX: usize = 4 * sx, acrossY: usize = 4 * sy;
  const long = gathers ? m >> 2 : n >> 2, high = gathers ? n >> 2 : m >> 2;
  const dx: usize = gathers ? downX : squareBytes, ex: usize = gathers ? squareBytes : downX;
  const dy: usize = gathers ? squareBytes : acrossY, ey: usize = gathers ? acrossY : squareBytes;
  for (let k = 0; k < high; k += line, x += <usize>line * ex, y += <usize>line * ey) {
    const h = min(line, high - k);
    if (add) addStrip<T>(long, h, alpha, x, sx, dx, ex, y, sy, dy, ey);
    else copyStrip<T>(long, h, x, sx, dx, ex, y, sy, dy, ey);
  }
}

// One cache tile whose orders differ: 4×4 registers where the source rows (cs) and the target columns (rd) are unit.
// @ts-ignore: decorator
@inline
function tile<T>(add: bool, gathers: bool, m: i32, n: i32, alpha: T, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  let n4 = 0;
  if (cs == 1 && rd == 1) {
    const m4 = m & ~3;
    n4 = n & ~3;
    transposeTile<T>(add, gathers, m4, n4, alpha, src, <usize>rs * sizeof<T>(), dst, <usize>cd * sizeof<T>());
    if (m4 < m) panel<T>(add, n4, m - m4, alpha, at<T>(src, m4, 0, rs, cs), cs, rs, at<T>(dst, m4, 0, rd, cd), cd, rd);
  }
  if (n4 < n) panel<T>(add, m, n - n4, alpha, at<T>(src, 0, n4, rs, cs), rs, cs, at<T>(dst, 0, n4, rd, cd), rd, cd);
}

// @ts-ignore: decorator
@inline
function walk<T>(add: bool, m: i32, n: i32, alpha: T, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  if (isRowMajor(m, n, rd, cd)) {
    let t = m; m = n; n = t;
    t = rs; rs = cs; cs = t;
    t = rd; rd = cd; cd = t;
  }
  if (rs == 1 && rd == 1 && cs == m && cd == m) {
    panel<T>(add, m * n, 1, alpha, src, 1, 0, dst, 1, 0);
    return;
  }
  const isTransposed = isRowMajor(m, n, rs, cs);
  for (let j = 0; j < n; j += TILE) {
    const w = min(n - j, TILE), sj = at<T>(src, 0, j, rs, cs), dj = at<T>(dst, 0, j, rd, cd);
    if (!isTransposed) {
      panel<T>(add, m, w, alpha, sj, rs, cs, dj, rd, cd);
    } else {
      for (let i = 0; i < m; i += TILE) {
        tile<T>(add, m > n, min(m - i, TILE), w, alpha, at<T>(sj, i, 0, rs, cs), rs, cs, at<T>(dj, i, 0, rd, cd), rd, cd);
      }
    }
  }
}

/** dst := src, m×n, the same strides or a transpose of them. */
export function copyBlock<T>(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  walk<T>(false, m, n, <T>1, src, rs, cs, dst, rd, cd);
}

/** dst := dst + alpha src. alpha = 1 adds without rounding the product, so both builds give the same bits; alpha = 0 leaves dst. */
export function addBlock<T>(m: i32, n: i32, alpha: T, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  if (alpha != <T>0) walk<T>(true, m, n, alpha, src, rs, cs, dst, rd, cd);
}

function fillColumn<T>(n: i32, value: T, x: usize, incx: i32): void {
  let i = n;
  if (incx == 1) {
    const v = v128.splat<T>(value);
    for (; i >= 4 * lanes<T>(); i -= 4 * lanes<T>(), x += LINE_BYTES) {
      claimLine(x);
      v128.store(x, v);
      v128.store(x, v, 16);
      v128.store(x, v, 32);
      v128.store(x, v, 48);
    }
    for (; i >= lanes<T>(); i -= lanes<T>(), x += 16) v128.store(x, v);
  }
  const sx = <usize>incx * sizeof<T>();
  for (; i > 0; i--, x += sx) store<T>(x, value);
}

/** a_ij := value. */
export function fillBlock<T>(m: i32, n: i32, value: T, a: usize, rs: i32, cs: i32): void {
  if (isRowMajor(m, n, rs, cs)) return fillBlock<T>(n, m, value, a, cs, rs);
  for (let j = 0; j < n; j++) fillColumn<T>(m, value, at<T>(a, 0, j, rs, cs), rs);
}

/** A := beta A; beta = 0 writes zeros even over NaN, beta = 1 touches nothing. */
export function scaleBlock<T>(m: i32, n: i32, beta: T, a: usize, rs: i32, cs: i32): void {
  if (beta == <T>1) return;
  if (beta == <T>0) return fillBlock<T>(m, n, <T>0, a, rs, cs);
  if (isRowMajor(m, n, rs, cs)) return scaleBlock<T>(n, m, beta, a, cs, rs);
  for (let j = 0; j < n; j++) scal<T>(m, beta, at<T>(a, 0, j, rs, cs), rs);
}

function convertColumn<S, T>(n: i32, x: usize, incx: i32, y: usize, incy: i32): void {
  const sx = <usize>incx * sizeof<S>(), sy = <usize>incy * sizeof<T>();
  for (let i = n; i > 0; i--, x += sx, y += sy) store<T>(y, <T>load<S>(x));
}

/** dst := src with its entries rounded (or widened) from S to T. */
export function convertBlock<S, T>(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  if (isRowMajor(m, n, rd, cd)) return convertBlock<S, T>(n, m, src, cs, rs, dst, cd, rd);
  for (let j = 0; j < n; j++) convertColumn<S, T>(m, at<S>(src, 0, j, rs, cs), rs, at<T>(dst, 0, j, rd, cd), rd);
}

export function copyBlock_f64(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  copyBlock<f64>(m, n, src, rs, cs, dst, rd, cd);
}
export function addBlock_f64(m: i32, n: i32, alpha: f64, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  addBlock<f64>(m, n, alpha, src, rs, cs, dst, rd, cd);
}
export function scaleBlock_f64(m: i32, n: i32, beta: f64, a: usize, rs: i32, cs: i32): void { scaleBlock<f64>(m, n, beta, a, rs, cs); }
export function fillBlock_f64(m: i32, n: i32, value: f64, a: usize, rs: i32, cs: i32): void { fillBlock<f64>(m, n, value, a, rs, cs); }
export function copyBlock_f32(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  copyBlock<f32>(m, n, src, rs, cs, dst, rd, cd);
}
export function addBlock_f32(m: i32, n: i32, alpha: f32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  addBlock<f32>(m, n, alpha, src, rs, cs, dst, rd, cd);
}
export function scaleBlock_f32(m: i32, n: i32, beta: f32, a: usize, rs: i32, cs: i32): void { scaleBlock<f32>(m, n, beta, a, rs, cs); }
export function fillBlock_f32(m: i32, n: i32, value: f32, a: usize, rs: i32, cs: i32): void { fillBlock<f32>(m, n, value, a, rs, cs); }
export function convertBlock_f32_f64(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  convertBlock<f32, f64>(m, n, src, rs, cs, dst, rd, cd);
}
export function convertBlock_f64_f32(m: i32, n: i32, src: usize, rs: i32, cs: i32, dst: usize, rd: i32, cd: i32): void {
  convertBlock<f64, f32>(m, n, src, rs, cs, dst, rd, cd);
}
