/** One rank's dense matrix: an address, a shape and two strides. Views and transposes are free and share the entries. */
import { AlchemistError } from '../errors.js';
import { type Dtype, itemBytes, type RankMemory } from './rank-memory.js';

/** Where a matrix lies, as plain numbers that a peer can use. Strides count entries. */
export interface Placement {
  readonly ptr: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/** Storage order of a fresh matrix: whether its columns or its rows are contiguous. */
export type StorageOrder = 'column' | 'row';

/** The order in which entries with these strides lie; 'column' where there is no telling, as in a single column. */
export function storageOrder({ rowStride, colStride }: Pick<Placement, 'rowStride' | 'colStride'>): StorageOrder {
  return rowStride > colStride && colStride > 0 ? 'row' : 'column';
}

/**
 * Entry (i, j) lies at `ptr + (i*rowStride + j*colStride) * itemBytes`. Column-major storage has rowStride 1; a transposed view is the
 * same memory with the strides swapped.
 */
export class Matrix implements Placement {
  constructor(
    readonly memory: RankMemory,
    readonly dtype: Dtype,
    readonly height: number,
    readonly width: number,
    readonly ptr: number,
    readonly rowStride: number,
    readonly colStride: number,
  ) {}

  /** A fresh height × width matrix with undefined entries. The leading dimension avoids multiples of 4 KiB, which thrash the caches. */
  static alloc(memory: RankMemory, dtype: Dtype, height: number, width: number, order: StorageOrder = 'column'): Matrix {
    const contiguous = order === 'column' ? height : width;
    const ldim = leadingDimension(contiguous, dtype);
    const ptr = memory.heap.alloc(matrixBytes(dtype, height, width, order));
    return order === 'column'
      ? new Matrix(memory, dtype, height, width, ptr, 1, ldim)
      : new Matrix(memory, dtype, height, width, ptr, ldim, 1);
  }

  /** The transposed view: no entry moves. */
  get transposed(): Matrix {
    return new Matrix(this.memory, this.dtype, this.width, this.height, this.ptr, this.colStride, this.rowStride);
  }

  /** The h × w view whose entry (0, 0) is entry (i, j) of this matrix. */
  view(i: number, j: number, h: number, w: number): Matrix {
    if (i < 0 || j < 0 || h < 0 || w < 0 || i + h > this.height || j + w > this.width) {
      throw new AlchemistError('E_SHAPE', `a view of ${h}×${w} at (${i}, ${j}) does not fit into ${this.height}×${this.width}`);
    }
    return new Matrix(this.memory, this.dtype, h, w, this.address(i, j), this.rowStride, this.colStride);
  }

  /** Column j as an n × 1 view. */
  col(j: number): Matrix {
    return this.view(0, j, this.height, 1);
  }

  /** Address of entry (i, j) in bytes. */
  address(i: number, j: number): number {
    return this.ptr + (i * this.rowStride + j * this.colStride) * itemBytes(this.dtype);
  }

  get(i: number, j: number): number {
    return this.memory.array(this.dtype)[this.address(i, j) / itemBytes(this.dtype)];
  }

  set(i: number, j: number, value: number): void {
    this.memory.array(this.dtype)[this.address(i, j) / itemBytes(this.dtype)] = value;
  }

  get order(): StorageOrder {
    return storageOrder(this);
  }

  /** Number of entries. */
  get size(): number {
    return this.height * this.width;
  }

  /** The entries of a matrix without gaps (one row, one column, or ldim = height) as an array over the rank's memory, not a copy. */
  get flat(): Float64Array | Float32Array {
    const dense = this.size === 0 || (this.rowStride === 1 && (this.colStride === this.height || this.width === 1)) || (this.colStride === 1 && (this.rowStride === this.width || this.height === 1));
    if (!dense) throw new Error(`Matrix.flat: a ${this.height}×${this.width} matrix with strides ${this.rowStride}, ${this.colStride} has gaps`);
    const start = this.ptr / itemBytes(this.dtype);
    return this.memory.array(this.dtype).subarray(start, start + this.size);
  }

  /** Gives the memory back to the rank's heap. Only for the matrix that `alloc` returned, never for a view. */
  free(): void {
    this.memory.heap.free(this.ptr);
  }
}

/** Entries between columns (rows) of a fresh matrix whose columns (rows) have n entries. */
function leadingDimension(n: number, dtype: Dtype): number {
  const bytes = n * itemBytes(dtype);
  return bytes >= 4096 && bytes % 4096 === 0 ? n + 64 / itemBytes(dtype) : n;
}

/** Bytes that {@link Matrix.alloc} will ask of the heap. */
export function matrixBytes(dtype: Dtype, height: number, width: number, order: StorageOrder = 'column'): number {
  const [contiguous, lines] = order === 'column' ? [height, width] : [width, height];
  return leadingDimension(contiguous, dtype) * lines * itemBytes(dtype);
}
