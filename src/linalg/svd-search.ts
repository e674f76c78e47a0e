/**
 * The search for the largest singular triplets of an operator: stages of block Lanczos on AᵀA, each on the operator deflated by what the
 * stages before it have locked, and Rayleigh–Ritz through A itself at the end of each.
 *
 * Squaring A costs digits: a triplet of value σ found while the operator's largest value is σ′ has a residual of about ε σ₁ σ′/σ. So a stage
 * locks only triplets with σ ≥ σ′/256 (f32: σ′/32), and the next one, for which σ′ is smaller, finds the others as accurately: all values come out as from
 * LAPACK, and so do their vectors, down to σ = ε σ₁.
 *
 * A Krylov space of one random vector shows a repeated value once, of two vectors twice. So only where two equal values were found above the
 * smallest wanted one can a third be missing, and only then a last stage looks whether the deflated operator has a larger value left.
 */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import * as blas from '../local/blas.js';
import { svd } from '../local/dense.js';
import { Matrix } from '../local/matrix.js';
import { EPSILON } from './epsilon.js';
import type { GramOperator } from './gram-operator.js';
import { BLOCK, BlockLanczos, type Ritz } from './lanczos.js';
import { LookSchedule } from './look-schedule.js';
import { columnNorms, orthonormalise } from './orthonormalise.js';
import { RandomVectors } from './random-vectors.js';
import { combine, diagonal, divideByUpper, fromMatrix, multiplyThin, toMatrix } from './small-matrix.js';

/** A stage locks values down to this fraction of the largest one that is left. */
const STAGE_RANGE = { f64: 2 ** -8, f32: 2 ** -5 } as const;
/** Basis vectors beyond twice the wanted ones: a larger basis saves few passes, a smaller one costs many. */
const ROOM = 60;
/** Ritz vectors beyond the wanted ones that a restart keeps. */
const RESERVE = 24;
/** Basis vectors of a stage that looks for so many triplets. */
export const basisCapacity = (wanted: number): number => 2 * wanted + ROOM;
/** Ritz vectors that a restart of it keeps. */
export const keptByRestart = (wanted: number): number => wanted + RESERVE;
/** Basis vectors before a stage may conclude that the deflated operator is zero. */
const ZERO_BASIS = 3 * BLOCK;
/** Values that differ by less, in units of ε σ₁, count as equal. */
const EQUAL = 2 ** 10;
/** A value that is missing would have shown before the largest Ritz pair has a residual this small against the gap between them. */
const EVIDENCE = 1e-4;

export interface SearchOptions {
  /** Triplets wanted, 1 to min(m, n). */
  readonly rank: number;
  /** Largest estimated residual ‖Aᵀ u - σ v‖ of a triplet, in units of σ₁. */
  readonly tolerance: number;
  /** Largest number of passes over A. */
  readonly maxIterations: number;
  readonly seed: number;
  readonly onProgress?: (progress: SvdProgress) => void;
}

export interface SvdProgress {
  /** Passes over A so far, of two vectors each. */
  readonly iteration: number;
  /** Triplets that have converged. */
  readonly converged: number;
  /** The largest estimated residual among those that the current stage waits for, in units of σ₁. */
  readonly residual: number;
}

/** Singular triplets of the operator, descending: U as its left vectors lie, V as its right ones. */
export interface Triplets {
  readonly U: DistMatrix;
  readonly values: Float64Array;
  readonly V: DistMatrix;
  /** ‖Aᵀ uᵢ - σᵢ vᵢ‖, computed from A; ‖A vᵢ - σᵢ uᵢ‖ is no more than rounding, since U comes from A V. */
  readonly residuals: Float64Array;
}

/** Whether a stage may end, how many of its Ritz pairs it locks then, and what it waits for. */
interface Verdict {
  readonly done: boolean;
  readonly lock: number;
  /** How many pairs have reached their goal. */
  readonly converged: number;
  /** The largest residual of the pairs that are waited for, in units of σ₁. */
  readonly residual: number;
  /** The largest ratio of residual to goal: 1 is there, Infinity not even in sight. */
  readonly excess: number;
}

