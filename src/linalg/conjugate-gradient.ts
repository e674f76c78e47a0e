/**
 * Conjugate gradients for S X = B with a symmetric positive definite operator S and many right-hand sides at once.
 * M. Hestenes and E. Stiefel, Methods of conjugate gradients for solving linear systems (1952).
 *
 * Every column runs an iteration of its own, with its own step lengths; only the application of S, which costs most, is shared.
 */
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import * as blas from '../local/blas.js';
import type { SymmetricOperator } from './operator.js';
import { columnNorms } from './orthonormalise.js';
import { overRanks } from './small-matrix.js';
import { exponentOf, scaleByPowerOfTwo } from './well-scaled.js';

export interface ConjugateGradientOptions {
  /** Largest residual ‖b - S x‖ of a column in units of ‖b‖; default 1e-10, for f32 1e-5. */
  readonly tolerance?: number;
  /** Largest number of applications of S; default 1000. */
  readonly maxIterations?: number;
  readonly onProgress?: (progress: ConjugateGradientProgress) => void;
}

export interface ConjugateGradientProgress {
  /** Applications of S so far. */
  readonly iteration: number;
  /** Columns that have reached the tolerance. */
  readonly converged: number;
  /** The largest residual, as the iteration estimates it. */
  readonly residual: number;
}

export interface ConjugateGradientResult {
  /** Lies as `operator.vectors` does, in the heap's current scope. */
  readonly X: DistMatrix;
  readonly iterations: number;
  /** ‖b - S x‖ / ‖b‖ for every column, computed from S; 0 where b is 0. */
  readonly residuals: Float64Array;
}

const TOLERANCE = { f64: 1e-10, f32: 1e-5 } as const;
/** Residuals that do not shrink to this fraction any more, from one start to the next or in a long while, have met their rounding errors. */
const PROGRESS = 0.5;
/** A long while: so many steps for an operator of order n, for which n are enough without rounding. */
const patience = (n: number): number => 2 * n + 100;
/** A column whose carried residual is this far below its goal rests while others go on: its squares would vanish in the end. */
const FAR_BELOW = 2 ** -20;

/**
 * X with S X = B for B n × r, lying as `operator.vectors` does. Cost of an iteration: one application of S to r vectors, 10nr flops and two
 * small reductions; as many iterations as √κ(S) · log(1/tolerance) / 2 at most. Collective. The same bits for the same grid.
 *
 * The residuals that the iteration carries along drift from the true ones. So these are computed when it has converged, or gets no further; where
 * they are too large, the iteration starts again from them. Not before: rounding makes it take more than n steps, and a new start forgets them all.
 * @throws AlchemistError E_CONVERGENCE, with `residuals` and `converged` as fields, when the iterations are used up or rounding allows no better
 * residual; E_ARGUMENT when S turns out not to be positive definite; E_NOT_FINITE.
 */
export function conjugateGradient(operator: SymmetricOperator, B: DistMatrix, options: ConjugateGradientOptions = {}): ConjugateGradientResult {
  const { tolerance = TOLERANCE[B.dtype], maxIterations = 1000 } = options;
  const { heap } = B.grid.memory;
  return heap.scope(() => {
    const { unit, exponents } = unitColumns(operator, B);
    const norms = columnNorms(unit);
    const goals = norms.map((norm) => tolerance * norm);
    const [X, R] = [operator.vectors(B.width), operator.vectors(B.width)];
    blas.fill(0, X.local);
    blas.copy(unit.local, R.local);
    let iterations = 0;
    let residuals = norms;
    while (!reached(residuals, goals)) {
      const before = residuals;
      iterations += iterate(operator, X, R, goals, maxIterations - iterations, (steps, now) => report(options, iterations + steps, now, norms, goals));
      residuals = trueResiduals(operator, X, unit, R);
      const stuck = iterations < maxIterations && residuals.some((residual, j) => residual > goals[j] && !(residual < PROGRESS * before[j]));
      if (!reached(residuals, goals) && (stuck || iterations >= maxIterations)) throw failure(iterations, residuals, norms, goals, stuck);
    }
    exponents.forEach((exponent, j) => scaleByPowerOfTwo(exponent, X.local.col(j)));
    heap.handUp(X.local.ptr);
    return { X, iterations, residuals: relative(residuals, norms) };
  });
}

/** The columns of B, divided by powers of two so that their largest entries are near 1: squares of others might vanish or overflow. Collective. */
function unitColumns(operator: SymmetricOperator, B: DistMatrix): { unit: DistMatrix; exponents: number[] } {
  const largest = Float64Array.from({ length: B.width }, (_, j) => blas.maxAbs(B.local.col(j)));
  overRanks(B.grid.comm, largest, 'max');
  if (!largest.every(Number.isFinite)) throw new AlchemistError('E_NOT_FINITE', 'conjugateGradient: a right-hand side holds NaN or infinities');
  const exponents = Array.from(largest, exponentOf);
  const unit = operator.vectors(B.width);
  blas.copy(B.local, unit.local);
  exponents.forEach((exponent, j) => scaleByPowerOfTwo(-exponent, unit.local.col(j)));
  return { unit, exponents };
}

