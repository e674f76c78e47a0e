/**
 * The operations of a session: each method names a task, its operands and its options.
 *
 * Operands may have any distributions. Entries that are NaN or infinite go through every operation as IEEE 754 says, unless a method says
 * otherwise; a factor of exactly 0 leaves its matrix out, as in the BLAS. All errors are AlchemistErrors: E_SHAPE and E_LAYOUT for operands
 * that do not fit, with their shapes and layouts, E_ARGUMENT for options that cannot be, E_MEMORY before anything is allocated, E_FREED,
 * E_CLOSED and E_CANCELLED. After an error the session is as usable as before; a matrix that the operation overwrites is untouched if it
 * was refused, and undefined if it failed on the way.
 */
import type { Range } from '../layout/layout.js';
import type { DistPair } from '../layout/distribution.js';
import type { CallOptions, Dtype } from './backend.js';
import type { MatrixHandle } from './matrix-handle.js';
import type { CopyOptions, Distribution, GemmOptions, NewMatrixOptions, RandomOptions, Solution, SolveOptions, TruncatedSvd, TruncatedSvdOptions } from './options.js';

/** What a task gave: its matrices in the order of their names, and the rest by name. */
export interface Results {
  readonly matrices: readonly MatrixHandle[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** 'one': the largest column sum of |A(i,j)|; 'infinity': the largest row sum; 'frobenius': √Σ A(i,j)²; 'max': max |A(i,j)|; 'two': σ₁. */
export type NormKind = 'one' | 'infinity' | 'frobenius' | 'max' | 'two';

export abstract class Operations {
  /** Runs a task of the standard library; arguments and call options together. */
  protected abstract call(task: string, args: CallOptions & Readonly<Record<string, unknown>>): Promise<Results>;

  async #matrix(task: string, args: CallOptions & Readonly<Record<string, unknown>>): Promise<MatrixHandle> {
    return (await this.call(task, args)).matrices[0];
  }

  async #number(task: string, args: CallOptions & Readonly<Record<string, unknown>>): Promise<number> {
    return (await this.call(task, args)).values.value as number;
  }

  /** C := alpha op(A) op(B) + beta C by the variant that moves the fewest bytes; C is neither A nor B. beta = 0 ignores the old C, even NaN. */
  gemm(A: MatrixHandle, B: MatrixHandle, options: GemmOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('gemm', { ...options, A, B });
  }

  /** A in another distribution: a new matrix. */
  redistribute(A: MatrixHandle, dist: DistPair, options: Omit<Distribution, 'dist'> & CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('redistribute', { ...options, A, dist });
  }

  /** Aᵀ, a new matrix. Without `dist` its distribution is that of A with the axes swapped, and nothing moves between workers. */
  transpose(A: MatrixHandle, options: CopyOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('transpose', { ...options, A });
  }

  /** A copy where A lies, in the same item type or another: an f64 beyond the range of f32 becomes infinite. */
  copy(A: MatrixHandle, options: { readonly dtype?: Dtype } & CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('copy', { ...options, A });
  }

  /** A in another item type: a new matrix where A lies. */
  convert(A: MatrixHandle, dtype: Dtype, options: CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('copy', { ...options, A, dtype });
  }

  /** alpha A + beta B, a new matrix; without `dist` where A lies. Both factors are 1 unless given. */
  add(A: MatrixHandle, B: MatrixHandle, options: { readonly alpha?: number; readonly beta?: number } & CopyOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('add', { ...options, A, B });
  }

  /** Y := Y + alpha X in place, X not Y; entries of X are added straight from where they lie. @returns Y. */
  axpy(alpha: number, X: MatrixHandle, Y: MatrixHandle, options: CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('axpy', { ...options, alpha, X, Y });
  }

  /** A := alpha A in place; alpha = 0 writes zeros, even over NaN. @returns A. */
  scale(A: MatrixHandle, alpha: number, options: CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('scale', { ...options, A, alpha });
  }

  /**
   * A norm of A, Frobenius' unless said. Intermediate results neither overflow nor underflow; NaN when an entry is NaN; 0 for an empty matrix.
   * 'two' is found by Lanczos, to rounding; the others read A once.
   */
  norm(A: MatrixHandle, kind: NormKind = 'frobenius', options: CallOptions = {}): Promise<number> {
    return this.#number('norm', { ...options, A, kind });
  }

  /** Σ A(i,j) B(i,j), accumulated in f64. */
  dot(A: MatrixHandle, B: MatrixHandle, options: CallOptions = {}): Promise<number> {
    return this.#number('dot', { ...options, A, B });
  }

  /** Σ A(i,i) of a square matrix, accumulated in f64. */
  trace(A: MatrixHandle, options: CallOptions = {}): Promise<number> {
    return this.#number('trace', { ...options, A });
  }

