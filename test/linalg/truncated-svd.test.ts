/** Truncated SVD on every grid: hard spectra and matrices against values that are known, by residuals that the test computes itself. */
import { type DistPair, type Dtype, type HostMatrix, type MatrixHandle, type Session, type TruncatedSvd } from '#src/index.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { dense, forEachGrid, placement, Sequence, TEST_GRIDS } from '../grids.js';
import { singularValues } from './singular-values.js';

const range = (n: number, entry: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => entry(i));
const EPSILON: Record<Dtype, number> = { f64: 2 ** -53, f32: 2 ** -24 };

/** Largest errors of a decomposition, in roundings: of values in units of σ₁, of ‖AV - UΣ‖ and ‖AᵀU - VΣ‖ likewise, of UᵀU and VᵀV. */
interface Errors {
  readonly values: number;
  readonly residual: number;
  readonly orthogonality: number;
}

/** 256 roundings is what a stage of the search may leave of its smallest triplet; most come out far better. */
const LIMITS: Errors = { values: 256, residual: 256, orthogonality: 100 };

async function errorsOf(al: Session, A: HostMatrix, svd: TruncatedSvd, expected: readonly number[]): Promise<Errors> {
  const [U, V] = [await al.fetch(svd.U), await al.fetch(svd.V)];
  const k = svd.values.length;
  const eps = EPSILON[svd.U.dtype];
  const unit = expected[0] || 1;
  const columnNorm = (n: number, entry: (i: number) => number): number => Math.hypot(...Array.from({ length: n }, (_, i) => entry(i)));
  let [values, residual, orthogonality] = [0, 0, 0];
  for (let j = 0; j < k; j++) {
    values = Math.max(values, Math.abs(svd.values[j] - expected[j]) / unit);
    const sigma = svd.values[j] / unit;
    const left = columnNorm(A.height, (i) => {
      let s = -sigma * U.get(i, j);
      for (let l = 0; l < A.width; l++) s += (A.get(i, l) / unit) * V.get(l, j);
      return s;
    });
    const right = columnNorm(A.width, (i) => {
      let s = -sigma * V.get(i, j);
      for (let l = 0; l < A.height; l++) s += (A.get(l, i) / unit) * U.get(l, j);
      return s;
    });
    residual = Math.max(residual, left, right);
    for (const X of [U, V]) {
      for (let l = 0; l <= j; l++) {
        let s = l === j ? -1 : 0;
        for (let i = 0; i < X.height; i++) s += X.get(i, j) * X.get(i, l);
        orthogonality = Math.max(orthogonality, Math.abs(s));
      }
    }
  }
  return { values: values / eps, residual: residual / eps, orthogonality: orthogonality / eps };
}

/** Throws unless the errors are within the limits, values descend, and the largest entry of each left vector is positive. */
async function mustBeSvd(al: Session, title: string, A: HostMatrix, svd: TruncatedSvd, expected: readonly number[], limits = LIMITS): Promise<void> {
  const errors = await errorsOf(al, A, svd, expected);
  for (const key of ['values', 'residual', 'orthogonality'] as const) {
    if (!(errors[key] <= limits[key])) throw new Error(`${title}: ${key} off by ${errors[key]} roundings, at most ${limits[key]} are allowed`);
  }
  if (svd.values.some((value, i) => !(value >= 0) || value > svd.values[i - 1])) throw new Error(`${title}: values do not descend: ${svd.values}`);
  const U = await al.fetch(svd.U);
  for (let j = 0; j < U.width; j++) {
    const column = range(U.height, (i) => U.get(i, j));
    const most = Math.max(...column.map(Math.abs));
    const largest = column.find((entry) => Math.abs(entry) >= (1 - 2 ** -20) * most)!;
    if (largest < 0) throw new Error(`${title}: the largest entry of left vector ${j} is negative`);
  }
}

