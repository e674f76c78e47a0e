/** The linear algebra of one rank's matrices: shapes are checked here, kernels do the work. Outputs come last. */
import { AlchemistError } from '../errors.js';
import type { Matrix } from './matrix.js';
import { type Dtype, itemBytes } from './rank-memory.js';

const shape = (A: Matrix): string => `${A.height}×${A.width}`;

function mustMatch(operation: string, A: Matrix, B: Matrix): void {
  if (A.height !== B.height || A.width !== B.width || A.dtype !== B.dtype) {
    throw new AlchemistError('E_SHAPE', `${operation}: local matrices ${shape(A)} ${A.dtype} and ${shape(B)} ${B.dtype} differ`);
  }
}

/** B := A, same shape and type, any strides. */
export function copy(A: Matrix, B: Matrix): void {
  mustMatch('copy', A, B);
  B.memory.kernelsFor(B.dtype).copyBlock(A.height, A.width, A.ptr, A.rowStride, A.colStride, B.ptr, B.rowStride, B.colStride);
}

/** B += alpha A, same shape and type, any strides. */
export function add(alpha: number, A: Matrix, B: Matrix): void {
  mustMatch('add', A, B);
  B.memory.kernelsFor(B.dtype).addBlock(A.height, A.width, alpha, A.ptr, A.rowStride, A.colStride, B.ptr, B.rowStride, B.colStride);
}

/** B := beta B; beta = 0 writes zeros even over NaN. */
export function scale(beta: number, B: Matrix): void {
  if (beta !== 1) B.memory.kernelsFor(B.dtype).scaleBlock(B.height, B.width, beta, B.ptr, B.rowStride, B.colStride);
}

/** Every entry := value. */
export function fill(value: number, B: Matrix): void {
  B.memory.kernelsFor(B.dtype).fillBlock(B.height, B.width, value, B.ptr, B.rowStride, B.colStride);
}

/** B := A with the item type of B. */
export function convert(A: Matrix, B: Matrix): void {
  if (A.dtype === B.dtype) return copy(A, B);
  if (A.height !== B.height || A.width !== B.width) mustMatch('convert', A, B);
  B.memory.kernelsFor(B.dtype)[`convertBlock_${A.dtype}`](A.height, A.width, A.ptr, A.rowStride, A.colStride, B.ptr, B.rowStride, B.colStride);
}

/** Σ A(i,j) B(i,j), accumulated in f64. */
export function dot(A: Matrix, B: Matrix): number {
  mustMatch('dot', A, B);
  return A.memory.kernelsFor(A.dtype).dotBlock(A.height, A.width, A.ptr, A.rowStride, A.colStride, B.ptr, B.rowStride, B.colStride);
}

/** max |A(i,j)|, 0 for an empty matrix, NaN if any entry is. */
export function maxAbs(A: Matrix): number {
  return A.memory.kernelsFor(A.dtype).amaxBlock(A.height, A.width, A.ptr, A.rowStride, A.colStride);
}

/** How many entries are NaN or infinite. */
export function countNonFinite(A: Matrix): number {
  return A.memory.kernelsFor(A.dtype).countNonFiniteBlock(A.height, A.width, A.ptr, A.rowStride, A.colStride);
}

/** y := alpha A x + beta y for column vectors x (width of A) and y (height of A). */
export function gemv(alpha: number, A: Matrix, x: Matrix, beta: number, y: Matrix): void {
  if (x.height !== A.width || y.height !== A.height || x.width !== 1 || y.width !== 1) {
    throw new AlchemistError('E_SHAPE', `gemv: A ${shape(A)}, x ${shape(x)} and y ${shape(y)} do not fit`);
  }
  const { ptr, rowStride, colStride } = A;
  A.memory.kernelsFor(A.dtype).gemv(A.height, A.width, alpha, ptr, rowStride, colStride, x.ptr, x.rowStride, beta, y.ptr, y.rowStride);
}

/**
 * C := alpha A B + beta C. Transposes are `A.transposed`; beta = 0 ignores the old C, even NaN. C must have stride 1 along rows or along
 * columns (every allocated matrix, its views and their transposes have).
 * @param strassen levels of Strassen's product in Winograd's form: each saves an eighth of the multiplications of large products, and about
 * doubles the bound on rounding errors, which then holds for the largest entries only, not entry by entry.
 */
export function gemm(alpha: number, A: Matrix, B: Matrix, beta: number, C: Matrix, strassen = 0): void {
  if (A.width !== B.height || C.height !== A.height || C.width !== B.width || A.dtype !== B.dtype || A.dtype !== C.dtype) {
    throw new AlchemistError('E_SHAPE', `gemm: A ${shape(A)} ${A.dtype}, B ${shape(B)} ${B.dtype} and C ${shape(C)} ${C.dtype} do not fit`);
  }
  // A kernel writes columns; where C's rows are the contiguous axis, the transposed product Cᵀ = Bᵀ Aᵀ writes them.
  if (C.rowStride !== 1 && C.width > 0 && C.height > 1) {
    if (C.colStride !== 1) throw new Error('gemm: C has stride 1 on neither axis');
    return gemm(alpha, B.transposed, A.transposed, beta, C.transposed, strassen);
  }
  const [m, n, k] = [C.height, C.width, A.width];
  if (m === 0 || n === 0 || k === 0) return scale(beta, C);
  const { kernels, heap, gemmKernel } = C.memory;
  const set = kernels[C.dtype];
  const kernel: string = strassen > 0 ? 'gemmStrassen' : gemmKernel;
  const levels = strassen > 0 ? [strassen] : [];
  const work = heap.alloc(set[`${kernel}Work`](m, n, k, ...levels) as number);
  try {
    set[kernel](m, n, k, alpha, A.ptr, A.rowStride, A.colStride, B.ptr, B.rowStride, B.colStride, beta, C.ptr, C.colStride, ...levels, work);
  } finally {
    heap.free(work);
  }
}

/** No gemm packs more than this at once, however large the matrices. */
const MOST_PACKED_BYTES = 8 * 2 ** 20;

/**
 * Bytes of workspace that {@link gemm} takes at most for an m×k by k×n product: the packed parts of A and B, a tile's edges filled up, and with
 * Strassen's form sums of quarters, of quarters of quarters, …: together less than a third of the operands.
 */
export function gemmWorkBytes(m: number, n: number, k: number, dtype: Dtype, strassen = 0): number {
  const sums = strassen > 0 ? ((m + 16) * (k + 16) + (k + 16) * (n + 16) + 2 * (m + 16) * (n + 16)) * itemBytes(dtype) * 0.4 : 0;
  return sums + Math.min(MOST_PACKED_BYTES, 1024 + (m + n + 64) * (k + 16) * itemBytes(dtype));
}
