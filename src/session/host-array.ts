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

export interface HostArrayOptions {
  /** Of flat data; anything else has its own, which must agree. */
  readonly shape?: Shape;
  /** Of flat data. */
  readonly order?: 'row' | 'column';
}

/**
 * `source` as a HostArray. Typed arrays and strided arrays are referred to, not copied; nested arrays and objects with `get` are copied once.
 * @throws AlchemistError E_SHAPE for ragged rows, missing or wrong shapes, or more than two dimensions; E_ARGUMENT for what holds no numbers.
 */
export function hostArray(source: MatrixLike, options: HostArrayOptions = {}): HostArray {
  const { shape, order = 'row' } = options;
  if (order !== 'row' && order !== 'column') throw new AlchemistError('E_ARGUMENT', `order must be 'row' or 'column', got ${JSON.stringify(order)}`);
  if (isFlat(source)) return flat(source, shape, order);
  const host = shaped(source);
  if (shape && (shape[0] !== host.height || shape[1] !== host.width)) {
    throw new AlchemistError('E_SHAPE', `the matrix is ${host.height}×${host.width}, but shape says ${shape.join('×')}`, { hint: 'shape is for flat data; leave it out' });
  }
  return host;
}

type Flat = readonly number[] | Float64Array | Float32Array;

/** One-dimensional data; an empty array is one, too, when a shape says so. */
function isFlat(source: MatrixLike): source is Flat {
  return ArrayBuffer.isView(source) || (Array.isArray(source) && !isRow(source[0]));
}

const isRow = (value: unknown): value is ArrayLike<number> => Array.isArray(value) || ArrayBuffer.isView(value);

function shaped(source: Exclude<MatrixLike, Flat>): HostArray {
  if (Array.isArray(source)) return nested(source as readonly ArrayLike<number>[]);
  if (typeof source === 'object' && source !== null) {
    if ('shape' in source && 'data' in source) return strided(source);
    if ('rows' in source && 'columns' in source && typeof source.get === 'function') return behindGet(source);
  }
  throw new AlchemistError('E_ARGUMENT', `a matrix must be a Float64Array or Float32Array with a shape, an array of rows, or an object with data, shape and strides; got ${source === null ? 'null' : typeof source}`);
}

function flat(data: Flat, shape: Shape | undefined, order: 'row' | 'column'): HostArray {
  mustHoldNumbers(data);
  const [height, width] = shape ?? (data.length === 0 && Array.isArray(data) ? [0, 0] : [data.length, 1]);
  mustBeSizes([height, width]);
  if (height * width !== data.length) {
    throw new AlchemistError('E_SHAPE', `an array of ${data.length} numbers cannot be ${height}×${width} (that takes ${height * width})`, { hint: 'pass { shape: [height, width] }' });
  }
  return { data, height, width, offset: 0, rowStride: order === 'row' ? width : 1, colStride: order === 'row' ? 1 : height };
}

function nested(rows: readonly ArrayLike<number>[]): HostArray {
  const [height, width] = [rows.length, rows[0].length];
  const data = rows.every((row) => types.isFloat32Array(row)) ? new Float32Array(height * width) : new Float64Array(height * width);
  for (const [i, row] of rows.entries()) {
    if (!isRow(row) || row.length !== width) {
      throw new AlchemistError('E_SHAPE', `row ${i} has ${isRow(row) ? row.length : 'no'} entries, row 0 has ${width}`, { hint: 'all rows must have the same length' });
    }
    mustHoldNumbers(row, `row ${i}`);
    data.set(row, i * width);
  }
  return { data, height, width, offset: 0, rowStride: width, colStride: 1 };
}

function behindGet(source: Extract<MatrixLike, { rows: number }>): HostArray {
  const { rows: height, columns: width } = source;
  mustBeSizes([height, width]);
  const data = new Float64Array(height * width);
  for (let i = 0, at = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const value: unknown = source.get(i, j);
      if (typeof value !== 'number') throw new AlchemistError('E_ARGUMENT', `entry (${i}, ${j}) is not a number, but of type ${typeof value}`);
      data[at++] = value;
    }
  }
  return { data, height, width, offset: 0, rowStride: width, colStride: 1 };
}

function strided(source: Extract<MatrixLike, { shape: readonly number[] }>): HostArray {
  const { data } = source;
  const shape = [...source.shape];
  if (shape.length > 2) throw new AlchemistError('E_SHAPE', `a matrix has two dimensions, got shape [${shape.join(', ')}]`);
  mustBeSizes(shape);
  mustHoldNumbers(data);
  const [height, width] = [shape[0] ?? 1, shape[1] ?? 1];
  const byColumns = source.order === 'column-major' || source.order === 'column';
  const strides = [...(source.strides ?? source.stride ?? (byColumns ? [1, height] : [width, 1]).slice(0, shape.length))];
  const offset = source.offset ?? 0;
  const description = `shape [${shape.join(', ')}] with strides [${strides.join(', ')}] and offset ${offset}`;
  if (strides.length !== shape.length || ![offset, ...strides].every(Number.isInteger)) {
    throw new AlchemistError('E_SHAPE', `${description} is not a matrix`, { hint: 'strides are whole numbers, one for each dimension; the offset is a whole number, too' });
  }
  const [rowStride, colStride] = [strides[0] ?? 1, strides[1] ?? 1];
  const reach = (n: number, stride: number): [number, number] => [Math.min(0, (n - 1) * stride), Math.max(0, (n - 1) * stride)];
  const [rowLow, rowHigh] = reach(height, rowStride);
  const [colLow, colHigh] = reach(width, colStride);
  if (height * width > 0 && (offset + rowLow + colLow < 0 || offset + rowHigh + colHigh >= data.length)) {
    throw new AlchemistError('E_SHAPE', `${description} reaches outside the ${data.length} numbers of data`);
  }
  return { data, height, width, offset, rowStride, colStride };
}

/** Typed arrays hold numbers, but for the two of BigInts; what other arrays hold is looked at. */
function mustHoldNumbers(data: ArrayLike<number>, name = 'the data'): void {
  const fail = (found: string): never => {
    throw new AlchemistError('E_ARGUMENT', `${name} must be an array of numbers, but ${found}`);
  };
  if (!Number.isInteger(data?.length)) fail(`it is ${Object.prototype.toString.call(data).slice(8, -1)}`);
  if (types.isBigInt64Array(data) || types.isBigUint64Array(data)) fail('it is one of BigInts');
  if (ArrayBuffer.isView(data)) return;
  for (let at = 0; at < data.length; at++) {
    if (typeof data[at] === 'number') continue;
    if (isRow(data[at])) throw new AlchemistError('E_SHAPE', `a matrix has two dimensions, but entry ${at} of ${name} is an array`);
    fail(`entry ${at} is ${data[at] === null ? 'null' : `of type ${typeof data[at]}`}`);
  }
}

function mustBeSizes(sizes: readonly number[]): void {
  for (const n of sizes) {
    if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) throw new AlchemistError('E_SHAPE', `a matrix' height and width must be integers from 0 to 2147483647, got ${sizes.join('×')}`);
  }
}
