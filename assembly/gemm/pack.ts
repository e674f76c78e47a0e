/**
 * Packing: rows of X (rows of A, or columns of B) are laid out in panels of w, in the order in which the micro-kernel reads them.
 *
 *      X, len × depth, w = 4             packed
 *      x00 x01 x02 …                     x00 x10 x20 x30 │ x01 x11 x21 x31 │ x02 …      panel 0
 *      x10 x11 x12 …                     x40 x50 x60 x70 │ x41 x51 x61 x71 │ x42 …      panel 1, `stride` bytes further
 *      x20 …                             x80 x90  0   0  │ …                            the last one, filled up
 *
 * Contiguous columns of X are copied, contiguous rows transposed in registers, anything else is gathered entry by entry.
 * Nothing outside X is read. `width` is w in bytes; strides are in bytes.
 */
import { lanes } from '../simd';
import { NR } from './blocking';

/** `width` bytes, at least 16, in vectors of which the last two may overlap. */
// @ts-ignore: decorator
@inline
function copyColumn<T>(width: usize, scale: v128, x: usize, dst: usize): void {
  v128.store(dst, v128.mul<T>(scale, v128.load(x)));
  if (width > 32) v128.store(dst, v128.mul<T>(scale, v128.load(x, 16)), 16);
  if (width > 48) v128.store(dst, v128.mul<T>(scale, v128.load(x, 32)), 32);
  if (width > 16) v128.store(dst + (width - 16), v128.mul<T>(scale, v128.load(x + (width - 16))));
}

/** Panels of an X with contiguous columns. Four columns at a time: four streams from memory, and longer runs within a panel. */
// @ts-ignore: decorator
@inline
function copyPanels<T>(width: usize, panels: usize, depth: usize, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void {
  const scale = v128.splat<T>(alpha);
  for (; depth >= 4; depth -= 4) {
    let s = x, d = dst;
    for (let g: usize = 0; g < panels; g++) {
      copyColumn<T>(width, scale, s, d);
      copyColumn<T>(width, scale, s + cs, d + width);
      copyColumn<T>(width, scale, s + 2 * cs, d + 2 * width);
      copyColumn<T>(width, scale, s + 3 * cs, d + 3 * width);
      s += width;
      d += stride;
    }
    x += 4 * cs;
    dst += 4 * width;
  }
  for (; depth > 0; depth--) {
    for (let g: usize = 0; g < panels; g++) copyColumn<T>(width, scale, x + g * width, dst + g * stride);
    x += cs;
    dst += width;
  }
}

/** The same, with a loop for every width that occurs: 4, 5, 6, 8 or 16 entries. */
function copy<T>(width: usize, panels: usize, depth: usize, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void {
  if (width == 16) copyPanels<T>(16, panels, depth, alpha, x, cs, dst, stride);
  else if (width == 20) copyPanels<T>(20, panels, depth, alpha, x, cs, dst, stride);
  else if (width == 24) copyPanels<T>(24, panels, depth, alpha, x, cs, dst, stride);
  else if (width == 32) copyPanels<T>(32, panels, depth, alpha, x, cs, dst, stride);
  else if (width == 40) copyPanels<T>(40, panels, depth, alpha, x, cs, dst, stride);
  else if (width == 48) copyPanels<T>(48, panels, depth, alpha, x, cs, dst, stride);
  else copyPanels<T>(64, panels, depth, alpha, x, cs, dst, stride);
}

// One, two or four contiguous rows of X, as many columns as a vector has lanes: lane by lane, or transposed in registers.

// @ts-ignore: decorator
@inline
function transpose1<T>(width: usize, scale: v128, x: usize, dst: usize): void {
  const x0 = v128.mul<T>(scale, v128.load(x));
  v128.store_lane<T>(dst, x0, 0);
  v128.store_lane<T>(dst + width, x0, 1);
  if (sizeof<T>() == 4) {
    v128.store_lane<T>(dst + 2 * width, x0, 2);
    v128.store_lane<T>(dst + 3 * width, x0, 3);
  }
}

// @ts-ignore: decorator
@inline
function transpose2<T>(width: usize, scale: v128, x: usize, rs: usize, dst: usize): void {
  const x0 = v128.mul<T>(scale, v128.load(x)), x1 = v128.mul<T>(scale, v128.load(x + rs));
  if (sizeof<T>() == 8) {
    v128.store(dst, v128.shuffle<f64>(x0, x1, 0, 2));
    v128.store(dst + width, v128.shuffle<f64>(x0, x1, 1, 3));
  } else {
    const lo = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), hi = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    v128.store64_lane(dst, lo, 0);
    v128.store64_lane(dst + width, lo, 1);
    v128.store64_lane(dst + 2 * width, hi, 0);
    v128.store64_lane(dst + 3 * width, hi, 1);
  }
}

// @ts-ignore: decorator
@inline
function transpose4<T>(width: usize, scale: v128, x: usize, rs: usize, dst: usize): void {
  if (sizeof<T>() == 8) {
    transpose2<T>(width, scale, x, rs, dst);
    transpose2<T>(width, scale, x + 2 * rs, rs, dst + 16);
  } else {
    const x0 = v128.mul<T>(scale, v128.load(x)), x1 = v128.mul<T>(scale, v128.load(x + rs));
    const x2 = v128.mul<T>(scale, v128.load(x + 2 * rs)), x3 = v128.mul<T>(scale, v128.load(x + 3 * rs));
    const lo = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), hi = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const lo2 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), hi2 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(dst, v128.shuffle<f64>(lo, lo2, 0, 2));
    v128.store(dst + width, v128.shuffle<f64>(lo, lo2, 1, 3));
    v128.store(dst + 2 * width, v128.shuffle<f64>(hi, hi2, 0, 2));
    v128.store(dst + 3 * width, v128.shuffle<f64>(hi, hi2, 1, 3));
  }
}

