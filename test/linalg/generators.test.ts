/** Generators: the same matrix on every grid, in every order and distribution; and what they promise of its entries. */
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { Alchemist, type DistPair, type Dtype, type MatrixHandle, type NewMatrixOptions, type Session } from '#src/index.js';
import { dense, entriesOf, fetched, forEachGrid, placement, Sequence } from '../grids.js';
import { singularValues } from './singular-values.js';

const HEIGHT = 23;
const WIDTH = 14;

/** What must have the same bits everywhere. */
const SAME_BITS: Record<string, (al: Session, options: NewMatrixOptions) => Promise<MatrixHandle>> = {
  zeros: (al, options) => al.zeros(HEIGHT, WIDTH, options),
  ones: (al, options) => al.ones(HEIGHT, WIDTH, options),
  constant: (al, options) => al.constant(HEIGHT, WIDTH, -2.5, options),
  identity: (al, options) => al.identity(HEIGHT, options),
  diagonalMatrix: (al, options) => al.diagonalMatrix([1, 2, NaN, -4], { ...options, height: HEIGHT, width: WIDTH }),
  uniform: (al, options) => al.uniform(HEIGHT, WIDTH, { ...options, seed: 2 ** 40 + 5, low: -3, high: 2 }),
  normal: (al, options) => al.normal(HEIGHT, WIDTH, { ...options, seed: 7, mean: 10, stddev: 3 }),
  fromFunction: (al, options) => al.fromFunction(HEIGHT, WIDTH, (i, j) => Math.sin(i) / (j + 1), options),
};

/** 20×10 with the singular values 1, 0.7, 0.49, … */
const decaying = (al: Session, seed: number, dist?: DistPair): Promise<MatrixHandle> =>
  al.withSpectrum(20, 10, Array.from({ length: 10 }, (_, t) => 0.7 ** t), { seed, dist });

/** The entries on one process. */
let spectrumOnOneProcess: number[] = [];
const expected = new Map<string, number[]>();
const keyOf = (name: string, dtype: Dtype): string => `${name} ${dtype}`;

beforeAll(async () => {
  await using al = await Alchemist.start({ workers: 1, memoryPerWorker: '64MiB' });
  spectrumOnOneProcess = await fetched(al, await decaying(al, 3));
  for (const [name, make] of Object.entries(SAME_BITS)) {
    for (const dtype of ['f64', 'f32'] as const) expected.set(keyOf(name, dtype), await fetched(al, await make(al, { dtype })));
  }
});

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width + (grid.order === 'row' ? 100 : 0);

  for (const [name, make] of Object.entries(SAME_BITS)) {
    test(`${name} has the same bits as on one process, in every distribution`, async () => {
      const next = new Sequence(seed);
      const al = session();
      for (const dist of DIST_PAIRS) {
        const dtype = next.pick<Dtype>(['f64', 'f32']);
        const A = await make(al, { ...placement(next, grid, dist), dtype });
        expect(await fetched(al, A)).toEqual(expected.get(keyOf(name, dtype)));
        await A.free();
      }
    });
  }

  test('withSpectrum has the singular values that it was asked for, whatever its shape and distribution', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    for (const [height, width, s] of [
      [9, 6, [5, 3, 2, 1, 0.5, 0.1]],
      [6, 9, [1, 1, 1, 1, 1, 1]],
      [12, 12, [1, 1e-3, 1e-6]],
      [1, 7, [4]],
      [2, 2, [3, 0]],
      [5, 4, []],
      [0, 3, []],
      [7, 7, [0.5, 2, 1]],
    ] as const) {
      const A = await al.withSpectrum(height, width, s, { ...placement(next, grid), seed });
      expect(A.shape).toEqual([height, width]);
      const values = singularValues(await al.fetch(A));
      const wanted = [...s].sort((a, b) => b - a);
      const largest = wanted[0] ?? 0;
      for (const [index, value] of values.entries()) expect(Math.abs(value - (wanted[index] ?? 0))).toBeLessThanOrEqual(4e-15 * largest);
      await A.free();
    }
  });

  test('withSpectrum is the same matrix on every grid up to rounding, and another one for another seed', async () => {
    const al = session();
    for (const dist of DIST_PAIRS) {
      const same = await fetched(al, await decaying(al, 3, dist));
      expect(Math.max(...same.map((x, at) => Math.abs(x - spectrumOnOneProcess[at])))).toBeLessThan(1e-15);
    }
    const another = await fetched(al, await decaying(al, 4));
    expect(Math.hypot(...another.map((x, at) => x - spectrumOnOneProcess[at]))).toBeGreaterThan(0.5);
  });
});

test('random numbers have the same bits with every build of the kernels', async () => {
  for (const kernels of ['simd', 'auto', 'wide'] as const) {
    await using al = await Alchemist.start({ workers: 2, kernels, memoryPerWorker: '64MiB' });
    for (const name of ['uniform', 'normal']) expect(await fetched(al, await SAME_BITS[name](al, {}))).toEqual(expected.get(keyOf(name, 'f64')));
  }
});

test('uniform numbers fill their range evenly, normal ones have their moments, and seeds are independent', async () => {
  await using al = await Alchemist.start({ workers: 2, memoryPerWorker: '64MiB' });
  const n = 300;
  const U = await al.uniform(n, n, { seed: 11, low: -1, high: 3 });
  const u = await fetched(al, U);
  expect(u.every((x) => x >= -1 && x < 3)).toBe(true);
  const tenths = Array<number>(10).fill(0);
  for (const x of u) tenths[Math.floor(((x + 1) / 4) * 10)]++;
  const chiSquared = tenths.reduce((sum, count) => sum + (count - u.length / 10) ** 2 / (u.length / 10), 0);
  expect(chiSquared).toBeLessThan(27.9); // 9 degrees of freedom: one seed in a thousand is above
  const N = await al.normal(n, n, { seed: 11 });
  const x = await fetched(al, N);
  const moment = (k: number): number => x.reduce((sum, value) => sum + value ** k, 0) / x.length;
  expect(Math.abs(moment(1))).toBeLessThan(3.3 / n);
  expect(Math.abs(moment(2) - 1)).toBeLessThan((3.3 * Math.SQRT2) / n);
  expect(Math.abs(moment(4) - 3)).toBeLessThan((3.3 * Math.sqrt(96)) / n);
  const correlation = (await al.dot(N, await al.normal(n, n, { seed: 12 }))) / (n * n);
  expect(Math.abs(correlation)).toBeLessThan(3.3 / n);
});

test('a matrix larger than a piece is filled from a function that is called once for each entry', async () => {
  await using al = await Alchemist.start({ workers: 2, memoryPerWorker: '64MiB' });
  const [height, width] = [3, 70_000];
  const called = new Uint8Array(height * width);
  const A = await al.fromFunction(height, width, (i, j) => (called[i * width + j]++, i * width + j), { dist: 'VC_STAR', colAlign: 1 });
  expect(called.every((count) => count === 1)).toBe(true);
  expect(await fetched(al, A)).toEqual(entriesOf(dense(height, width, (i, j) => i * width + j)));
});