async function decompose(al: Session, title: string, A: MatrixHandle, rank: number, expected: readonly number[], limits = LIMITS): Promise<void> {
  const svd = await al.truncatedSvd(A, { rank });
  expect(svd.values).toHaveLength(rank);
  await mustBeSvd(al, `${title}, rank ${rank}, ${A}`, await al.fetch(A), svd, expected, limits);
  await al.free(svd.U, svd.V);
}

const padded = (values: readonly number[], n: number): number[] => [...values, ...Array(Math.max(0, n - values.length)).fill(0)];

/** Spectra for 40×30 matrices, and the ranks to ask for. */
const SPECTRA: Record<string, readonly [values: number[], ranks: number[]]> = {
  'falling as 1/i': [range(30, (i) => 1 / (i + 1)), [1, 7, 30]],
  'flat at the top': [range(30, (i) => 1 - i * 1e-3), [5, 12]],
  'graded to the last rounding': [range(30, (i) => 10 ** -i), [3, 10, 18, 30]],
  'graded slowly': [range(30, (i) => 10 ** (-i / 3)), [20]],
  'of rank 5': [[5, 4, 3, 2, 1], [3, 5, 6, 11]],
  'one value five times': [[1, 1, 1, 1, 1], [2, 5, 8]],
  'repeated values, the cut inside and outside': [padded([5, 5, 5, 3, 2, 1], 6), [1, 2, 3, 4, 5, 7]],
  'two repeated values': [[5, 5, 5, 4, 4, 4, ...range(20, (i) => 2 - i / 20)], [6, 7]],
  'seven times': [[...Array(7).fill(5), 4, 4, 4, ...range(15, (i) => 2 - i / 20)], [5, 9, 12]],
  'two values fifteen times each': [range(30, (i) => (i < 15 ? 1 : 0.5)), [8, 30]],
  'nearly equal': [[...range(4, (i) => 5 - i * 1e-10), ...range(20, (i) => 2 - i / 20)], [3, 5]],
  'cut in a cluster': [[5, 4, ...range(8, (i) => 3 - i * 1e-13), ...range(15, (i) => 1 - i / 20)], [6]],
  'one large, the others near the rounding': [[1, ...range(29, (i) => 1e-13 * (1 - i / 30))], [4]],
  zero: [[], [3, 30]],
};

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width + (grid.order === 'row' ? 100 : 0);

  test('random matrices, tall, wide and square, of every rank and distribution, have the values of a full decomposition', async () => {
    const next = new Sequence(seed);
    const al = session();
    const shapes = [[12, 7], [5, 14], [9, 9], [1, 6], [6, 1], [1, 1], [2, 3], [30, 4], [3, 41], [23, 17]] as const;
    for (const [index, dist] of DIST_PAIRS.entries()) {
      const [height, width] = shapes[(index + seed) % shapes.length];
      const a = dense(height, width, () => next.below(2 ** 30) / 2 ** 29 - 1);
      const A = await al.send(a, placement(next, grid, dist));
      const expected = singularValues(a);
      for (let rank = 1; rank <= expected.length; rank += 1 + next.below(4)) await decompose(al, 'random', A, rank, expected);
      await decompose(al, 'random', A, expected.length, expected);
      await A.free();
    }
  });

  for (const [name, [values, ranks]] of Object.entries(SPECTRA)) {
    test(`a spectrum ${name}`, async () => {
      const next = new Sequence(seed + 1);
      const al = session();
      for (const [height, width, dtype] of [[40, 30, 'f64'], [30, 40, 'f64'], [30, 40, 'f32']] as const) {
        const A = await al.withSpectrum(height, width, values, { ...placement(next, grid), seed: next.below(1000), dtype });
        const expected = singularValues(await al.fetch(A)); // those of the rounded matrix, which differ from `values` in the last digits
        for (const rank of ranks) await decompose(al, name, A, rank, expected);
        await A.free();
      }
    });
  }

  test('diagonal, identity, permuted and constant matrices: Krylov spaces that end at once', async () => {
    const al = session();
    const next = new Sequence(seed + 2);
    const order = range(19, (i) => (i * 7 + 3) % 19);
    const cases: readonly (readonly [string, HostMatrix, readonly number[]])[] = [
      ['identity', dense(17, 17, (i, j) => (i === j ? 1 : 0)), Array(17).fill(1)],
      ['permutation', dense(19, 19, (i, j) => (order[i] === j ? 1 : 0)), Array(19).fill(1)],
      ['ones', dense(13, 9, () => 1), padded([Math.sqrt(13 * 9)], 9)],
      ['diagonal', dense(16, 11, (i, j) => (i === j ? [5, 5, 5, 3, 2, 1][i] ?? 0 : 0)), padded([5, 5, 5, 3, 2, 1], 11)],
      ['zero columns', dense(14, 12, (i, j) => (j < 2 ? 1 + i * j : 0)), []],
    ];
    for (const [name, a, known] of cases) {
      const A = await al.send(a, placement(next, grid));
      const expected = known.length > 0 ? known : singularValues(a);
      for (const rank of [1, 4, expected.length]) await decompose(al, name, A, rank, expected);
      await A.free();
    }
  });

  test('extreme scales, and f32 to the precision of f32', async () => {
    const al = session();
    const next = new Sequence(seed + 3);
    const a = dense(21, 13, () => next.below(2 ** 20) / 2 ** 19 - 1);
    const expected = singularValues(a);
    for (const scale of [2 ** -1000, 2 ** -500, 2 ** 500, 2 ** 1000]) {
      const scaled = dense(21, 13, (i, j) => a.get(i, j) * scale);
      const A = await al.send(scaled, placement(next, grid));
      await decompose(al, `scaled by ${scale}`, A, 6, expected.map((value) => value * scale));
      await A.free();
    }
    for (const scale of [1, 2 ** -110, 2 ** 110]) {
      const A = await al.send(dense(21, 13, (i, j) => a.get(i, j) * scale), { ...placement(next, grid), dtype: 'f32' });
      expect(A.dtype).toBe('f32');
      for (const rank of [1, 6, 13]) await decompose(al, `f32 scaled by ${scale}`, A, rank, expected.map((value) => value * scale));
      await A.free();
    }
    const G = await al.withSpectrum(21, 13, range(13, (i) => 10 ** -i), { ...placement(next, grid), dtype: 'f32' });
    await decompose(al, 'graded f32', G, 13, singularValues(await al.fetch(G)));
    await G.free();
  });

  test('the same grid and seed give the same bits, and another seed the same triplets', async () => {
    const al = session();
    const A = await al.withSpectrum(60, 45, range(45, (i) => 0.8 ** i), { dist: 'MC_MR' });
    const run = async (seed: number): Promise<{ values: number[]; U: number[] }> => {
      const { U, V, values } = await al.truncatedSvd(A, { rank: 6, seed });
      const entries = Array.from((await al.fetch(U)).data);
      await al.free(U, V);
      return { values: Array.from(values), U: entries };
    };
    const [first, again, other] = [await run(5), await run(5), await run(6)];
    expect(again).toEqual(first);
    other.U.forEach((entry, at) => expect(Math.abs(entry - first.U[at])).toBeLessThan(1e-12));
    await A.free();
  });
});