export class SvdSearch {
  iterations = 0;
  stages = 0;
  readonly #operator: GramOperator;
  readonly #options: SearchOptions;
  readonly #random: RandomVectors;
  readonly #epsilon: number;
  readonly #factor: number;
  /** Values up to this are rounding errors: the norm of a computed A x for an x that A maps to zero. */
  readonly #zero: number;

  /** `norm` is ‖A‖_F of the operator; its fourth power must be in range. `factor` is what its values have been divided by. */
  constructor(operator: GramOperator, norm: number, factor: number, options: SearchOptions) {
    this.#operator = operator;
    this.#factor = factor;
    this.#options = options;
    this.#random = new RandomVectors(options.seed);
    this.#epsilon = EPSILON[operator.dtype];
    this.#zero = 4 * this.#epsilon * norm;
  }

  /** The triplets, in the heap's current scope. Collective. @throws AlchemistError E_CONVERGENCE at the cap of iterations. */
  run(): Triplets {
    const { rank } = this.#options;
    const { height, order } = this.#operator;
    let found: Triplets = { U: this.#operator.leftVectors(0), values: new Float64Array(0), V: this.#operator.vectors(0), residuals: new Float64Array(0) };
    while (found.values.length < rank) found = this.#stage(found, (ritz, lanczos) => this.#judgeWanted(found, ritz, lanczos)) ?? this.#zeros(found);
    while (rank < Math.min(height, order)) {
      const suspect = this.#repeatedValue(found.values);
      if (suspect === undefined) break;
      const more = this.#stage(found, (ritz, lanczos) => this.#judgeMissing(found, suspect, ritz, lanczos));
      if (!more) break;
      found = more;
    }
    return found;
  }

  /**
   * One run of block Lanczos on the deflated operator, until `judge` is content; `found` with what it has locked, or null when it locked
   * nothing. Collective.
   */
  #stage(found: Triplets, judge: (ritz: Ritz, lanczos: BlockLanczos) => Verdict): Triplets | null {
    const { heap } = this.#operator.grid.memory;
    this.stages++;
    return heap.scope(() => {
      const wanted = Math.max(1, this.#options.rank - found.values.length);
      const lanczos = new BlockLanczos(this.#operator, found.V, basisCapacity(wanted), this.#random);
      const schedule = new LookSchedule();
      for (let step = 1; ; step++) {
        lanczos.step();
        this.iterations++;
        if (!lanczos.isFull && !lanczos.isComplete && !schedule.isDue(step) && this.iterations < this.#options.maxIterations) continue;
        const ritz = lanczos.ritz();
        const verdict = judge(ritz, lanczos);
        this.#report(found, ritz, verdict);
        if (verdict.done) return verdict.lock === 0 ? null : this.#lock(found, lanczos, ritz, verdict.lock);
        if (this.iterations >= this.#options.maxIterations) throw this.#unfinished(found, lanczos, ritz, verdict.converged);
        schedule.plan(step, verdict.excess, this.#priceOfLook(lanczos.size));
        if (lanczos.isFull) lanczos.restart(ritz, keptByRestart(wanted));
      }
    });
  }

  /** What the Ritz pairs of so large a basis cost, in passes over A: about 9 size³ flops on every rank, at half the speed of a pass. */
  #priceOfLook(size: number): number {
    const { grid, height, order } = this.#operator;
    return (2 * 9 * size ** 3) / ((4 * BLOCK * height * order) / grid.size);
  }

  /** A stage that looks for wanted triplets ends when those within its range have converged. */
  #judgeWanted(found: Triplets, ritz: Ritz, { size, isComplete }: BlockLanczos): Verdict {
    const wanted = Math.min(this.#options.rank - found.values.length, size);
    const largest = Math.sqrt(Math.max(ritz.values[0], 0));
    if (largest <= this.#zero && (size >= ZERO_BASIS || isComplete)) return { done: true, lock: 0, converged: 0, residual: 0, excess: 0 };
    const least = Math.max(largest * STAGE_RANGE[this.#operator.dtype], this.#zero) ** 2;
    let lock = 0;
    while (lock < wanted && ritz.values[lock] >= least) lock++;
    const state = this.#convergence(found, ritz, lock);
    // Until a value below the range shows, another one within it may be on its way.
    const isSettled = isComplete || lock === this.#options.rank - found.values.length || lock < size;
    return { ...state, done: lock > 0 && isSettled && state.excess <= 1, lock, excess: isSettled ? state.excess : Infinity };
  }

  /** A stage that looks for a missed value ends when one larger than the smallest wanted has converged, or when none can be there. */
  #judgeMissing(found: Triplets, suspect: number, ritz: Ritz, { isComplete }: BlockLanczos): Verdict {
    const smallest = found.values.at(-1)!;
    const limit = (smallest + this.#equal(found.values)) ** 2;
    const lock = ritz.values.findIndex((value) => value <= limit);
    if (lock !== 0) {
      const count = lock < 0 ? ritz.values.length : lock;
      const state = this.#convergence(found, ritz, count);
      return { ...state, done: state.excess <= 1, lock: count };
    }
    const goal = EVIDENCE * (suspect ** 2 - ritz.values[0]);
    const excess = isComplete ? 0 : ritz.residuals[0] / goal;
    return { done: excess <= 1, lock: 0, converged: 0, residual: ritz.residuals[0] / suspect / found.values[0], excess };
  }

  /** How far the first `count` Ritz pairs are: ‖Aᵀ u - σ v‖ = ‖AᵀA v - σ² v‖/σ against the tolerance, or the rounding of AᵀA x. */
  #convergence(found: Triplets, ritz: Ritz, count: number): Omit<Verdict, 'done' | 'lock'> {
    const largest = Math.sqrt(ritz.values[0]);
    const sigma1 = Math.max(found.values[0] ?? 0, largest);
    let converged = 0;
    let residual = 0;
    let excess = 0;
    for (let i = 0; i < count; i++) {
      const sigma = Math.sqrt(ritz.values[i]);
      const own = ritz.residuals[i] / sigma / sigma1;
      const goal = Math.max(this.#options.tolerance, (this.#epsilon * largest) / sigma);
      if (own <= goal) converged++;
      residual = Math.max(residual, own);
      excess = Math.max(excess, own / goal);
    }
    return { converged, residual, excess };
  }

  /** `found` and the first `count` Ritz pairs, made triplets by Rayleigh–Ritz through A: A V = U R, and the SVD of the small R. Collective. */
  #lock(found: Triplets, lanczos: BlockLanczos, ritz: Ritz, count: number): Triplets {
    const V = this.#operator.vectors(count);
    lanczos.ritzVectors(ritz, V);
    orthonormalise(found.V, V, { random: this.#random });
    return this.#merge(found, this.#triplets(found, V));
  }

  /** `found` and, for what is still wanted of it, random vectors that a deflated operator without values leaves free. Collective. */
  #zeros(found: Triplets): Triplets {
    return this.#operator.grid.memory.heap.scope(() => {
      const V = this.#operator.vectors(this.#options.rank - found.values.length);
      this.#random.fill(V);
      orthonormalise(found.V, V, { random: this.#random });
      return this.#merge(found, this.#triplets(found, V));
    });
  }

  /** The triplets of A restricted to the span of the orthonormal V, n × k, which is orthogonal to the right vectors found. */
  #triplets(found: Triplets, V: DistMatrix): Triplets {
    const k = V.width;
    const { memory } = V.grid;
    const small = (w: number): Matrix => Matrix.alloc(memory, 'f64', k, w);
    const [W, G] = [this.#operator.leftVectors(k), this.#operator.vectors(k)];
    this.#operator.apply(V, G, W); //                                    W = A V, G = AᵀW
    const { H, R } = orthonormalise(found.U, W, { negligible: this.#zero, random: this.#random });
    const [P, s, Q] = [small(k), small(1), small(k)];
    svd(toMatrix(memory, 'f64', k, k, R), P, s, Q); //                   R = P diag(s) Qᵀ, and A V = found.U H + W R
    const [U, X, Y] = [this.#operator.leftVectors(k), this.#operator.vectors(k), this.#operator.vectors(k)];
    combine(W, P, U);
    combine(V, Q, X);
    const values = fromMatrix(s);
    if (diagonal(k, R).every((r) => r > this.#zero)) {
      this.#deflate(found, H, G);
      divideByUpper(G.local, R);
      combine(G, P, Y); //                                               AᵀU = Aᵀ(A V - found.U H) R⁻¹ P
    } else this.#operator.transposedTimes(U, Y);
    values.forEach((value, j) => blas.add(-value, X.local.col(j), Y.local.col(j)));
    return { U, values, V: X, residuals: columnNorms(Y) };
  }

  /** G := G - Aᵀ U H = G - V diag(values) H for the triplets found; H, q × k, is as small as rounding, but values in G may be smaller. */
  #deflate({ values, V }: Triplets, H: Float64Array, G: DistMatrix): void {
    const q = values.length;
    const { memory, dtype } = G.local;
    memory.heap.scope(() => multiplyThin(-1, V.local, toMatrix(memory, dtype, q, G.width, H.map((h, at) => values[at % q] * h)), 1, G.local));
  }

  /** The largest `rank` of both, in the heap scope around the current one. */
  #merge(a: Triplets, b: Triplets): Triplets {
    const { heap } = this.#operator.grid.memory;
    const all = [a, b].flatMap((from) => Array.from(from.values, (value, j) => ({ from, value, j })));
    const best = all.sort((p, q) => q.value - p.value).slice(0, this.#options.rank);
    const [U, V] = [this.#operator.leftVectors(best.length), this.#operator.vectors(best.length)];
    best.forEach(({ from, j }, to) => {
      blas.copy(from.U.local.col(j), U.local.col(to));
      blas.copy(from.V.local.col(j), V.local.col(to));
    });
    heap.handUp(U.local.ptr);
    heap.handUp(V.local.ptr);
    return { U, values: Float64Array.from(best, ({ value }) => value), V, residuals: Float64Array.from(best, ({ from, j }) => from.residuals[j]) };
  }

  /** The smallest value above the last one that was found as often as a block shows it, if any: it may be there more often. */
  #repeatedValue(values: Float64Array): number | undefined {
    const equal = this.#equal(values);
    for (let last = values.length - 1; last >= BLOCK - 1; last--) {
      const first = values[last - BLOCK + 1];
      if (first - values[last] <= equal && values[last] - values.at(-1)! > equal) return values[last];
    }
    return undefined;
  }

  /** Values at most this far apart count as equal. */
  #equal(values: Float64Array): number {
    return Math.max(EQUAL * this.#epsilon, 4 * this.#options.tolerance) * values[0] + this.#zero;
  }

  #report(found: Triplets, { values }: Ritz, { converged, residual }: Verdict): void {
    if (!(values[0] >= 0)) return;
    this.#options.onProgress?.({ iteration: this.iterations, converged: Math.min(found.values.length + converged, this.#options.rank), residual });
  }

  /** What there is when the iterations are used up: the best triplets so far, and their residuals in units of σ₁. Collective. */
  #unfinished(found: Triplets, lanczos: BlockLanczos, ritz: Ritz, converged: number): AlchemistError {
    const { rank, maxIterations } = this.#options;
    const best = this.#lock(found, lanczos, ritz, Math.min(ritz.values.length, rank - Math.min(found.values.length, rank - 1)));
    const done = Math.min(found.values.length + converged, rank);
    return new AlchemistError('E_CONVERGENCE', `truncatedSvd: ${done} of ${rank} singular triplets have converged after ${maxIterations} passes over A`, {
      hint: 'allow more iterations, ask for fewer triplets, or loosen the tolerance',
      fields: {
        wanted: rank,
        converged: done,
        values: Array.from(best.values, (value) => value * this.#factor),
        residuals: Array.from(best.residuals, (residual) => residual / best.values[0]),
        iterations: maxIterations,
      },
    });
  }
}
