/** Matrices of extreme sizes, brought into the range whose squares neither overflow nor vanish: exactly, by powers of two. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import { describe } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import type { Matrix } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';
import { GramOperator } from './gram-operator.js';
import { frobeniusNorm } from './norms.js';
import { overRanks } from './small-matrix.js';

/** Norms with binary exponents in this range are safe to be squared twice. */
const SAFE_EXPONENTS: Record<Dtype, readonly [number, number]> = { f64: [-100, 100], f32: [-8, 24] };

/** ‖A‖_F, for an operation that needs finite entries. Collective. @throws AlchemistError E_NOT_FINITE. */
export function finiteNorm(operation: string, A: DistMatrix): number {
  const norm = frobeniusNorm(A);
  if (Number.isFinite(norm)) return norm;
  const count = Float64Array.of(blas.countNonFinite(A.local));
  overRanks(A.grid.comm, count);
  throw new AlchemistError('E_NOT_FINITE', `${operation}: ${count[0]} entries of ${describe(A.layout)} are NaN or infinite`, { fields: { count: count[0] } });
}

/** The operator of A / 2^exponent, in the heap's current scope; the operator itself, with exponent 0, where a norm of this size is safe. */
export function wellScaled(operator: GramOperator, norm: number): { scaled: GramOperator; exponent: number } {
  const { A, grid, dtype } = operator;
  const [least, most] = SAFE_EXPONENTS[dtype];
  const exponent = exponentOf(norm);
  if (exponent >= least && exponent <= most) return { scaled: operator, exponent: 0 };
  const B = DistMatrix.ofLayout(grid, A.layout, dtype, 'row');
  blas.copy(A.local, B.local);
  scaleByPowerOfTwo(-exponent, B.local);
  return { scaled: new GramOperator(B), exponent };
}

/** The e with 2^e ≤ x < 2^(e+1); 0 for 0. */
export const exponentOf = (x: number): number => (x === 0 ? 0 : Math.floor(Math.log2(x)));

/** X := 2^exponent X, in two steps, since the inverse of the smallest numbers is beyond the largest. */
export function scaleByPowerOfTwo(exponent: number, X: Matrix): void {
  const half = Math.trunc(exponent / 2);
  if (exponent !== 0) for (const step of [half, exponent - half]) blas.scale(2 ** step, X);
}