  /** The diagonal `offset` columns right of the main one (negative: rows below it) as a column, [MD,*] for [MC,MR]: nothing moves. */
  diagonal(A: MatrixHandle, offset = 0, options: CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('diagonal', { ...options, A, offset });
  }

  /** A copy of the given rows and columns of A; without `dist` where they lie, and nothing moves. */
  submatrix(A: MatrixHandle, rows: Range, cols: Range, options: CopyOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('submatrix', { ...options, A, row: rows.start, height: rows.count, col: cols.start, width: cols.count });
  }

  /** A(row … , col … ) := B in place, as many rows and columns as B has; B is not A. @returns A. */
  setSubmatrix(A: MatrixHandle, { row, col }: { readonly row: number; readonly col: number }, B: MatrixHandle, options: CallOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('setSubmatrix', { ...options, A, B, row, col });
  }

  /**
   * The `rank` largest singular values of A and their vectors: A V = U diag(values), Aᵀ U = V diag(values). U and V have orthonormal columns, the
   * largest entry of each column of U is positive. As accurate as a full decomposition; the same grid and seed give the same bits. E_NOT_FINITE
   * for entries that are NaN or infinite; E_CONVERGENCE, with the `values` and `residuals` so far, after `maxIterations` passes over A.
   */
  async truncatedSvd(A: MatrixHandle, options: TruncatedSvdOptions): Promise<TruncatedSvd> {
    const { matrices, values } = await this.call('truncatedSvd', { ...options, A });
    const [U, V] = matrices;
    return { U, V, ...(values as unknown as Omit<TruncatedSvd, 'U' | 'V'>) };
  }

  /**
   * X that minimises ‖A X - B‖² + λ‖X‖² (Frobenius norms), λ = `lambda` ≥ 0, for every column of B, by conjugate gradients on
   * (AᵀA + λI) X = AᵀB without forming AᵀA. E_CONVERGENCE, with the `residuals` so far, after `maxIterations` passes or at the limit of rounding.
   */
  ridge(A: MatrixHandle, B: MatrixHandle, options: { readonly lambda?: number } & SolveOptions = {}): Promise<Solution> {
    return this.#solution('ridge', { ...options, A, B });
  }

  /** X with A X = B for a symmetric positive definite A, by conjugate gradients; errors as {@link ridge}, E_ARGUMENT where A is not positive definite. */
  conjugateGradient(A: MatrixHandle, B: MatrixHandle, options: SolveOptions = {}): Promise<Solution> {
    return this.#solution('conjugateGradient', { ...options, A, B });
  }

  async #solution(task: string, args: CallOptions & Readonly<Record<string, unknown>>): Promise<Solution> {
    const { matrices, values } = await this.call(task, args);
    return { X: matrices[0], ...(values as unknown as Omit<Solution, 'X'>) };
  }

  /** The height × width matrix of zeros. */
  zeros(height: number, width: number, options: NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('create', { ...options, height, width });
  }

  /** The height × width matrix of ones. */
  ones(height: number, width: number, options: NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.constant(height, width, 1, options);
  }

  /** The height × width matrix of one finite number. */
  constant(height: number, width: number, value: number, options: NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('constant', { ...options, height, width, value });
  }

  /** The n × n identity. */
  identity(n: number, options: NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('diagonalMatrix', { ...options, height: n, width: n });
  }

  /** The matrix with `values` on its main diagonal and zeros elsewhere; square unless height and width say otherwise. */
  diagonalMatrix(values: ArrayLike<number>, options: { readonly height?: number; readonly width?: number } & NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('diagonalMatrix', { height: values.length, width: values.length, ...options, values: Array.from(values) });
  }

  /**
   * Independent uniform numbers on [low, high), by default [0, 1). Entry (i, j) depends on the seed, i and j only: every grid and distribution
   * gives the same bits; f32 entries are the f64 ones, rounded.
   */
  uniform(height: number, width: number, options: { readonly low?: number; readonly high?: number } & RandomOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('uniform', { ...options, height, width });
  }

  /** Independent normal numbers of the given mean (0) and standard deviation (1); the same bits on every grid, as {@link uniform}. */
  normal(height: number, width: number, options: { readonly mean?: number; readonly stddev?: number } & RandomOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('normal', { ...options, height, width });
  }

  /**
   * U diag(singularValues) Vᵀ with random orthonormal U and V, for at most min(height, width) finite values ≥ 0 in any order; the others are 0.
   * The same matrix on every grid and in every distribution, up to rounding.
   */
  withSpectrum(height: number, width: number, singularValues: ArrayLike<number>, options: RandomOptions = {}): Promise<MatrixHandle> {
    return this.#matrix('withSpectrum', { ...options, height, width, singularValues: Array.from(singularValues) });
  }
}
