/** The caller's arrays: whatever people hold matrices in, seen as data with two strides, without a copy. */
import { types } from 'node:util';
import { AlchemistError } from '../errors.js';

/** A typed array with a matrix's shape: entry (i, j) is `data[offset + i*rowStride + j*colStride]`. */
export interface HostArray {
  readonly data: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  readonly offset: number;
  readonly rowStride: number;
  readonly colStride: number;
}

/** What `send` takes. One-dimensional data is a column. */
export type MatrixLike =
  | readonly (readonly number[])[]
  | readonly (Float64Array | Float32Array)[]
  | Float64Array
  | Float32Array
  | readonly number[]
  /** ndarray, @stdlib/ndarray, a fetched matrix: data with a shape and strides. */
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[]; readonly strides?: readonly number[]; readonly stride?: readonly number[]; readonly offset?: number; readonly order?: string }
  /** ml-matrix and its relatives: rows and columns behind `get`. */
  | { readonly rows: number; readonly columns: number; get(i: number, j: number): number };

/** Shape of flat data: [height, width]. */
export type Shape = readonly [height: number, width: number];

/**
 * `source` as a HostArray. Typed arrays and strided arrays are referred to, not copied; nested arrays and objects with `get` are copied once.
 * @throws AlchemistError E_SHAPE for ragged rows, missing or wrong shapes, or more than two dimensions.
 */
export function hostArray(source: MatrixLike, options: { shape?: Shape; order?: 'row' | 'column' } = {}): HostArray {
  if (types.isFloat64Array(source) || types.isFloat32Array(source)) return flat(source, options);
  if (ArrayBuffer.isView(source)) return flat(source as unknown as ArrayLike<number>, options);
  if (Array.isArray(source)) {
    const rows = source as readonly (number | ArrayLike<number>)[];
    if (rows.length === 0 && !options.shape) return { data: [], height: 0, width: 0, offset: 0, rowStride: 1, colStride: 1 };
    return typeof rows[0] === 'number' || rows.length === 0 ? flat(rows as readonly number[], options) : nested(rows as readonly ArrayLike<number>[]);
  }
  if (typeof source === 'object' && source !== null) {
    if ('shape' in source && 'data' in source) return stridedArray(source);
    if ('rows' in source && 'columns' in source && typeof source.get === 'function') return copied(source.rows, source.columns, (i, j) => source.get(i, j));
  }
  throw new AlchemistError('E_ARGUMENT', `a matrix must be a Float64Array or Float32Array with a shape, an array of rows, or an object with data, shape and strides; got ${typeof source}`);
}

function flat(data: ArrayLike<number>, { shape, order = 'row' }: { shape?: Shape; order?: 'row' | 'column' }): HostArray {
  const [height, width] = shape ?? [data.length, 1];
  mustBeSizes([height, width]);
  if (height * width !== data.length) {
    throw new AlchemistError('E_SHAPE', `an array of ${data.length} numbers cannot be ${height}×${width} (that takes ${height * width})`, { hint: 'pass { shape: [height, width] }' });
  }
  return { data, height, width, offset: 0, rowStride: order === 'row' ? width : 1, colStride: order === 'row' ? 1 : height };
}

function nested(rows: readonly ArrayLike<number>[]): HostArray {
  const width = rows[0].length;
  for (const [i, row] of rows.entries()) {
    if (row === null || typeof row !== 'object' || row.length !== width) {
      throw new AlchemistError('E_SHAPE', `row ${i} has ${(row as ArrayLike<number> | null)?.length ?? 'no'} entries, row 0 has ${width}`, { hint: 'all rows must have the same length' });
    }
  }
  return copied(rows.length, width, (i, j) => rows[i][j]);
}

function copied(height: number, width: number, get: (i: number, j: number) => number): HostArray {
  mustBeSizes([height, width]);
  const data = new Float64Array(height * width);
  for (let i = 0, at = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value = get(i, j);
      if (typeof value !== 'number') throw new AlchemistError('E_ARGUMENT', `entry (${i}, ${j}) is a ${typeof value}, not a number`);
      data[at++] = value;
    }
  }
  return { data, height, width, offset: 0, rowStride: width, colStride: 1 };
}

function stridedArray(source: Extract<MatrixLike, { shape: readonly number[] }>): HostArray {
  const shape = [...source.shape];
  if (shape.length > 2) throw new AlchemistError('E_SHAPE', `a matrix has two dimensions, got shape [${shape.join(', ')}]`);
  mustBeSizes(shape);
  const [height, width] = [shape[0] ?? 1, shape[1] ?? 1];
  const given = source.strides ?? source.stride;
  const strides = given ? [...given] : source.order === 'column-major' || source.order === 'column' ? [1, height] : [width, 1];
  const [rowStride, colStride] = [strides[0] ?? 1, strides[1] ?? 1];
  const offset = source.offset ?? 0;
  const reach = (n: number, stride: number): [number, number] => (n === 0 ? [0, 0] : [Math.min(0, (n - 1) * stride), Math.max(0, (n - 1) * stride)]);
  const [rowLow, rowHigh] = reach(height, rowStride);
  const [colLow, colHigh] = reach(width, colStride);
  if (height * width > 0 && (offset + rowLow + colLow < 0 || offset + rowHigh + colHigh >= source.data.length)) {
    throw new AlchemistError('E_SHAPE', `shape [${shape.join(', ')}] with strides [${strides.join(', ')}] and offset ${offset} reaches outside the ${source.data.length} numbers of data`);
  }
  return { data: source.data, height, width, offset, rowStride, colStride };
}

function mustBeSizes(sizes: readonly number[]): void {
  for (const n of sizes) {
    if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) throw new AlchemistError('E_SHAPE', `a matrix' height and width must be integers from 0 to 2147483647, got ${sizes.join('×')}`);
  }
}
