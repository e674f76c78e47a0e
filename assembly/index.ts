/** Every kernel that the engine may call. The only export list of the WebAssembly modules. */
export { dot_f64, dot_f32, asum_f64, asum_f32, amax_f64, amax_f32, axpy_f64, axpy_f32, scal_f64, scal_f32 } from './level1';
export { sum4_f64, sum4_f32 } from './level1';
export { nrm2_f64, nrm2_f32, sumSquaresBlock_f64, sumSquaresBlock_f32, amaxBlock_f64, amaxBlock_f32 } from './norms';
export { dotBlock_f64, dotBlock_f32, columnSums_f64, columnSums_f32, countNonFiniteBlock_f64, countNonFiniteBlock_f32 } from './norms';
export { copyBlock_f64, copyBlock_f32, addBlock_f64, addBlock_f32, scaleBlock_f64, scaleBlock_f32 } from './blocks';
export { fillBlock_f64, fillBlock_f32, convertBlock_f32_f64, convertBlock_f64_f32 } from './blocks';
export { gemv_f64, gemv_f32, ger_f64, ger_f32 } from './level2';
export { sweep_f64, sweep_f32 } from './sweep';
export { sweepPair_f64, sweepPair_f32 } from './sweep-pair';
export { philox, uniform_f64, uniform_f32, normal_f64, normal_f32 } from './random';
export { qr_f64, qr_f32, qrWork_f64, qrWork_f32, formQ_f64, formQ_f32 } from './dense/qr';
export { cholesky_f64, cholesky_f32 } from './dense/cholesky';
export { trsm_f64, trsm_f32 } from './dense/trsm';
export { symmetricEigen_f64, symmetricEigenWork_f64 } from './dense/symmetric-eigen';
export { svd_f64, svdWork_f64 } from './dense/svd';
export * from './gemm/exports';
