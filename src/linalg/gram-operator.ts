/** A matrix as a Krylov method on AᵀA sees it: whole rows on each rank, read once for Aᵀ(A X). */
import { layoutAs, sameOwnership } from '../dist/conform.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import type { Grid } from '../dist/grid.js';
import { contract, redistribute } from '../dist/redistribute.js';
import { vcToVR } from '../layout/grid-shape.js';
import { colStride, gridSize, type Layout, ownersOf, transposed } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import { Matrix, type StorageOrder } from '../local/matrix.js';
import { type Dtype, itemBytes } from '../local/rank-memory.js';
import { fasterSweep } from '../local/sweep-form.js';
import type { SymmetricOperator } from './operator.js';

/** Columns that an operator moves at once. */
export const PANEL = 32;
/** Bytes of A's rows that a core's cache keeps while pairs of columns pass over them. */
const CACHE_BYTES = 512 * 1024;
/** The longest rows, in entries, that are used although the columns are shorter: four such rows and the vectors still fit a core's cache. */
const LONGEST_ROW = 8192;

/**
 * The maps X ↦ AᵀA X, A X and Aᵀ Y for an m × n matrix A whose rows are whole, each on one rank, and stored row by row. Vectors of length n
 * are [VC,*], vectors of length m lie as the rows of A do.
 */
export class GramOperator implements SymmetricOperator {
  constructor(readonly A: DistMatrix) {}

  get grid(): Grid {
    return this.A.grid;
  }

  get height(): number {
    return this.A.height;
  }

  get order(): number {
    return this.A.width;
  }

  get dtype(): Dtype {
    return this.A.dtype;
  }

  /** A fresh n × b matrix, [VC,*]. */
  vectors(b: number): DistMatrix {
    return DistMatrix.create(this.grid, { height: this.order, width: b, dist: 'VC_STAR', dtype: this.dtype });
  }

  /** A fresh m × b matrix whose rows lie as those of A. */
  leftVectors(b: number): DistMatrix {
    const { colDist, colAlign } = this.A.layout;
    return DistMatrix.create(this.grid, { height: this.height, width: b, dist: [colDist, 'STAR'], colAlign, dtype: this.dtype });
  }

  /**
   * Y := Aᵀ(A X) for X and Y n × b, [VC,*], and, if it is asked for, W := A X, m × b as `leftVectors` gives it. Reads A once. Moves n·b entries to
   * every rank and n·b sums back. Collective.
   */
  apply(X: DistMatrix, Y: DistMatrix, W?: DistMatrix): void {
    blas.fill(0, Y.local);
    this.#panels(X.width, (columns) => {
      const X_STAR_STAR = this.#gather(X.view(undefined, columns)); // n × b  [*,*]
      const Y_sum = this.#zeros(columns.count); //                  n × b  [*,*], partial sums
      const U = W?.view(undefined, columns).local ?? Matrix.alloc(this.grid.memory, this.dtype, this.A.local.height, columns.count);
      this.#sweep(X_STAR_STAR.local, U, Y_sum.local);
      contract(1, Y_sum, Y.view(undefined, columns));
    });
  }

  /**
   * U := A X and Y := Y + AᵀU with this rank's rows of A: as many of them at a time as stay in a core's cache, for two columns of X at a time.
   * So A comes from memory once, however many the columns.
   */
  #sweep(X: Matrix, U: Matrix, Y: Matrix): void {
    const { local: A } = this.A;
    const kernels = A.memory.kernelsFor(this.dtype);
    const most = X.width <= 2 ? A.height : Math.max(8, 8 * Math.floor(CACHE_BYTES / (8 * A.width * itemBytes(this.dtype))));
    for (let i = 0; i < A.height; i += most) {
      const m = Math.min(most, A.height - i);
      for (let j = 0; j < X.width; j += 2) {
        const [a, x, u, y] = [A.address(i, 0), X.address(0, j), U.address(i, j), Y.address(0, j)];
        if (j + 1 < X.width) kernels.sweepPair(m, A.width, a, A.rowStride, x, X.colStride, u, U.colStride, y, Y.colStride);
        else {
          fasterSweep(this.dtype, m * A.width * itemBytes(this.dtype), (inTurns) => kernels.sweep(inTurns, m, A.width, a, A.rowStride, x, 0, u, y));
        }
      }
    }
  }

  /** W := A X for X n × b, [VC,*], and W m × b as `leftVectors` gives it. Collective. */
  times(X: DistMatrix, W: DistMatrix): void {
    this.#panels(X.width, (columns) => {
      const X_STAR_STAR = this.#gather(X.view(undefined, columns)); // n × b  [*,*]
      blas.gemm(1, this.A.local, X_STAR_STAR.local, 0, W.view(undefined, columns).local);
    });
  }

  /** X := Aᵀ W for W m × b as `leftVectors` gives it, and X n × b, [VC,*]. Collective. */
  transposedTimes(W: DistMatrix, X: DistMatrix): void {
    blas.fill(0, X.local);
    this.#panels(W.width, (columns) => {
      const X_sum = this.#zeros(columns.count); //                  n × b  [*,*], partial sums
      blas.gemm(1, this.A.local.transposed, W.view(undefined, columns).local, 0, X_sum.local);
      contract(1, X_sum, X.view(undefined, columns));
    });
  }

  #gather(X: DistMatrix): DistMatrix {
    const X_STAR_STAR = X.like({ dist: 'STAR_STAR' });
    redistribute(X, X_STAR_STAR);
    return X_STAR_STAR;
  }

  #zeros(b: number): DistMatrix {
    const Y = DistMatrix.create(this.grid, { height: this.order, width: b, dist: 'STAR_STAR', dtype: this.dtype });
    blas.fill(0, Y.local);
    return Y;
  }

  #panels(width: number, body: (columns: { start: number; count: number }) => void): void {
    for (let start = 0; start < width; start += PANEL) {
      this.grid.memory.heap.scope(() => body({ start, count: Math.min(PANEL, width - start) }));
    }
  }
}

