/** Packing. */
import { lanes } from '../simd';

const STRIP: i32 = 16;

/** Panels of rows that are contiguous in memory: a copy. */
function packCopy<T>(bytes: usize, panels: i32, depth: i32, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void {
  const scale = v128.splat<T>(alpha);
  const last = bytes - 16;
  for (let p = 0; p < depth; p++) {
    let s = x, d = dst;
    for (let g = 0; g < panels; g++) {
      for (let o: usize = 0; o < last; o += 16) v128.store(d + o, v128.mul<T>(v128.load(s + o), scale));
      v128.store(d + last, v128.mul<T>(v128.load(s + last), scale));
      s += bytes; d += stride;
    }
    x += cs; dst += bytes;
  }
}
// @ts-ignore: decorator
@inline
function copy<T>(bytes: usize, panels: i32, depth: i32, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void {
  const scale = v128.splat<T>(alpha);
  const last = bytes - 16;
  for (let p = 0; p < depth; p++) {
    let s = x, d = dst;
    for (let g = 0; g < panels; g++) {
      v128.store(d, v128.mul<T>(v128.load(s), scale));
      if (bytes > 32) v128.store(d, v128.mul<T>(v128.load(s, 16), scale), 16);
      if (bytes > 48) v128.store(d, v128.mul<T>(v128.load(s, 32), scale), 32);
      if (bytes > 16) v128.store(d + last, v128.mul<T>(v128.load(s + last), scale));
      s += bytes; d += stride;
    }
    x += cs; dst += bytes;
  }
}
function copy32<T>(panels: i32, depth: i32, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void { copy<T>(32, panels, depth, alpha, x, cs, dst, stride); }
function copy48<T>(panels: i32, depth: i32, alpha: T, x: usize, cs: usize, dst: usize, stride: usize): void { copy<T>(48, panels, depth, alpha, x, cs, dst, stride); }
let FIX: bool = false; export function setFix(f: bool): void { FIX = f; }

/** Two rows (f64), contiguous along the depth. */
function transpose2<T>(depth: i32, alpha: f64, x: usize, rs: usize, dst: usize, w: usize): void {
  const scale = f64x2.splat(alpha);
  let p = 0;
  for (; p + 2 <= depth; p += 2) {
    const u = f64x2.mul(v128.load(x), scale), v = f64x2.mul(v128.load(x + rs), scale);
    v128.store(dst, v128.shuffle<f64>(u, v, 0, 2));
    v128.store(dst + w, v128.shuffle<f64>(u, v, 1, 3));
    x += 16; dst += 2 * w;
  }
  if (p < depth) { store<f64>(dst, alpha * load<f64>(x)); store<f64>(dst, alpha * load<f64>(x + rs), 8); }
}
function transpose4<T>(depth: i32, alpha: f32, x: usize, rs: usize, dst: usize, w: usize): void {
  const scale = f32x4.splat(alpha);
  let p = 0;
  for (; p + 4 <= depth; p += 4) {
    const t = f32x4.mul(v128.load(x), scale), u = f32x4.mul(v128.load(x + rs), scale);
    const v = f32x4.mul(v128.load(x + 2 * rs), scale), y = f32x4.mul(v128.load(x + 3 * rs), scale);
    const l0 = v128.shuffle<f32>(t, u, 0, 4, 1, 5), h0 = v128.shuffle<f32>(t, u, 2, 6, 3, 7);
    const l1 = v128.shuffle<f32>(v, y, 0, 4, 1, 5), h1 = v128.shuffle<f32>(v, y, 2, 6, 3, 7);
    v128.store(dst, v128.shuffle<f64>(l0, l1, 0, 2));
    v128.store(dst + w, v128.shuffle<f64>(l0, l1, 1, 3));
    v128.store(dst + 2 * w, v128.shuffle<f64>(h0, h1, 0, 2));
    v128.store(dst + 3 * w, v128.shuffle<f64>(h0, h1, 1, 3));
    x += 16; dst += 4 * w;
  }
  for (; p < depth; p++) {
    store<f32>(dst, alpha * load<f32>(x)); store<f32>(dst, alpha * load<f32>(x + rs), 4);
    store<f32>(dst, alpha * load<f32>(x + 2 * rs), 8); store<f32>(dst, alpha * load<f32>(x + 3 * rs), 12);
    x += 4; dst += w;
  }
}
function packAny<T>(from: i32, rows: i32, w: i32, depth: i32, alpha: T, x: usize, rs: usize, cs: usize, dst: usize): void {
  for (let p = 0; p < depth; p++) {
    for (let q = from; q < w; q++) store<T>(dst + q * sizeof<T>(), q < rows ? alpha * load<T>(x + <usize>q * rs) : <T>0);
    x += cs; dst += w * sizeof<T>();
  }
}

/** Packs `len` rows of alpha X into panels of `bytes`/sizeof rows. */
export function pack<T>(bytes: usize, len: i32, depth: i32, alpha: T, x: usize, rs: usize, cs: usize, dst: usize, stride: usize): void {
  const w = <i32>(bytes / sizeof<T>());
  let i = 0;
  if (rs == sizeof<T>()) while (i + w <= len) {
    const panels = min(STRIP, (len - i) / w);
    if (FIX && bytes==32) copy32<T>(panels, depth, alpha, x + i * sizeof<T>(), cs, dst, stride);
    else if (FIX && bytes==48) copy48<T>(panels, depth, alpha, x + i * sizeof<T>(), cs, dst, stride);
    else packCopy<T>(bytes, panels, depth, alpha, x + i * sizeof<T>(), cs, dst, stride);
    dst += panels * stride; i += panels * w;
  }
  for (; i < len; i += w) {
    const rows = min(w, len - i), s = x + <usize>i * rs;
    let from = 0;
    if (cs == sizeof<T>()) for (; rows >= lanes<T>() && from < rows; from += lanes<T>()) {
      const q = min(from, rows - lanes<T>());
      if (sizeof<T>() == 8) transpose2<T>(depth, <f64>alpha, s + <usize>q * rs, rs, dst + q * 8, bytes);
      else transpose4<T>(depth, <f32>alpha, s + <usize>q * rs, rs, dst + q * 4, bytes);
    }
    if (from < w) packAny<T>(min(from,rows), rows, w, depth, alpha, s, rs, cs, dst);
    dst += stride;
  }
}
