/** Matrices in and out, at every place where a session can live: what people hold them in, all distributions, parts, orders and types. */
import { Matrix as MlMatrix } from 'ml-matrix';
import { HostMatrix, type MatrixLike, type SendOptions } from '#src/index.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { dense, entriesOf, placement, Sequence, wholeNumbers } from '../../grids.js';
import { everywhere } from './everywhere.js';

const ROWS = [[1, 2, 3], [4, 5, 6]];
const DATA = [1, 2, 3, 4, 5, 6];
const BY_COLUMNS = [1, 4, 2, 5, 3, 6];
const INPUTS: [name: string, source: MatrixLike, options?: SendOptions][] = [
  ['nested arrays', ROWS],
  ['rows in Float64Arrays', ROWS.map((row) => Float64Array.from(row))],
  ['a Float64Array', Float64Array.from(DATA), { shape: [2, 3] }],
  ['a Float64Array in column order', Float64Array.from(BY_COLUMNS), { shape: [2, 3], order: 'column' }],
  ['a Float32Array', Float32Array.from(DATA), { shape: [2, 3] }],
  ['a Float32Array that becomes f64', Float32Array.from(DATA), { shape: [2, 3], dtype: 'f64' }],
  ['a Float64Array that becomes f32', Float64Array.from(DATA), { shape: [2, 3], dtype: 'f32' }],
  ['an Int16Array', Int16Array.from(DATA) as unknown as Float64Array, { shape: [2, 3] }],
  ['data with strides', { data: Float64Array.from([0, ...DATA.flatMap((x) => [x, -1])]), shape: [2, 3], strides: [6, 2], offset: 1 }],
  ['data with negative strides', { data: Float64Array.from([...DATA].reverse()), shape: [2, 3], strides: [-3, -1], offset: 5 }],
  ['columns with a gap', { data: Float64Array.from([1, 4, 0, 2, 5, 0, 3, 6, 0]), shape: [2, 3], strides: [1, 3] }],
  ['an ml-matrix', new MlMatrix(ROWS)],
  ['a fetched matrix', new HostMatrix(Float64Array.from(BY_COLUMNS), [2, 3], [1, 2])],
];

everywhere('2x2', (session) => {
  test.each(INPUTS.map(([name, source, options]) => ({ name, source, options })))('$name', async ({ source, options }) => {
    const A = await session().send(source, options);
    const fetched = await session().fetch(A);
    expect(fetched.toArray()).toEqual(ROWS);
    expect(fetched.data.BYTES_PER_ELEMENT).toBe(A.dtype === 'f64' ? 8 : 4);
    await A.free();
  });

  test.each(DIST_PAIRS)('%s, with any alignments, both types, orders and kinds of memory', async (dist) => {
    const next = new Sequence(dist.length);
    for (const [height, width, dtype] of [[37, 23, 'f64'], [5, 130, 'f32'], [1, 1, 'f64'], [0, 4, 'f64'], [700, 3, 'f32']] as const) {
      const source = wholeNumbers(next, height, width);
      const A = await session().send(source, { dtype, ...placement(next, { height: 2, width: 2, order: 'column' }, dist) });
      expect(Array.from((await session().fetch(A)).data)).toEqual(entriesOf(source, dtype));
      const columns = await session().fetch(A, { order: 'column' });
      expect(columns.strides).toEqual([1, height]);
      expect(columns.toArray()).toEqual(source.toArray());
      const again = await session().send(columns, { dist, dtype });
      expect((await session().fetch(again)).toArray()).toEqual(source.toArray());
      await session().free(A, again);
    }
  });

  test('parts of a matrix, into memory that is there already and of either type', async () => {
    const source = dense(61, 47, (i, j) => 100 * i + j);
    const A = await session().send(source, { dist: 'VC_STAR' });
    const B = await session().send(source, { dist: 'MC_MR', dtype: 'f32' });
    for (const M of [A, B]) {
      for (const [row, height, col, width] of [[0, 61, 0, 47], [60, 1, 46, 1], [7, 0, 3, 4], [13, 29, 5, 41], [20, 1, 0, 47], [0, 61, 46, 1]]) {
        const wanted = Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => 100 * (row + i) + col + j));
        for (const into of [undefined, new Float64Array(height * width + 3).fill(-1), new Float32Array(height * width + 3).fill(-1)]) {
          for (const order of ['row', 'column'] as const) {
            const part = await session().fetch(M, { rows: { start: row, count: height }, cols: { start: col, count: width }, into, order });
            expect(part.toArray()).toEqual(wanted);
            if (into) expect([part.data, Array.from(into.slice(-3))]).toEqual([into, [-1, -1, -1]]);
          }
        }
      }
    }
    await session().free(A, B);
  });

  test('NaN, infinities, -0 and the ends of the range', async () => {
    const numbers = [NaN, Infinity, -Infinity, -0, 5e-324, 1.7976931348623157e308];
    const A = await session().send(Float64Array.from(numbers), { shape: [2, 3] });
    expect(Array.from((await session().fetch(A)).data)).toEqual(numbers);
    const F = await session().send([[0.1, 1e300]], { dtype: 'f32' });
    expect(Array.from((await session().fetch(F)).data)).toEqual([Math.fround(0.1), Infinity]);
    await session().free(A, F);
  });

  test('several megabytes, while the event loop turns', async () => {
    const [height, width] = [1201, 803];
    const source = dense(height, width, (i, j) => i * 1000 + j);
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const A = await session().send(source, { dist: 'MC_MR' });
    const back = await session().fetch(A);
    clearInterval(ticking);
    expect(back.data.every((x, at) => x === source.data[at])).toBe(true);
    expect(turns).toBeGreaterThan(1);
    await A.free();
  });

  test('matrices of a function, and of nothing at all', async () => {
    const A = await session().fromFunction(70, 30, (i, j) => i - j, { dist: 'STAR_VR' });
    expect((await session().fetch(A)).get(69, 3)).toBe(66);
    const empty = await session().send([]);
    expect((await session().fetch(empty)).toArray()).toEqual([]);
    await session().free(A, empty);
  });
});
