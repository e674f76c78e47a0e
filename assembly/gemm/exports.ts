/** What GEMM exports, for both item types, with shapes and strides in entries. The functions called say what they do. */
import { NARROW, WIDE } from './blocking';
import { gemm, gemmWorkBytes } from './gemm';
import { PEAK_MADDS, peakFma } from './peak';
import { strassen, strassenWorkBytes } from './strassen';

// @ts-ignore: decorator
@inline
function bytes<T>(stride: i32): usize {
  return <usize>stride * sizeof<T>();
}

export function gemm_f64(
  m: i32, n: i32, k: i32,
  alpha: f64, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f64, c: usize, csc: i32, work: usize,
): void {
  gemm<f64>(NARROW, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f64>(rsa), bytes<f64>(csa), b, bytes<f64>(rsb), bytes<f64>(csb), beta, c, bytes<f64>(csc), work);
}
export function gemmWork_f64(m: i32, n: i32, k: i32): usize {
  return gemmWorkBytes<f64>(NARROW, <usize>m, <usize>n, <usize>k);
}

export function gemmWide_f64(
  m: i32, n: i32, k: i32,
  alpha: f64, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f64, c: usize, csc: i32, work: usize,
): void {
  gemm<f64>(WIDE, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f64>(rsa), bytes<f64>(csa), b, bytes<f64>(rsb), bytes<f64>(csb), beta, c, bytes<f64>(csc), work);
}
export function gemmWideWork_f64(m: i32, n: i32, k: i32): usize {
  return gemmWorkBytes<f64>(WIDE, <usize>m, <usize>n, <usize>k);
}

export function gemmStrassen_f64(
  m: i32, n: i32, k: i32,
  alpha: f64, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f64, c: usize, csc: i32, levels: i32, work: usize,
): void {
  strassen<f64>(levels, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f64>(rsa), bytes<f64>(csa), b, bytes<f64>(rsb), bytes<f64>(csb), beta, c, bytes<f64>(csc), work);
}
export function gemmStrassenWork_f64(m: i32, n: i32, k: i32, levels: i32): usize {
  return strassenWorkBytes<f64>(levels, <usize>m, <usize>n, <usize>k);
}

export function peakFma_f64(iterations: i32, x: f64): f64 {
  return peakFma<f64>(iterations, x);
}
export function peakMadds_f64(): i32 {
  return PEAK_MADDS;
}

export function gemm_f32(
  m: i32, n: i32, k: i32,
  alpha: f32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f32, c: usize, csc: i32, work: usize,
): void {
  gemm<f32>(NARROW, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f32>(rsa), bytes<f32>(csa), b, bytes<f32>(rsb), bytes<f32>(csb), beta, c, bytes<f32>(csc), work);
}
export function gemmWork_f32(m: i32, n: i32, k: i32): usize {
  return gemmWorkBytes<f32>(NARROW, <usize>m, <usize>n, <usize>k);
}

export function gemmWide_f32(
  m: i32, n: i32, k: i32,
  alpha: f32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f32, c: usize, csc: i32, work: usize,
): void {
  gemm<f32>(WIDE, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f32>(rsa), bytes<f32>(csa), b, bytes<f32>(rsb), bytes<f32>(csb), beta, c, bytes<f32>(csc), work);
}
export function gemmWideWork_f32(m: i32, n: i32, k: i32): usize {
  return gemmWorkBytes<f32>(WIDE, <usize>m, <usize>n, <usize>k);
}

export function gemmStrassen_f32(
  m: i32, n: i32, k: i32,
  alpha: f32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f32, c: usize, csc: i32, levels: i32, work: usize,
): void {
  strassen<f32>(levels, <usize>m, <usize>n, <usize>k,
    alpha, a, bytes<f32>(rsa), bytes<f32>(csa), b, bytes<f32>(rsb), bytes<f32>(csb), beta, c, bytes<f32>(csc), work);
}
export function gemmStrassenWork_f32(m: i32, n: i32, k: i32, levels: i32): usize {
  return strassenWorkBytes<f32>(levels, <usize>m, <usize>n, <usize>k);
}

export function peakFma_f32(iterations: i32, x: f32): f32 {
  return peakFma<f32>(iterations, x);
}
export function peakMadds_f32(): i32 {
  return PEAK_MADDS;
}
