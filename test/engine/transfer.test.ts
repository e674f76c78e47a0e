/** Matrices on their way to the ranks and back: every kind of source, every distribution, blocks, orders and item types. */
import { Matrix as MlMatrix } from 'ml-matrix';
import { Alchemist, type DistPair, type Dtype, HostMatrix, type MatrixLike, type SendOptions, type Session } from '#src/index.js';
import { DIST_PAIRS, parseDistPair } from '#src/layout/distribution.js';
import { colStride, crossSize, makeLayout, rowStride } from '#src/layout/layout.js';
import { random } from '../random.js';

const entry = (i: number, j: number): number => 1000 * i + j + 0.5;

const rowsOf = (height: number, width: number, f = entry): number[][] => Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => f(i, j)));

/** height·width entries in the order given. */
function flat(height: number, width: number, order: 'row' | 'column', dtype: Dtype = 'f64'): Float64Array | Float32Array {
  const data = dtype === 'f64' ? new Float64Array(height * width) : new Float32Array(height * width);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) data[order === 'row' ? i * width + j : i + j * height] = entry(i, j);
  return data;
}

describe.each(['1x1', '2x2', '3x2'])('on %s', (grid) => {
  let session: Session;
  beforeAll(async () => {
    session = await Alchemist.start({ grid, memoryPerWorker: '64MiB' });
  });
  afterAll(() => session.close());

  test('what is sent comes back, in every distribution, at any alignment, in both orders and item types', async () => {
    const { below, pick } = random(7);
    const { height: gridHeight, width: gridWidth } = session.grid;
    for (const dist of DIST_PAIRS) {
      for (const dtype of ['f64', 'f32'] as const) {
        const [height, width] = [pick([0, 1, 2, 5, 11]), pick([0, 1, 3, 4, 13])];
        const layout = makeLayout({ height, width, dist: parseDistPair(dist), gridHeight, gridWidth });
        const alignment = { colAlign: below(colStride(layout)), rowAlign: below(rowStride(layout)), root: below(crossSize(layout)) };
        const order = pick(['row', 'column'] as const);
        const A = await session.send(flat(height, width, order, dtype), { shape: [height, width], order, dist, ...alignment });
        expect(A).toMatchObject({ height, width, dtype, shape: [height, width], freed: false, layout: { ...alignment } });
        const back = pick(['row', 'column'] as const);
        const fetched = await session.fetch(A, { order: back });
        expect([...fetched.data]).toEqual([...flat(height, width, back, dtype)]);
        expect(fetched).toMatchObject({ shape: [height, width], strides: back === 'row' ? [width, 1] : [1, height], offset: 0 });
        await A.free();
      }
    }
    expect(await session.memory()).toMatchObject({ matrices: 0, used: 0 });
  });

  test('any block can be fetched, empty ones too', async () => {
    const { below } = random(8);
    const [height, width] = [17, 12];
    for (const dist of DIST_PAIRS) {
      const A = await session.send(flat(height, width, 'row'), { shape: [height, width], dist });
      for (let t = 0; t < 4; t++) {
        const [i, j] = [below(height + 1), below(width + 1)];
        const [rows, cols] = [{ start: i, count: below(height - i + 1) }, { start: j, count: below(width - j + 1) }];
        const block = await session.fetch(A, { rows, cols });
        expect(block.toArray()).toEqual(rowsOf(rows.count, cols.count, (a, b) => entry(i + a, j + b)));
      }
      expect((await session.fetch(A, { rows: { start: 16, count: 1 } })).toArray()).toEqual([rowsOf(17, 12)[16]]);
      await A.free();
    }
  });
});

