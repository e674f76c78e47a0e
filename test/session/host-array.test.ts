import fc from 'fast-check';
import { Matrix as MlMatrix } from 'ml-matrix';
import { hostArray, type MatrixLike } from '#src/session/host-array.js';
import { HostMatrix } from '#src/session/host-matrix.js';

/** The entries that an array shows, by rows. */
function entries(source: MatrixLike, options?: Parameters<typeof hostArray>[1]): number[][] {
  const { data, height, width, offset, rowStride, colStride } = hostArray(source, options);
  return Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => data[offset + i * rowStride + j * colStride]));
}

/** What hostArray says to something that is no matrix. */
function refusal(source: unknown, options?: object): { code: string; message: string } {
  try {
    hostArray(source as MatrixLike, options);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  throw new Error('it was accepted');
}

const ROWS = [[1, 2, 3], [4, 5, 6]];

describe('the same matrix', () => {
  const data = [1, 2, 3, 4, 5, 6];
  const byColumns = [1, 4, 2, 5, 3, 6];
  type Case = [name: string, source: MatrixLike, options?: Parameters<typeof hostArray>[1]];
  const cases: Case[] = [
    ['nested arrays', ROWS],
    ['rows in Float64Arrays', ROWS.map((row) => Float64Array.from(row))],
    ['rows in Float32Arrays', ROWS.map((row) => Float32Array.from(row))],
    ['a Float64Array and a shape', Float64Array.from(data), { shape: [2, 3] }],
    ['a Float32Array in column order', Float32Array.from(byColumns), { shape: [2, 3], order: 'column' }],
    ['a plain array and a shape', data, { shape: [2, 3] }],
    ['an Int32Array and a shape', Int32Array.from(data) as unknown as Float64Array, { shape: [2, 3] }],
    ['data with shape and strides', { data: Float64Array.from(byColumns), shape: [2, 3], strides: [1, 2] }],
    ['an ndarray, whose strides are called stride', { data: Float64Array.from([0, ...data]), shape: [2, 3], stride: [3, 1], offset: 1 }],
    ['negative strides', { data: Float64Array.from([6, 5, 4, 3, 2, 1]), shape: [2, 3], strides: [-3, -1], offset: 5 }],
    ['every second entry', { data: Float64Array.from(data.flatMap((x) => [x, -1])), shape: [2, 3], strides: [6, 2] }],
    ['stdlib data in column-major order', { data: Float64Array.from(byColumns), shape: [2, 3], order: 'column-major' }],
    ['data and a shape alone, in row order', { data, shape: [2, 3] }],
    ['an ml-matrix', new MlMatrix(ROWS)],
    ['a transposed ml-matrix view', new MlMatrix([[1, 4], [2, 5], [3, 6]]).transpose()],
    ['a fetched matrix', new HostMatrix(Float64Array.from(byColumns), [2, 3], [1, 2])],
  ];
  test.each(cases.map(([name, source, options]) => ({ name, source, options })))('comes out of $name', ({ source, options }) => {
    expect(entries(source, options)).toEqual(ROWS);
  });
});

test('one dimension is a column', () => {
  expect(entries([7, 8])).toEqual([[7], [8]]);
  expect(entries(Float64Array.of(7, 8))).toEqual([[7], [8]]);
  expect(entries({ data: Float64Array.of(7, -1, 8), shape: [2], strides: [2] })).toEqual([[7], [8]]);
  expect(entries({ data: [3], shape: [] })).toEqual([[3]]);
});

test('empty matrices keep the size that they have', () => {
  const size = (source: MatrixLike, options?: Parameters<typeof hostArray>[1]): number[] => {
    const { height, width } = hostArray(source, options);
    return [height, width];
  };
  expect(size([])).toEqual([0, 0]);
  expect(size([[], []])).toEqual([2, 0]);
  expect(size([], { shape: [0, 5] })).toEqual([0, 5]);
  expect(size(new Float64Array(0), { shape: [3, 0] })).toEqual([3, 0]);
  expect(size({ data: new Float64Array(0), shape: [0, 4] })).toEqual([0, 4]);
  expect(size({ data: [1], shape: [3, 0], strides: [-7, 100] })).toEqual([3, 0]);
  expect(size(new MlMatrix(0, 3))).toEqual([0, 3]);
});

test('typed and strided arrays are referred to, nested ones are copied once, single precision stays single', () => {
  const data = Float64Array.of(1, 2, 3, 4);
  expect(hostArray(data, { shape: [2, 2] }).data).toBe(data);
  expect(hostArray({ data, shape: [2, 2] }).data).toBe(data);
  expect(hostArray([data, data]).data).toHaveLength(8);
  expect(hostArray([Float32Array.of(1), Float32Array.of(2)]).data).toBeInstanceOf(Float32Array);
  expect(hostArray([Float32Array.of(1), [2]] as unknown as MatrixLike).data).toBeInstanceOf(Float64Array);
});

test('NaN and infinities are entries like others', () => {
  expect(entries([[NaN, Infinity], [-Infinity, -0]])).toEqual([[NaN, Infinity], [-Infinity, -0]]);
});

test('any strides that stay inside the data show the entries that they name, and no others are taken', () => {
  const matrix = fc.record({ height: fc.nat(4), width: fc.nat(4), rowStride: fc.integer({ min: -5, max: 5 }), colStride: fc.integer({ min: -5, max: 5 }), offset: fc.nat(12), length: fc.nat(24) });
  fc.assert(
    fc.property(matrix, ({ height, width, rowStride, colStride, offset, length }) => {
      const data = Float64Array.from({ length }, (_, at) => at);
      const places = Array.from({ length: height * width }, (_, at) => offset + Math.floor(at / width) * rowStride + (at % width) * colStride);
      const source = { data, shape: [height, width], strides: [rowStride, colStride], offset };
      if (places.every((place) => place >= 0 && place < length)) expect(entries(source).flat()).toEqual(places);
      else expect(refusal(source)).toEqual({ code: 'E_SHAPE', message: expect.stringContaining(`reaches outside the ${length} numbers`) });
    }),
    { numRuns: 500 },
  );
});

describe('is refused with what is wrong:', () => {
  test.each<[string, unknown, object | undefined, string, RegExp]>([
    ['a ragged row', [[1, 2], [3]], undefined, 'E_SHAPE', /row 1 has 1 entries, row 0 has 2/],
    ['a row that is none', [[1, 2], 3], undefined, 'E_SHAPE', /row 1 has no entries, row 0 has 2/],
    ['three dimensions, nested', [[[1], [2]]], undefined, 'E_SHAPE', /two dimensions, but entry 0 of row 0 is an array/],
    ['three dimensions, strided', { data: [1], shape: [1, 1, 1] }, undefined, 'E_SHAPE', /two dimensions, got shape \[1, 1, 1\]/],
    ['a shape that does not fit', Float64Array.of(1, 2, 3), { shape: [2, 2] }, 'E_SHAPE', /3 numbers cannot be 2×2 \(that takes 4\)/],
    ['a shape that contradicts the rows', [[1, 2]], { shape: [2, 1] }, 'E_SHAPE', /is 1×2, but shape says 2×1/],
    ['a negative shape', [1], { shape: [-1, -1] }, 'E_SHAPE', /integers from 0/],
    ['a broken shape', { data: [1], shape: [1.5, 1] }, undefined, 'E_SHAPE', /integers from 0/],
    ['too few strides', { data: [1, 2], shape: [1, 2], strides: [2] }, undefined, 'E_SHAPE', /strides \[2\] and offset 0 is not a matrix/],
    ['broken strides', { data: [1, 2], shape: [1, 2], strides: [2, NaN] }, undefined, 'E_SHAPE', /is not a matrix/],
    ['text among numbers', [1, '2'], undefined, 'E_ARGUMENT', /entry 1 is of type string/],
    ['text in a row', [[1, 2], [3, '4']], undefined, 'E_ARGUMENT', /row 1 must be an array of numbers, but entry 1 is of type string/],
    ['a hole', [[1, , 3]], undefined, 'E_ARGUMENT', /entry 1 is of type undefined/], // eslint-disable-line no-sparse-arrays
    ['null', [null], undefined, 'E_ARGUMENT', /entry 0 is null/],
    ['an array after numbers', [1, [2]], undefined, 'E_SHAPE', /entry 1 of the data is an array/],
    ['BigInts', BigInt64Array.of(1n), undefined, 'E_ARGUMENT', /BigInts/],
    ['a DataView', new DataView(new ArrayBuffer(8)), undefined, 'E_ARGUMENT', /it is DataView/],
    ['data that is no array', { data: {}, shape: [1, 1] }, undefined, 'E_ARGUMENT', /it is Object/],
    ['no data', { data: null, shape: [1, 1] }, undefined, 'E_ARGUMENT', /it is Null/],
    ['a getter that gives no numbers', { rows: 1, columns: 1, get: () => 'x' }, undefined, 'E_ARGUMENT', /entry \(0, 0\) is not a number, but of type string/],
    ['a sequence of letters', 'abc', undefined, 'E_ARGUMENT', /got string/],
    ['nothing', undefined, undefined, 'E_ARGUMENT', /got undefined/],
    ['null itself', null, undefined, 'E_ARGUMENT', /got null/],
    ['an unknown order', [[1]], { order: 'diagonal' }, 'E_ARGUMENT', /order must be 'row' or 'column', got "diagonal"/],
  ])('%s', (_, source, options, code, message) => {
    expect(refusal(source, options)).toEqual({ code, message: expect.stringMatching(message) });
  });
});
