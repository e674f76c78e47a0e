/**
 * Distributed orthonormalisation by block Gram–Schmidt, done twice, which is enough; directions that are missing are drawn at random.
 * J. Daniel, W. Gragg, L. Kaufman and G. Stewart, Reorthogonalization and stable algorithms for updating the Gram–Schmidt QR
 * factorization (1976).
 */
import type { Communicator } from '../comm/communicator.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import * as blas from '../local/blas.js';
import { Matrix } from '../local/matrix.js';
import { EPSILON } from './epsilon.js';
import type { RandomVectors } from './random-vectors.js';
import { diagonal, divideByUpper, fromMatrix, multiplyThin, overRanks, toMatrix } from './small-matrix.js';

export interface OrthonormaliseOptions {
  /** How many orthonormal columns to make, at most the width of X; default all. Fewer when the space has no room for more. */
  readonly columns?: number;
  /** A remainder of this norm or less is no direction of its own: a random one takes its place. */
  readonly negligible?: number;
  readonly random: RandomVectors;
}

/** With old X = Q H + X R: H is q × b, R is c × b with zeros for the directions that were drawn at random; both column-major. */
export interface Orthonormalised {
  readonly H: Float64Array;
  readonly R: Float64Array;
  /** The norms of the columns of old X. */
  readonly norms: Float64Array;
}

/** What is left of a column below this many roundings of it has no direction. */
const ROUNDINGS = 4;
/**
 * A column of which less than this times √ε is left beside Q may be less orthogonal to it: it is projected again. Rounding leaves a part of Q, of some ε of
 * the column, in what the first projection leaves; beyond √ε of it that part would show in the norm, of which the Gram matrix is taken before the second.
 */
const SHRUNK_BESIDE_Q = 16;
/** And so one that shrinks by more than this by all the columns before it. */
const SHRUNK_BY_COLUMNS = 1 / 4;
/** A block whose columns each keep this much of their square beside those before them is orthonormalised at once, by its Gram matrix. */
const INDEPENDENT = 0.5;
/** A unit vector that keeps this much in a projection was orthogonal enough for the rest to be so to the last digits. */
const ALMOST_ALL = 0.5;
/** Attempts to clean a vector, or to find a random one: two are enough unless the space is full. */
const ATTEMPTS = 5;

/**
 * Replaces the first c columns of X (n × b) by orthonormal ones, orthogonal to the orthonormal columns of Q (n × q), that span X with Q:
 * old X = Q H + X R. Q and X lie alike, each row on one rank. Collective; 4nqb flops a pass and, as a rule, two small reductions.
 */
export function orthonormalise(Q: DistMatrix, X: DistMatrix, options: OrthonormaliseOptions): Orthonormalised {
  const { columns = X.width, negligible = 0, random } = options;
  const { comm } = X.grid;
  const b = X.width;
  const H = new Float64Array(Q.width * b);
  const norms = diagonal(b, projectOut(comm, Q.local, X.local, H)).map(Math.sqrt);
  const gram = projectOut(comm, Q.local, X.local, H);
  // Less than this is no direction; less than that may not be orthogonal to Q.
  const nothing = norms.map((norm) => Math.max(negligible, ROUNDINGS * EPSILON[X.dtype] * norm));
  const doubtful = norms.map((norm) => SHRUNK_BESIDE_Q * Math.sqrt(EPSILON[X.dtype]) * norm);
  const factor = columns === b ? cholesky(b, gram) : null;
  if (factor && diagonal(b, factor).every((rest, j) => rest > nothing[j] && rest > doubtful[j])) {
    divideByUpper(X.local, factor);
    return { H, R: factor, norms };
  }
  const R = new Float64Array(columns * b);
  for (let j = 0; j < b; j++) {
    const x = X.local.col(j);
    const previous = X.local.view(0, 0, X.local.height, Math.min(j, columns));
    const r = new Float64Array(previous.width);
    for (let pass = 0; pass < 2; pass++) projectOut(comm, previous, x, r);
    R.set(r, j * columns);
    if (j >= columns) continue;
    const rest = norm(comm, x);
    if (rest > nothing[j]) {
      blas.scale(1 / rest, x);
      const isClean = rest > doubtful[j] && rest > SHRUNK_BY_COLUMNS * Math.hypot(rest, ...r);
      if (isClean || clean(comm, Q.local, previous, x)) {
        R[j * columns + j] = rest;
        continue;
      }
    }
    drawDirection(Q, X, j, random);
  }
  return { H, R, norms };
}

