/** What the methods of a session take besides their operands. */
import type { DistPair } from '../layout/distribution.js';
import type { GridOrder } from '../layout/grid-shape.js';
import type { Range } from '../layout/layout.js';
import type { CallOptions, Dtype } from './backend.js';
import type { Shape } from './host-array.js';
import type { MatrixHandle } from './matrix-handle.js';

/** How a matrix lies on the grid. */
export interface Distribution {
  /** The pair of distributions; default 'MC_MR' for a new matrix, and for the result of an operation the one that moves least. */
  readonly dist?: DistPair;
  /** The rank of the column axis that owns row 0. */
  readonly colAlign?: number;
  /** The rank of the row axis that owns column 0. */
  readonly rowAlign?: number;
  /** The diagonal of an MD matrix, the process of a [CIRC,CIRC] one. */
  readonly root?: number;
}

/** Where a new matrix goes. */
export interface Placement extends Distribution {
  /** Item type; default: that of the data, f64 for everything but Float32Array. */
  readonly dtype?: Dtype;
}

export interface NewMatrixOptions extends Placement, CallOptions {}

export interface RandomOptions extends NewMatrixOptions {
  /** A whole number; equal seeds give equal matrices. Default 0. */
  readonly seed?: number;
}

export interface CopyOptions extends Distribution, CallOptions {}

export interface SendOptions extends Placement, CallOptions {
  /** [height, width] of flat data; default a column. */
  readonly shape?: Shape;
  /** Order of flat data; default 'row'. */
  readonly order?: 'row' | 'column';
}

export interface FetchOptions extends CallOptions {
  /** Rows to fetch; default all. */
  readonly rows?: Range;
  /** Columns to fetch; default all. */
  readonly cols?: Range;
  /** Order of the result; default 'row'. */
  readonly order?: 'row' | 'column';
  /** Where to put the entries; default a fresh array of the matrix' type. */
  readonly into?: Float64Array | Float32Array;
}

export interface WorkerOptions {
  /** Shape of the grid of all workers, such as '2x3'; default: the squarest. */
  readonly grid?: string;
  /** Whether workers are laid down the columns of the grid or along its rows; default 'column'. */
  readonly order?: GridOrder;
}

export interface LoadOptions extends Distribution, CallOptions {
  /** Item type; default f32 for a .npy or HDF5 file of float32, else f64. */
  readonly dtype?: Dtype;
  /** Path of the dataset inside an HDF5 file; default: the only one with two axes, or the only one. */
  readonly dataset?: string;
  /** The character between the cells of a CSV file; default: found out. */
  readonly separator?: string;
  /** Whether the first line of a CSV file names the columns; default: found out. */
  readonly header?: boolean;
}

export interface SaveOptions extends CallOptions {
  /** Item type in a .npy or HDF5 file; default that of the matrix. */
  readonly dtype?: Dtype;
  /** Order of the entries in a .npy file; default 'row'. */
  readonly order?: 'row' | 'column';
  /** Path of the dataset inside an HDF5 file; default 'A'. */
  readonly dataset?: string;
}

export interface GemmOptions extends CallOptions {
  /** Overwritten by alpha op(A) op(B) + beta C; default: a new matrix. */
  readonly C?: MatrixHandle;
  readonly alpha?: number;
  readonly beta?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly dist?: DistPair;
  readonly variant?: 'auto' | 'C' | 'A' | 'B' | 'dot';
  /** Levels of Strassen's form in local products, for orders of 1000 and more: faster, with a weaker error bound. Default 0. */
  readonly strassen?: number;
}

export interface TruncatedSvdOptions extends CallOptions {
  /** How many singular triplets, 1 to min(height, width). */
  readonly rank: number;
  /** The largest residual in units of the largest value; default, and least, 8 roundings of the item type. */
  readonly tolerance?: number;
  /** The most passes over A; default 5000. */
  readonly maxIterations?: number;
  /** A whole number that chooses the random start; default 0. */
  readonly seed?: number;
}

export interface TruncatedSvd {
  /** height × rank, orthonormal columns, [VC,*]. */
  readonly U: MatrixHandle;
  /** width × rank, orthonormal columns, [VC,*]. */
  readonly V: MatrixHandle;
  /** Descending. */
  readonly values: Float64Array;
  /** Passes over A, two vectors each. */
  readonly iterations: number;
  /** Runs of the Lanczos process: one unless values fall by more than 256 or repeat. */
  readonly stages: number;
  /** The largest ‖Aᵀ u - σ v‖ in units of the largest value, computed from A. */
  readonly residual: number;
  /** The largest entry of |UᵀU - I| and |VᵀV - I|. */
  readonly orthogonality: number;
}

export interface SolveOptions extends CallOptions {
  /** The largest residual of a column in units of its right-hand side; default 1e-10, for f32 1e-5. */
  readonly tolerance?: number;
  /** Default 1000. */
  readonly maxIterations?: number;
}

export interface Solution {
  /** One column for every right-hand side, [VC,*]. */
  readonly X: MatrixHandle;
  readonly iterations: number;
  /** ‖b - S x‖ / ‖b‖ of the system S x = b that was solved, for every column. */
  readonly residuals: Float64Array;
}
