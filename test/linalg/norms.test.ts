/** Norms on every grid in every distribution: against plain loops, at the ends of the range of f64, and with NaN and infinities. */
import { DIST_PAIRS } from '#src/layout/distribution.js';
import type { Dtype, HostMatrix, NormKind } from '#src/index.js';
import { singularValues } from './singular-values.js';
import { dense, forEachGrid, placement, Sequence, SHAPES_TO_TRY, wholeNumbers } from '../grids.js';

const sumsBy = (A: HostMatrix, axis: 0 | 1): number[] => {
  const sums = Array<number>(A.shape[axis]).fill(0);
  for (let i = 0; i < A.height; i++) for (let j = 0; j < A.width; j++) sums[axis === 0 ? i : j] += Math.abs(A.get(i, j));
  return sums;
};

const NAIVE: Record<Exclude<NormKind, 'two'>, (A: HostMatrix) => number> = {
  one: (A) => Math.max(0, ...sumsBy(A, 1)),
  infinity: (A) => Math.max(0, ...sumsBy(A, 0)),
  max: (A) => Math.max(0, ...Array.from(A.data, Math.abs)),
  frobenius: (A) => Math.sqrt(Array.from(A.data).reduce((sum, x) => sum + x * x, 0)),
};
const KINDS = Object.keys(NAIVE) as (keyof typeof NAIVE)[];

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width;

  test('one, infinity, max and Frobenius norms of whole numbers are exact, in every distribution', async () => {
    const next = new Sequence(seed);
    const al = session();
    for (const [index, dist] of DIST_PAIRS.entries()) {
      const [height, width] = SHAPES_TO_TRY[(index + seed) % SHAPES_TO_TRY.length];
      const a = wholeNumbers(next, height, width);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype: next.pick<Dtype>(['f64', 'f32']) });
      for (const kind of KINDS) {
        const value = await al.norm(A, kind);
        if (value !== NAIVE[kind](a)) throw new Error(`${kind} norm of ${A} is ${value}, not ${NAIVE[kind](a)}`);
      }
      await A.free();
    }
  });

  test('the Frobenius norm of random numbers is right to the last bits', async () => {
    const al = session();
    const A = await al.normal(60, 41, { seed, dist: 'MC_MR' });
    const { data } = await al.fetch(A);
    const expected = Math.sqrt(Array.from(data).reduce((sum, x) => sum + x * x, 0));
    expect(Math.abs((await al.norm(A)) - expected)).toBeLessThanOrEqual(40 * 2 ** -53 * expected);
    await A.free();
  });

  test('squares of 1e±300 neither overflow nor vanish, also where one rank holds large entries, one tiny ones, and one only zeros', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    const scales: ((i: number, j: number) => number)[] = [
      () => 1e300,
      () => 1e-300,
      (i, j) => (i === 1 && j === 1 ? 3e-310 : 0),
      (i, j) => (i === 0 && j === 0 ? 3e300 : i === 2 && j === 1 ? 4e300 : 1e-300),
      (i, j) => (i + j) * 1e-160,
      (i, j) => (i === 4 && j === 2 ? 5e-324 : 0),
    ];
    for (const entry of scales) {
      const a = dense(5, 3, entry);
      const largest = NAIVE.max(a);
      const expected = Math.hypot(...a.data);
      const A = await al.send(a, placement(next, grid));
      expect(Math.abs((await al.norm(A, 'frobenius')) / expected - 1)).toBeLessThan(1e-14);
      expect(await al.norm(A, 'max')).toBe(largest);
      expect(Math.abs((await al.norm(A, 'one')) / NAIVE.one(a) - 1)).toBeLessThan(1e-14);
      await A.free();
    }
  });

  test('norms of f32 are sums in f64: exact where f32 squares would leave their range', async () => {
    const al = session();
    const A = await al.constant(4, 4, 2 ** 120, { dtype: 'f32' });
    expect(await al.norm(A, 'frobenius')).toBe(2 ** 122);
    expect(await al.norm(A, 'one')).toBe(2 ** 122);
    const B = await al.constant(4, 4, 2 ** -140, { dtype: 'f32' });
    expect(await al.norm(B, 'frobenius')).toBe(2 ** -138);
    await al.free(A, B);
  });

  test('one NaN anywhere makes every norm NaN; an infinity makes it infinite, also beside 1e300', async () => {
    const next = new Sequence(seed + 2);
    const al = session();
    for (const value of [NaN, Infinity, -Infinity]) {
      for (let round = 0; round < 4; round++) {
        const [row, col] = [next.below(6), next.below(4)];
        const A = await al.send(dense(6, 4, (i, j) => (i === row && j === col ? value : next.pick([1e300, 1, 0, -1e-300]))), placement(next, grid));
        for (const kind of [...KINDS, 'two'] as const) expect(await al.norm(A, kind)).toBe(Math.abs(value));
        await A.free();
      }
    }
    const both = await al.send(dense(6, 4, (i) => (i === 0 ? Infinity : i === 5 ? NaN : 1)));
    for (const kind of KINDS) expect(await al.norm(both, kind)).toBe(NaN);
    await both.free();
  });

  test('the two-norm is the largest singular value, for every shape, f64 and f32, large and tiny entries, repeated values', async () => {
    const next = new Sequence(seed + 4);
    const al = session();
    for (const [index, [height, width]] of SHAPES_TO_TRY.entries()) {
      const scale = [1, 1e300, 1e-300][index % 3];
      const a = dense(height, width, () => (next.below(1000) / 500 - 1) * scale);
      const A = await al.send(a, placement(next, grid));
      const exact = singularValues(dense(height, width, (i, j) => a.get(i, j) / scale))[0] ?? 0;
      expect(Math.abs((await al.norm(A, 'two')) / scale - exact)).toBeLessThanOrEqual(2e-14 * exact);
      await A.free();
    }
    const I = await al.diagonalMatrix([2, -2, 2, 1, 2], placement(next, grid));
    expect(Math.abs((await al.norm(I, 'two')) - 2)).toBeLessThan(1e-14);
    const f32 = await al.convert(I, 'f32');
    expect(Math.abs((await al.norm(f32, 'two')) - 2)).toBeLessThan(2e-6);
    const zero = await al.zeros(4, 5);
    expect(await al.norm(zero, 'two')).toBe(0);
    await al.free(I, f32, zero);
  });

  test('what one and infinity norms move is what the estimate says', async () => {
    const next = new Sequence(seed + 3);
    const al = session();
    for (const dist of DIST_PAIRS) {
      const A = await al.uniform(9, 7, placement(next, grid, dist));
      for (const kind of KINDS) {
        const { bytesMoved } = await al.estimate('norm', { A, kind });
        await al.norm(A, kind);
        expect(Math.max(...al.lastCost!.bytesMovedByRank)).toBe(bytesMoved);
      }
      await A.free();
    }
  });
});