/** The upper triangular R with RᵀR = G, b × b column-major; null unless the columns that G comes from are clearly independent. */
function cholesky(b: number, G: Float64Array): Float64Array | null {
  const R = new Float64Array(b * b);
  for (let j = 0; j < b; j++) {
    for (let i = 0; i <= j; i++) {
      let s = G[j * b + i];
      for (let k = 0; k < i; k++) s -= R[i * b + k] * R[j * b + k];
      if (i < j) R[j * b + i] = s / R[i * b + i];
      else if (s > INDEPENDENT * G[j * b + j]) R[j * b + j] = Math.sqrt(s);
      else return null;
    }
  }
  return R;
}

/** The 2-norms of the columns of X, whose rows are each on one rank. Collective. */
export function columnNorms(X: DistMatrix): Float64Array {
  const squares = Float64Array.from({ length: X.width }, (_, j) => blas.dot(X.local.col(j), X.local.col(j)));
  overRanks(X.grid.comm, squares);
  return squares.map(Math.sqrt);
}

function norm(comm: Communicator, x: Matrix): number {
  const square = Float64Array.of(blas.dot(x, x));
  comm.allReduce(square);
  return Math.sqrt(square[0]);
}

/** X := X - Q (Qᵀ X), with the coefficients added to H, q × b. @returns old XᵀX, b × b. Collective: one small reduction. */
function projectOut(comm: Communicator, Q: Matrix, X: Matrix, H: Float64Array): Float64Array {
  const [q, b] = [Q.width, X.width];
  return X.memory.heap.scope(() => {
    const [C, G] = [Matrix.alloc(X.memory, X.dtype, q, b), Matrix.alloc(X.memory, X.dtype, b, b)];
    multiplyThin(1, Q.transposed, X, 0, C);
    multiplyThin(1, X.transposed, X, 0, G);
    const sums = new Float64Array((q + b) * b);
    sums.set(fromMatrix(C));
    sums.set(fromMatrix(G), q * b);
    overRanks(comm, sums);
    for (let i = 0; i < q * b; i++) H[i] += sums[i];
    multiplyThin(-1, Q, toMatrix(X.memory, X.dtype, q, b, sums), 1, X);
    return sums.subarray(q * b);
  });
}

/** Makes the unit vector x orthogonal to Q and P, to the last digits; false when nothing but rounding errors is left. Collective. */
function clean(comm: Communicator, Q: Matrix, P: Matrix, x: Matrix): boolean {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    projectOut(comm, Q, x, new Float64Array(Q.width));
    projectOut(comm, P, x, new Float64Array(P.width));
    const rest = norm(comm, x);
    if (!(rest > 0)) return false;
    blas.scale(1 / rest, x);
    if (rest > ALMOST_ALL) return true;
  }
  return false;
}

/** Column j of X := a random unit vector, orthogonal to Q and to the columns before it. Collective. */
function drawDirection(Q: DistMatrix, X: DistMatrix, j: number, random: RandomVectors): void {
  const { comm } = X.grid;
  const x = X.view(undefined, { start: j, count: 1 });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    random.fill(x);
    blas.scale(1 / norm(comm, x.local), x.local);
    if (clean(comm, Q.local, X.local.view(0, 0, X.local.height, j), x.local)) return;
  }
  throw new AlchemistError('E_CONVERGENCE', `no direction is left beside ${Q.width + j} orthonormal vectors of length ${X.height}`);
}