/**
 * The same ownership as a set of whole rows, [VC,*] or [VR,*], where a layout gives every rank whole rows that nobody else has; else null. On
 * a grid of one row or one column [MC,MR] and other layouts may be so.
 */
function asWholeRows(layout: Layout): Layout | null {
  if (gridSize(layout) !== colStride(layout) || layout.height === 0 || layout.width === 0) return null;
  const { gridHeight, gridWidth } = layout;
  const [first] = ownersOf(layout, 0, 0);
  const candidates = [layoutAs(layout, 'VC', 'STAR', first), layoutAs(layout, 'VR', 'STAR', vcToVR(first, gridHeight, gridWidth))];
  return candidates.find((rows) => sameOwnership(rows, layout)) ?? null;
}

/** How an operator takes its matrix: as it is or transposed, in which layout of whole rows, and whether it has to be copied for that. */
export interface OperatorPlan {
  readonly isTransposed: boolean;
  readonly rows: Layout;
  readonly isCopy: boolean;
}

/**
 * A, or Aᵀ, whichever already lies as whole rows stored row by row (`order` is that of A's storage, null if it has none); else a copy, with the
 * short side as the length of its rows. With `longest` = 0 the short side is that length in any case.
 */
export function planOperator(layout: Layout, order: StorageOrder | null, longest = LONGEST_ROW): OperatorPlan {
  const forms = [
    { form: layout, isTransposed: false, byRows: order === 'row' },
    { form: transposed(layout), isTransposed: true, byRows: order === 'column' },
  ].sort((a, b) => a.form.width - b.form.width);
  for (const { form, isTransposed, byRows } of forms) {
    const rows = byRows && (form.width <= form.height || form.width <= longest) ? asWholeRows(form) : null;
    if (rows) return { isTransposed, rows, isCopy: false };
  }
  // A square matrix moves in longer pieces when the new rows are its contiguous lines.
  const { form, isTransposed } = forms[layout.height === layout.width && forms[1].byRows ? 1 : 0];
  return { isTransposed, rows: layoutAs(form, 'VC', 'STAR'), isCopy: true };
}

/** The operator of A, or of Aᵀ (then `isTransposed`), as {@link planOperator} has it. A copy belongs to the heap's current scope. Collective. */
export function gramOperator(A: DistMatrix, longest?: number): { operator: GramOperator; isTransposed: boolean } {
  const { isTransposed, rows, isCopy } = planOperator(A.layout, storageOrder(A), longest);
  const B = isTransposed ? A.transposed : A;
  if (!isCopy) return { operator: new GramOperator(new DistMatrix(B.grid, rows, B.local)), isTransposed };
  const copy = DistMatrix.ofLayout(B.grid, rows, B.dtype, 'row');
  redistribute(B, copy);
  return { operator: new GramOperator(copy), isTransposed };
}

/** The order in which every rank that has entries of A stores them; null where there is none, as in some views. Collective. */
function storageOrder({ local, grid }: DistMatrix): StorageOrder | null {
  const isSo = Float64Array.from([local.rowStride, local.colStride], (stride) => (stride === 1 || local.size === 0 ? 1 : 0));
  grid.comm.allReduce(isSo, 'min');
  return isSo[0] === 1 ? 'column' : isSo[1] === 1 ? 'row' : null;
}