/** `rows` contiguous rows of X in one pass: the more at a time, the more streams from memory and the longer runs within the panel. */
// @ts-ignore: decorator
@inline
function transposeRows<T>(rows: usize, width: usize, depth: usize, alpha: T, x: usize, rs: usize, dst: usize): void {
  const scale = v128.splat<T>(alpha), columns: usize = lanes<T>(), size: usize = sizeof<T>(), end = x + depth * size - 15;
  for (; x < end; x += 16) {
    if (rows >= 4) transpose4<T>(width, scale, x, rs, dst);
    if (rows >= 8) transpose4<T>(width, scale, x + 4 * rs, rs, dst + 4 * size);
    if (rows == 16) {
      transpose4<T>(width, scale, x + 8 * rs, rs, dst + 8 * size);
      transpose4<T>(width, scale, x + 12 * rs, rs, dst + 12 * size);
    }
    if (rows == 6) transpose2<T>(width, scale, x + 4 * rs, rs, dst + 4 * size);
    if (rows == 5) transpose1<T>(width, scale, x + 4 * rs, dst + 4 * size);
    if (rows == 2) transpose2<T>(width, scale, x, rs, dst);
    if (rows == 1) transpose1<T>(width, scale, x, dst);
    dst += columns * width;
  }
  gather<T>(width, rows, depth % columns, alpha, x, rs, size, dst);
}

/** The same for `rows` rows or, if there is no loop for so many, for some of them; their number. */
function transpose<T>(rows: usize, width: usize, depth: usize, alpha: T, x: usize, rs: usize, dst: usize): usize {
  if (sizeof<T>() == 4 && rows >= 16) {
    transposeRows<T>(16, width, depth, alpha, x, rs, dst);
    return 16;
  }
  if (rows >= 8) {
    transposeRows<T>(8, width, depth, alpha, x, rs, dst);
    return 8;
  }
  if (rows >= NR) {
    transposeRows<T>(NR, width, depth, alpha, x, rs, dst);
    return NR;
  }
  if (rows >= 4) {
    transposeRows<T>(4, width, depth, alpha, x, rs, dst);
    return 4;
  }
  if (rows >= 2) {
    transposeRows<T>(2, width, depth, alpha, x, rs, dst);
    return 2;
  }
  transposeRows<T>(1, width, depth, alpha, x, rs, dst);
  return 1;
}

/** `rows` rows of X, entry by entry. */
function gather<T>(width: usize, rows: usize, depth: usize, alpha: T, x: usize, rs: usize, cs: usize, dst: usize): void {
  for (let p: usize = 0; p < depth; p++) {
    for (let q: usize = 0; q < rows; q++) store<T>(dst + q * sizeof<T>(), alpha * load<T>(x + q * rs));
    x += cs;
    dst += width;
  }
}

/** Zeros for the rows from `from` on. */
function clear<T>(width: usize, from: usize, depth: usize, dst: usize): void {
  for (let p: usize = 0; p < depth; p++) {
    for (let q: usize = from * sizeof<T>(); q < width; q += sizeof<T>()) store<T>(dst + q, <T>0);
    dst += width;
  }
}

/** Packs alpha X, len × depth, into panels of width / sizeof<T>() rows, `stride` bytes apart. */
export function pack<T>(width: usize, len: usize, depth: usize, alpha: T, x: usize, rs: usize, cs: usize, dst: usize, stride: usize): void {
  const w = width / sizeof<T>(), size = sizeof<T>();
  let i: usize = 0;
  if (rs == size) {
    copy<T>(width, len / w, depth, alpha, x, cs, dst, stride);
    i = len / w * w;
  }
  for (; i < len; i += w) {
    const rows = min(w, len - i), s = x + i * rs, d = dst + i / w * stride;
    if (cs == size) for (let q: usize = 0; q < rows; ) q += transpose<T>(rows - q, width, depth, alpha, s + q * rs, rs, d + q * size);
    else gather<T>(width, rows, depth, alpha, s, rs, cs, d);
    if (rows < w) clear<T>(width, rows, depth, d);
  }
}