describe('a session', () => {
  let session: Session;
  beforeAll(async () => {
    session = await Alchemist.start({ grid: '2x2', memoryPerWorker: '128MiB' });
  });
  afterAll(() => session.close());

  const ROWS = [[1, 2, 3], [4, 5, 6]];
  const data = [1, 2, 3, 4, 5, 6];
  const byColumns = [1, 4, 2, 5, 3, 6];
  const sources: { name: string; source: MatrixLike; options?: SendOptions; dtype?: Dtype }[] = [
    { name: 'nested arrays', source: ROWS },
    { name: 'rows in Float64Arrays', source: ROWS.map((row) => Float64Array.from(row)) },
    { name: 'rows in Float32Arrays', source: ROWS.map((row) => Float32Array.from(row)), dtype: 'f32' },
    { name: 'a Float64Array', source: Float64Array.from(data), options: { shape: [2, 3] } },
    { name: 'a Float32Array by columns', source: Float32Array.from(byColumns), options: { shape: [2, 3], order: 'column' }, dtype: 'f32' },
    { name: 'integers', source: Int16Array.from(data) as unknown as Float64Array, options: { shape: [2, 3] } },
    { name: 'a Float32Array that shall be f64', source: Float32Array.from(data), options: { shape: [2, 3], dtype: 'f64' } },
    { name: 'an ndarray with negative strides', source: { data: Float64Array.from([6, 5, 4, 3, 2, 1]), shape: [2, 3], stride: [-3, -1], offset: 5 } },
    { name: 'data in shared memory', source: new Float64Array(new SharedArrayBuffer(48)).map((_, at) => data[at]), options: { shape: [2, 3] } },
    { name: 'an ml-matrix', source: new MlMatrix(ROWS) },
    { name: 'a fetched matrix', source: new HostMatrix(Float64Array.from(byColumns), [2, 3], [1, 2]) },
  ];
  test.each(sources)('takes $name', async ({ source, options, dtype = 'f64' }) => {
    const A = await session.send(source, options);
    expect(A.dtype).toBe(dtype);
    expect((await session.fetch(A)).toArray()).toEqual(ROWS);
    await A.free();
  });

  test('keeps NaN, infinities and the sign of zero, and rounds to f32 where it is asked to', async () => {
    const special = [NaN, Infinity, -Infinity, -0, 0.1, 1e300];
    const A = await session.send(special);
    const B = await session.send(special, { dtype: 'f32' });
    expect([...(await session.fetch(A)).data]).toEqual(special);
    expect([...(await session.fetch(B)).data]).toEqual(special.map(Math.fround));
    await session.free(A, B);
  });

  test('copies what is sent before it takes the next call: the source may be changed when send has resolved', async () => {
    const source = flat(9, 9, 'row');
    const A = await session.send(source, { shape: [9, 9] });
    source.fill(-1);
    expect((await session.fetch(A)).toArray()).toEqual(rowsOf(9, 9));
    await A.free();
  });

  test('fetches into an array of the caller, longer or of another item type, and touches nothing behind the entries', async () => {
    const A = await session.send(flat(3, 2, 'row'), { shape: [3, 2] });
    const into = new Float64Array(8).fill(-1);
    const fetched = await session.fetch(A, { into, order: 'column' });
    expect(fetched.data).toBe(into);
    expect([...into]).toEqual([...flat(3, 2, 'column'), -1, -1]);
    expect(fetched.toArray()).toEqual(rowsOf(3, 2));
    const single = new Float32Array(6);
    expect([...(await session.fetch(A, { into: single })).data]).toEqual([...flat(3, 2, 'row', 'f32')]);
    await expect(session.fetch(A, { into: new Float64Array(5) })).rejects.toMatchObject({ code: 'E_SHAPE', message: expect.stringMatching(/3×2 entries do not fit into an array of 5/) });
    await A.free();
  });

  test('moves a matrix whose rows or columns are very long in pieces', async () => {
    const wide = Float64Array.from({ length: 700_000 }, (_, at) => at);
    for (const shape of [[1, 700_000], [2, 350_000], [700_000, 1], [350_000, 2]] as const) {
      for (const dist of ['MC_MR', 'STAR_VR', 'VC_STAR', 'CIRC_CIRC'] satisfies DistPair[]) {
        const A = await session.send(wide, { shape, dist });
        const back = (await session.fetch(A)).data;
        expect(Buffer.compare(Buffer.from(back.buffer), Buffer.from(wide.buffer))).toBe(0);
        await A.free();
      }
    }
  });

  test('refuses what is no matrix, names what is wrong, and keeps nothing of it', async () => {
    const cases: [Promise<unknown>, string, RegExp][] = [
      [session.send([[1, 2], [3]]), 'E_SHAPE', /row 1 has 1 entries/],
      [session.send([[[1]]] as unknown as number[][]), 'E_SHAPE', /two dimensions/],
      [session.send(Float64Array.of(1, 2, 3), { shape: [2, 2] }), 'E_SHAPE', /cannot be 2×2/],
      [session.send([['1']] as unknown as number[][]), 'E_ARGUMENT', /of type string/],
      [session.send([[1]], { dtype: 'f16' as Dtype }), 'E_ARGUMENT', /dtype must be one of f64, f32, got "f16"/],
      [session.send([[1]], { dist: 'VC_VR' as DistPair }), 'E_LAYOUT', /'VC_VR' is not a distribution/],
      [session.send([[1]], { colAlign: 2 }), 'E_LAYOUT', /colAlign must be a whole number from 0 to 1, but is 2/],
      [session.send([[1]], { rowAlign: -1 }), 'E_ARGUMENT', /rowAlign must be an integer of at least 0, got -1/],
      [session.send([[1]], { root: 1 }), 'E_LAYOUT', /root must be 0/],
    ];
    for (const [call, code, message] of cases) await expect(call).rejects.toMatchObject({ name: 'AlchemistError', code, message: expect.stringMatching(message) });
    const A = await session.send([[1, 2]]);
    for (const rows of [{ start: 0, count: 2 }, { start: 2, count: 1 }, { start: -1, count: 1 }]) {
      await expect(session.fetch(A, { rows })).rejects.toMatchObject({ code: 'E_LAYOUT', message: expect.stringMatching(/not in a matrix of 1×2 \[MC,MR\] on 2×2/) });
    }
    await A.free();
    expect(await session.memory()).toMatchObject({ matrices: 0, used: 0 });
  });
});