/** What one grid says for all. */
forEachGrid(
  (session) => {
    test('the values of larger matrices, where the basis is restarted many times', async () => {
      const al = session();
      const slow = range(300, (i) => 1 - i / 400);
      for (const [height, width, dist] of [[400, 300, 'MC_MR'], [300, 400, 'STAR_VC']] as [number, number, DistPair][]) {
        const A = await al.withSpectrum(height, width, slow, { dist });
        await decompose(al, 'slow', A, 8, slow);
        await A.free();
      }
    });

    test('a looser tolerance takes fewer passes and keeps to it', async () => {
      const al = session();
      const A = await al.withSpectrum(200, 150, range(150, (i) => 1 - i / 200));
      const [exact, loose] = [await al.truncatedSvd(A, { rank: 5 }), await al.truncatedSvd(A, { rank: 5, tolerance: 1e-6 })];
      expect(loose.iterations).toBeLessThan(exact.iterations);
      expect(loose.residual).toBeLessThan(1e-6);
      expect(loose.residual).toBeGreaterThan(exact.residual);
      loose.values.forEach((value, i) => expect(Math.abs(value - exact.values[i])).toBeLessThan(1e-10));
      await al.free(A, exact.U, exact.V, loose.U, loose.V);
    });

    test('when the passes are used up, the error carries what there is', async () => {
      const al = session();
      const spectrum = range(150, (i) => (i < 3 ? 10 - i : 1 - i / 200));
      const A = await al.withSpectrum(200, 150, spectrum);
      const error = await al.truncatedSvd(A, { rank: 8, maxIterations: 20 }).catch((e) => e);
      expect(error.code).toBe('E_CONVERGENCE');
      const { wanted, converged, values, residuals, iterations } = error.fields;
      expect({ wanted, iterations }).toEqual({ wanted: 8, iterations: 20 });
      expect(converged).toBeGreaterThanOrEqual(3);
      expect(converged).toBeLessThan(8);
      expect(values).toHaveLength(8);
      for (let i = 0; i < converged; i++) {
        expect(Math.abs(values[i] - spectrum[i])).toBeLessThan(1e-12);
        expect(residuals[i]).toBeLessThan(1e-12);
      }
      expect(Math.max(...residuals)).toBeGreaterThan(1e-12);
      expect((await al.truncatedSvd(A, { rank: 2 })).values[0]).toBeCloseTo(10, 10);
    });

    test('progress is told, and a caller may stop the search', async () => {
      const al = session();
      const A = await al.normal(500, 400);
      const lines: { step: number; values?: Readonly<Record<string, number>> }[] = [];
      const { iterations } = await al.truncatedSvd(A, { rank: 4, onProgress: (line) => lines.push(line) });
      expect(lines.length).toBeGreaterThan(3);
      expect(lines.at(-1)!.step).toBe(iterations);
      expect(lines.at(-1)!.values!.converged).toBe(4);
      const controller = new AbortController();
      const stopped = al.truncatedSvd(A, { rank: 40, signal: controller.signal, onProgress: () => controller.abort() });
      await expect(stopped).rejects.toMatchObject({ code: 'E_CANCELLED' });
      expect((await al.truncatedSvd(A, { rank: 1 })).values).toHaveLength(1);
    });

    test('wrong ranks, empty matrices and entries that are no numbers are refused', async () => {
      const al = session();
      const A = await al.normal(7, 5);
      for (const rank of [0, -1, 6, 1.5, NaN]) await expect(al.truncatedSvd(A, { rank })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
      const empty = await al.zeros(0, 5);
      await expect(al.truncatedSvd(empty, { rank: 1 })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
      for (const bad of [NaN, Infinity, -Infinity]) {
        const B = await al.send(dense(9, 8, (i, j) => (i === 4 && j === 3 ? bad : i - j)));
        await expect(al.truncatedSvd(B, { rank: 2 })).rejects.toMatchObject({ code: 'E_NOT_FINITE', fields: { count: 1 } });
      }
      expect((await al.truncatedSvd(A, { rank: 5 })).values).toHaveLength(5);
    });

    test('nothing stays behind in the memories, and the estimate of memory is enough', async () => {
      const al = session();
      const A = await al.normal(600, 500);
      const before = (await al.memory()).used;
      const { memoryPerRank } = await al.estimate('truncatedSvd', { A, rank: 10 });
      const { U, V } = await al.truncatedSvd(A, { rank: 10 });
      await al.free(U, V);
      const report = await al.memory();
      expect(report.used).toBe(before);
      for (const rank of report.ranks) expect(rank.peak).toBeLessThan(before / report.ranks.length + memoryPerRank + 2 ** 20);
    });
  },
  TEST_GRIDS.filter(({ height, width }) => height === 2 && width === 2).slice(0, 1),
);
