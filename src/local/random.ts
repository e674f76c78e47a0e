/** Random entries that depend on a seed and their global place only: the same on every grid, in every distribution. */
import type { Matrix } from './matrix.js';

/** Global indices of a local axis: start, start + step, … */
interface Indices {
  readonly start: number;
  readonly step: number;
}

/** Seeds are whole numbers from 0 to this. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * A := independent random numbers: 'uniform' on [a, b), or 'normal' with mean a and standard deviation b. A's rows and columns are the global
 * ones that `rows` and `cols` say. f32 entries are the f64 ones, rounded.
 */
export function fillRandom(distribution: 'uniform' | 'normal', seed: number, a: number, b: number, rows: Indices, cols: Indices, A: Matrix): void {
  const fill = A.memory.kernelsFor(A.dtype)[distribution];
  const [seedLow, seedHigh] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  fill(A.height, A.width, rows.start, rows.step, cols.start, cols.step, seedLow, seedHigh, a, b, A.ptr, A.rowStride, A.colStride);
}
