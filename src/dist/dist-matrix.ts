/** A matrix on a grid: a Layout that says who owns what, and this rank's entries. */
import { AlchemistError } from '../errors.js';
import type { Dist, DistPair } from '../layout/distribution.js';
import { type Alignment, describe, type Layout, makeLayout, type Range, share, transposed, viewLayout, viewOffset } from '../layout/layout.js';
import { Matrix, type StorageOrder } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';
import type { Grid } from './grid.js';

export interface DistMatrixOptions extends Partial<Alignment> {
  readonly height: number;
  readonly width: number;
  /** Default [MC,MR]. */
  readonly dist?: DistPair | readonly [Dist, Dist];
  /** Default f64. */
  readonly dtype?: Dtype;
  /** Order of the local storage; default column. */
  readonly order?: StorageOrder;
}

/**
 * Entry (i, j) lives on the ranks that the layout names. `local` holds this rank's entries: global row `rows.start + iLoc·rows.step` of
 * its share is local row iLoc. A rank that does not participate (a [CIRC,CIRC] or [MD,*] matrix elsewhere) has a 0×0 local matrix.
 */
export class DistMatrix {
  constructor(
    readonly grid: Grid,
    readonly layout: Layout,
    readonly local: Matrix,
  ) {}

  /** A fresh matrix with undefined entries; every rank calls it, each allocates its own share. */
  static create(grid: Grid, options: DistMatrixOptions): DistMatrix {
    const layout = makeLayout({ dist: 'MC_MR', ...options, gridHeight: grid.height, gridWidth: grid.width });
    return DistMatrix.ofLayout(grid, layout, options.dtype ?? 'f64', options.order);
  }

  /** A fresh matrix of a given layout. */
  static ofLayout(grid: Grid, layout: Layout, dtype: Dtype, order?: StorageOrder): DistMatrix {
    const mine = share(layout, grid.rank);
    return new DistMatrix(grid, layout, Matrix.alloc(grid.memory, dtype, mine?.rows.count ?? 0, mine?.cols.count ?? 0, order));
  }

  /** A fresh matrix of the same shape, type and grid, in the same or another distribution. */
  like(changes: Partial<DistMatrixOptions> = {}): DistMatrix {
    const { height, width, colDist, rowDist, colAlign, rowAlign, root } = this.layout;
    const alignment = changes.dist ? {} : { colAlign, rowAlign, root };
    return DistMatrix.create(this.grid, { height, width, dist: [colDist, rowDist], dtype: this.dtype, ...alignment, ...changes });
  }

  get height(): number {
    return this.layout.height;
  }

  get width(): number {
    return this.layout.width;
  }

  get dtype(): Dtype {
    return this.local.dtype;
  }

  /** Rows `rows` and columns `cols`, sharing the entries: alignments shift, nothing moves, nobody communicates. Omitted means all. */
  view(rows: Range = { start: 0, count: this.height }, cols: Range = { start: 0, count: this.width }): DistMatrix {
    const layout = viewLayout(this.layout, rows, cols);
    const mine = share(layout, this.grid.rank);
    if (!mine) return new DistMatrix(this.grid, layout, this.local);
    const { iLoc, jLoc } = viewOffset(this.layout, this.grid.rank, rows.start, cols.start);
    return new DistMatrix(this.grid, layout, this.local.view(iLoc, jLoc, mine.rows.count, mine.cols.count));
  }

  /** The transpose, sharing the entries: [U,V] becomes [V,U], strides swap, nothing moves. */
  get transposed(): DistMatrix {
    return new DistMatrix(this.grid, transposed(this.layout), this.local.transposed);
  }

  /** Gives this rank's share back to its heap. Only for the matrix that was created, never for a view. */
  free(): void {
    this.local.free();
  }

  toString(): string {
    return `${this.dtype} ${describe(this.layout)}`;
  }
}

/** Throws E_SHAPE unless A and B have the same height and width. */
export function mustHaveSameShape(operation: string, A: DistMatrix, B: DistMatrix): void {
  if (A.height !== B.height || A.width !== B.width) {
    throw new AlchemistError('E_SHAPE', `${operation}: the shapes differ: ${A} and ${B}`);
  }
  if (A.dtype !== B.dtype) throw new AlchemistError('E_ARGUMENT', `${operation}: the item types differ: ${A} and ${B}`);
}
