/**
 * Block Lanczos with full reorthogonalisation and thick restart, for the largest eigenvalues of a symmetric operator S.
 * K. Wu and H. Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems (2000).
 *
 *     S V = V T + X [0 … 0 R],   Vᵀ V = I,   Vᵀ X = 0
 *
 * V is the basis, X the next block, T = Vᵀ S V small and known to every rank. An eigenvector z of T with value θ gives the Ritz vector V z,
 * and ‖S V z - θ V z‖ = ‖R z_last‖ without any further work. A restart keeps the best Ritz vectors and X; T becomes diagonal, and the next
 * step's coefficients tie X to all of them.
 *
 * Two vectors a step: a pass over the operator's matrix costs little more than for one, and a value of multiplicity two shows twice.
 */
import type { DistMatrix } from '../dist/dist-matrix.js';
import * as blas from '../local/blas.js';
import { symmetricEigen } from '../local/dense.js';
import { Matrix } from '../local/matrix.js';
import { EPSILON } from './epsilon.js';
import type { SymmetricOperator } from './operator.js';
import { orthonormalise } from './orthonormalise.js';
import type { RandomVectors } from './random-vectors.js';
import { combine, fromMatrix } from './small-matrix.js';

/** Vectors in a block. */
export const BLOCK = 2;

/** The eigenpairs of T, descending; valid until the next ones are asked for. */
export interface Ritz {
  readonly values: Float64Array;
  /** ‖S V z - θ V z‖ for each. */
  readonly residuals: Float64Array;
  /** Eigenvector i is column i. */
  readonly Z: Matrix;
}

export class BlockLanczos {
  readonly #operator: SymmetricOperator;
  readonly #random: RandomVectors;
  readonly #locked: number;
  readonly #capacity: number;
  /** Locked vectors, then the basis, then the next block. */
  readonly #V: DistMatrix;
  readonly #Y: DistMatrix;
  readonly #T: Matrix;
  readonly #Z: Matrix;
  /** c × w, column-major: c vectors of the next block, w of the last one. */
  #R: Float64Array = new Float64Array(0);
  #last = 0;
  /** The largest ‖S x‖ so far, near ‖S‖: what is left of a vector below its rounding errors is no direction. */
  #norm = 0;
  #size = 0;
  #next: number;

  /**
   * Starts from random vectors orthogonal to the orthonormal columns of `locked`, to which the whole process stays orthogonal: it sees S
   * deflated by them. The basis grows to `capacity` vectors (at least 2·BLOCK more than a restart keeps) or fills the space. Collective.
   */
  constructor(operator: SymmetricOperator, locked: DistMatrix, capacity: number, random: RandomVectors) {
    this.#operator = operator;
    this.#random = random;
    this.#locked = locked.width;
    this.#capacity = Math.min(capacity, operator.order - locked.width);
    this.#V = operator.vectors(locked.width + this.#capacity + BLOCK);
    this.#Y = operator.vectors(BLOCK);
    const { memory } = this.#V.grid;
    this.#T = Matrix.alloc(memory, 'f64', this.#capacity, this.#capacity);
    this.#Z = Matrix.alloc(memory, 'f64', this.#capacity, this.#capacity);
    blas.copy(locked.local, this.#columns(0, locked.width).local);
    this.#next = Math.min(BLOCK, operator.order - locked.width);
    const X = this.#columns(locked.width, this.#next);
    random.fill(X);
    orthonormalise(this.#columns(0, locked.width), X, { random });
  }

  /** Vectors in the basis. */
  get size(): number {
    return this.#size;
  }

  /** Whether the basis spans all vectors orthogonal to the locked ones: then T has every eigenvalue. */
  get isComplete(): boolean {
    return this.#next === 0;
  }

  /** Whether the basis has no room for the next block before a restart. */
  get isFull(): boolean {
    return this.#size + this.#next > this.#capacity;
  }

  /** Moves the next block into the basis: one application of S, one block orthogonalisation. Collective. */
  step(): void {
    const j = this.#size;
    const w = this.#next;
    const Y = this.#Y.view(undefined, { start: 0, count: w }); //          n × w
    this.#operator.apply(this.#columns(this.#locked + j, w), Y);
    const Q = this.#columns(0, this.#locked + j + w); //                   n × (q+j+w)
    const c = Math.min(w, this.#operator.order - Q.width);
    const { H, R, norms } = orthonormalise(Q, Y, { columns: c, negligible: EPSILON[Y.dtype] * this.#norm, random: this.#random });
    blas.copy(Y.local.view(0, 0, Y.local.height, c), this.#columns(Q.width, c).local);
    for (let k = 0; k < w; k++) {
      for (let i = 0; i < j + w; i++) this.#T.set(j + k, i, H[k * Q.width + this.#locked + i]); // the lower triangle of T
    }
    this.#norm = Math.max(this.#norm, ...norms);
    this.#size = j + w;
    this.#last = w;
    this.#next = c;
    this.#R = R;
  }

  /** The Ritz values and vectors of the basis. The same bits on every rank; not collective. */
  ritz(): Ritz {
    const n = this.#size;
    const { memory } = this.#T;
    const Z = this.#Z.view(0, 0, n, n);
    const values = memory.heap.scope(() => {
      const [S, w] = [Matrix.alloc(memory, 'f64', n, n), Matrix.alloc(memory, 'f64', n, 1)];
      blas.copy(this.#T.view(0, 0, n, n), S);
      symmetricEigen(S, w, Z);
      return fromMatrix(w);
    });
    return { values, Z, residuals: values.map((_, i) => this.#residual(Z.col(i))) };
  }

  /** ‖R z_last‖. */
  #residual(z: Matrix): number {
    let squares = 0;
    for (let i = 0; i < this.#next; i++) {
      let s = 0;
      for (let k = 0; k < this.#last; k++) s += this.#R[k * this.#next + i] * z.get(this.#size - this.#last + k, 0);
      squares += s * s;
    }
    return Math.sqrt(squares);
  }

  /** X := V Z, the Ritz vectors of the largest X.width values. Not collective. */
  ritzVectors({ Z }: Ritz, X: DistMatrix): void {
    combine(this.#columns(this.#locked, this.#size), Z.view(0, 0, this.#size, X.width), X);
  }

  /** Shrinks the basis to the Ritz vectors of the `keep` largest values. Not collective. */
  restart(ritz: Ritz, keep: number): void {
    const n = this.#size;
    const kept = this.#columns(this.#locked, keep);
    this.#T.memory.heap.scope(() => {
      const X = this.#operator.vectors(keep);
      this.ritzVectors(ritz, X);
      blas.copy(X.local, kept.local);
    });
    blas.copy(this.#columns(this.#locked + n, this.#next).local, this.#columns(this.#locked + keep, this.#next).local);
    blas.fill(0, this.#T);
    for (let i = 0; i < keep; i++) this.#T.set(i, i, ritz.values[i]);
    this.#size = keep;
  }

  /** Columns of V, as a view. */
  #columns(start: number, count: number): DistMatrix {
    return this.#V.view(undefined, { start, count });
  }
}