/**
 * Adds to X the approximate solution of S D = R, until the carried residuals are within the goals or no longer shrink. R receives the residuals that are left.
 * @returns the number of applications of S.
 */
function iterate(
  operator: SymmetricOperator,
  X: DistMatrix,
  R: DistMatrix,
  goals: Float64Array,
  mostSteps: number,
  report: (steps: number, residuals: Float64Array) => void,
): number {
  return R.grid.memory.heap.scope(() => {
    const P = operator.vectors(R.width);
    const Q = operator.vectors(R.width);
    blas.copy(R.local, P.local);
    let squares = columnDots(R, R);
    const best = squares.map(Math.sqrt);
    let progressed = 0;
    for (let step = 1; ; step++) {
      operator.apply(P, Q);
      const curvatures = columnDots(P, Q);
      squares = squares.map((square, j) => (Math.sqrt(square) > FAR_BELOW * goals[j] ? square : 0));
      mustBePositive(curvatures, squares);
      squares.forEach((square, j) => {
        const alpha = ratio(square, curvatures[j]);
        blas.add(alpha, P.local.col(j), X.local.col(j));
        blas.add(-alpha, Q.local.col(j), R.local.col(j));
      });
      const next = columnDots(R, R);
      const residuals = next.map(Math.sqrt);
      report(step, residuals);
      residuals.forEach((residual, j) => {
        if (residual >= PROGRESS * best[j]) return;
        best[j] = residual;
        progressed = step;
      });
      if (step >= mostSteps || step - progressed > patience(operator.order) || reached(residuals, goals)) return step;
      next.forEach((square, j) => {
        blas.scale(ratio(square, squares[j]), P.local.col(j));
        blas.add(1, R.local.col(j), P.local.col(j));
      });
      squares = next;
    }
  });
}

/** Throws where pᵀ S p shows that S is not positive definite, or holds NaN or infinity. */
function mustBePositive(curvatures: Float64Array, squares: Float64Array): void {
  const bad = curvatures.findIndex((curvature, j) => squares[j] > 0 && !(curvature > 0 && curvature < Infinity));
  if (bad < 0) return;
  const value = curvatures[bad];
  if (!Number.isFinite(value)) throw new AlchemistError('E_NOT_FINITE', 'conjugateGradient: the system holds NaN, infinities, or entries so large that products with them overflow');
  throw new AlchemistError('E_ARGUMENT', `conjugateGradient: the matrix is not positive definite: pᵀ S p is ${value} in column ${bad}`, {
    hint: 'add a positive multiple of the identity',
  });
}

/** R := B - S X and its columns' norms. Collective. */
function trueResiduals(operator: SymmetricOperator, X: DistMatrix, B: DistMatrix, R: DistMatrix): Float64Array {
  operator.apply(X, R);
  blas.scale(-1, R.local);
  blas.add(1, B.local, R.local);
  return columnNorms(R);
}

/** The inner products of the columns of A with those of B, which lie alike, each row on one rank. Collective. */
function columnDots(A: DistMatrix, B: DistMatrix): Float64Array {
  const dots = Float64Array.from({ length: A.width }, (_, j) => blas.dot(A.local.col(j), B.local.col(j)));
  overRanks(A.grid.comm, dots);
  return dots;
}

/** a/b, or 0 where the column is finished and both are 0. */
const ratio = (a: number, b: number): number => (a === 0 ? 0 : a / b);

const reached = (residuals: Float64Array, goals: Float64Array): boolean => residuals.every((residual, j) => residual <= goals[j]);

const relative = (residuals: Float64Array, norms: Float64Array): Float64Array => residuals.map((residual, j) => ratio(residual, norms[j]));

const countReached = (residuals: Float64Array, goals: Float64Array): number => residuals.filter((residual, j) => residual <= goals[j]).length;

function report({ onProgress }: ConjugateGradientOptions, iteration: number, residuals: Float64Array, norms: Float64Array, goals: Float64Array): void {
  onProgress?.({ iteration, converged: countReached(residuals, goals), residual: Math.max(...relative(residuals, norms)) });
}

function failure(iterations: number, residuals: Float64Array, norms: Float64Array, goals: Float64Array, stuck: boolean): AlchemistError {
  const done = countReached(residuals, goals);
  const why = stuck ? 'and rounding allows no more' : 'which are all that are allowed';
  return new AlchemistError('E_CONVERGENCE', `conjugateGradient: ${done} of ${goals.length} columns have converged after ${iterations} iterations, ${why}`, {
    hint: stuck ? 'loosen the tolerance, regularise the system, or check that its matrix is positive definite' : 'allow more iterations or loosen the tolerance',
    fields: { iterations, converged: done, residuals: Array.from(relative(residuals, norms)) },
  });
}
