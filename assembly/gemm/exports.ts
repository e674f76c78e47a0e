/** The GEMM exports, for both item types. */
import { gemm, workBytes } from './gemm';
import { peakFma } from './peak';
export function gemm_f64(m: i32, n: i32, k: i32, alpha: f64, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f64, c: usize, csc: i32, work: usize): void { gemm<f64>(32, m, n, k, alpha, a, rsa*8, csa*8, b, rsb*8, csb*8, beta, c, csc*8, work); }
export function gemm_f32(m: i32, n: i32, k: i32, alpha: f32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f32, c: usize, csc: i32, work: usize): void { gemm<f32>(32, m, n, k, alpha, a, rsa*4, csa*4, b, rsb*4, csb*4, beta, c, csc*4, work); }
export function gemmWide_f64(m: i32, n: i32, k: i32, alpha: f64, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f64, c: usize, csc: i32, work: usize): void { gemm<f64>(64, m, n, k, alpha, a, rsa*8, csa*8, b, rsb*8, csb*8, beta, c, csc*8, work); }
export function gemmWide_f32(m: i32, n: i32, k: i32, alpha: f32, a: usize, rsa: i32, csa: i32, b: usize, rsb: i32, csb: i32, beta: f32, c: usize, csc: i32, work: usize): void { gemm<f32>(64, m, n, k, alpha, a, rsa*4, csa*4, b, rsb*4, csb*4, beta, c, csc*4, work); }
export function peakFma_f64(it: i32, x: f64): f64 { return peakFma<f64>(it, x); }
export function peakFma_f32(it: i32, x: f32): f32 { return peakFma<f32>(it, x); }

export function gemmWork_f64(m: i32, n: i32, k: i32): usize { return workBytes<f64>(32, m, n, k); }
export function gemmWork_f32(m: i32, n: i32, k: i32): usize { return workBytes<f32>(32, m, n, k); }
export function gemmWideWork_f64(m: i32, n: i32, k: i32): usize { return workBytes<f64>(64, m, n, k); }
export function gemmWideWork_f32(m: i32, n: i32, k: i32): usize { return workBytes<f32>(64, m, n, k); }
