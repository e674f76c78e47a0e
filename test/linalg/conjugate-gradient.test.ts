/** Conjugate gradients and ridge regression on every grid, against solutions by elimination. */
import type { Dtype, HostMatrix, MatrixHandle, Session } from '#src/index.js';
import { dense, forEachGrid, placement, Sequence, TEST_GRIDS } from '../grids.js';

const range = (n: number, entry: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => entry(i));
const uniform = (next: Sequence, height: number, width: number): HostMatrix => dense(height, width, () => next.below(2 ** 20) / 2 ** 19 - 1);

/** The solution of S X = B by Gaussian elimination with partial pivoting. */
function solve(S: HostMatrix, B: HostMatrix): HostMatrix {
  const n = S.height;
  const rows = range(n, (i) => i).map((i) => [...range(n, (j) => S.get(i, j)), ...range(B.width, (j) => B.get(i, j))]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((best, row, i) => (Math.abs(row[k]) > Math.abs(rows[best][k]) ? k + i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows[i].length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return dense(n, B.width, (i, j) => rows[i][n + j] / rows[i][i]);
}

/** AᵀA + λI, or AᵀB. */
const gram = (A: HostMatrix, B: HostMatrix, lambda = 0): HostMatrix =>
  dense(A.width, B.width, (i, j) => range(A.height, (l) => A.get(l, i) * B.get(l, j)).reduce((a, b) => a + b, i === j ? lambda : 0));

async function expectClose(al: Session, title: string, X: MatrixHandle, expected: HostMatrix, tolerance: number): Promise<void> {
  const got = await al.fetch(X);
  expect([got.height, got.width]).toEqual([expected.height, expected.width]);
  const error = Math.hypot(...range(got.data.length, (at) => got.data[at] - expected.data[at]));
  const size = Math.hypot(...expected.data);
  if (!(error <= tolerance * size)) throw new Error(`${title}: ‖X - expected‖ is ${error / size} of ‖expected‖, at most ${tolerance} is allowed`);
}

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width + (grid.order === 'row' ? 100 : 0);

  test('ridge solves (AᵀA + λI) X = AᵀB, for tall, wide and square A, one or many right-hand sides, in any distribution', async () => {
    const next = new Sequence(seed);
    const al = session();
    const shapes = [[30, 12, 3], [12, 30, 3], [17, 17, 1], [40, 5, 41], [6, 33, 5], [1, 4, 2], [4, 1, 2], [1, 1, 1], [25, 9, 0], [0, 4, 2], [4, 0, 2]] as const;
    for (const [m, n, r] of shapes) {
      for (const lambda of [0.5, 1e-3]) {
        const [a, b] = [uniform(next, m, n), uniform(next, m, r)];
        const [A, B] = [await al.send(a, placement(next, grid)), await al.send(b, placement(next, grid))];
        const { X, residuals, iterations } = await al.ridge(A, B, { lambda, tolerance: 1e-13 });
        expect(residuals).toHaveLength(r);
        residuals.forEach((residual) => expect(residual).toBeLessThanOrEqual(1e-13));
        expect(iterations).toBeLessThan(200);
        await expectClose(al, `${m}×${n}, ${r} columns, λ ${lambda}`, X, solve(gram(a, a, lambda), gram(a, b)), 1e-8);
        await al.free(A, B, X);
      }
    }
  });

  test('least squares without λ, zero right-hand sides among others, and f32', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    for (const [dtype, tolerance, error] of [['f64', 1e-12, 1e-9], ['f32', 1e-5, 1e-3]] as [Dtype, number, number][]) {
      const a = dense(24, 10, (i, j) => (i === j ? 3 : 0) + next.below(2 ** 10) / 2 ** 10);
      const b = dense(24, 4, (_, j) => (j === 2 ? 0 : next.below(2 ** 10) / 2 ** 10));
      const [A, B] = [await al.send(a, { ...placement(next, grid), dtype }), await al.send(b, { ...placement(next, grid), dtype })];
      const { X, residuals } = await al.ridge(A, B, { tolerance });
      expect(X.dtype).toBe(dtype);
      expect(residuals[2]).toBe(0);
      const expected = solve(gram(a, a), gram(a, b));
      await expectClose(al, dtype, X, expected, error);
      const got = await al.fetch(X, { cols: { start: 2, count: 1 } });
      expect(Array.from(got.data)).toEqual(Array(10).fill(0));
      await al.free(A, B, X);
    }
  });

  test('systems of extreme sizes have the same solutions, bit by bit but for the scale', async () => {
    const next = new Sequence(seed + 7);
    const al = session();
    const times = (scale: number, A: HostMatrix): HostMatrix => dense(A.height, A.width, (i, j) => A.get(i, j) * scale);
    for (const [dtype, sizes] of [['f64', [2 ** -800, 2 ** -150, 2 ** 150, 2 ** 800]], ['f32', [2 ** -90, 2 ** -20, 2 ** 40, 2 ** 90]]] as [Dtype, number[]][]) {
      for (const [m, n] of [[14, 6], [6, 14]]) {
        const [a, b] = [uniform(next, m, n), uniform(next, m, 2)];
        const s = gram(a, a, 0.5);
        const [square, right] = [dense(6, 6, (i, j) => s.get(i, j)), dense(6, 2, (i, j) => b.get(i, j))];
        const entries = async (result: Promise<{ X: MatrixHandle }>): Promise<HostMatrix> => al.fetch((await result).X);
        const send = (A: HostMatrix): Promise<MatrixHandle> => al.send(A, { ...placement(new Sequence(seed), grid), dtype });
        const ridge = await entries(al.ridge(await send(a), await send(b), { lambda: 0.25 }));
        const cg = await entries(al.conjugateGradient(await send(square), await send(right)));
        for (const size of sizes) {
          for (const [of, scaled] of [[size, size], [1, size], [size, 1]]) {
            const lambda = 0.25 * of * of;
            if (lambda > 0 && lambda < Infinity) {
              const X = await entries(al.ridge(await send(times(of, a)), await send(times(scaled, b)), { lambda }));
              expect([...X.data]).toEqual([...times(scaled / of, ridge).data]);
            }
            const X = await entries(al.conjugateGradient(await send(times(of, square)), await send(times(scaled, right))));
            expect([...X.data]).toEqual([...times(scaled / of, cg).data]);
          }
        }
      }
    }
  });

  test('conjugateGradient solves symmetric positive definite systems', async () => {
    const next = new Sequence(seed + 2);
    const al = session();
    for (const [n, r] of [[1, 1], [2, 3], [13, 1], [29, 4], [5, 0]] as const) {
      const c = uniform(next, n + 2, n);
      const s = gram(c, c, 0.3);
      const b = uniform(next, n, r);
      const [S, B] = [await al.send(s, placement(next, grid)), await al.send(b, placement(next, grid))];
      const { X, iterations } = await al.conjugateGradient(S, B, { tolerance: 1e-13 });
      expect(iterations).toBeLessThanOrEqual(8 * n);
      await expectClose(al, `order ${n}, ${r} columns`, X, solve(s, b), 1e-9);
      await al.free(S, B, X);
    }
  });
});

forEachGrid(
  (session) => {
    test('as many iterations as there are different eigenvalues', async () => {
      const al = session();
      const S = await al.diagonalMatrix(range(40, (i) => 1 + (i % 5)));
      const B = await al.ones(40, 2);
      const { iterations, X } = await al.conjugateGradient(S, B);
      expect(iterations).toBe(5);
      expect((await al.fetch(X)).get(7, 1)).toBeCloseTo(1 / 3, 12);
      await al.free(S, B, X);
    });

    test('when the iterations are used up, the error carries the residuals and how many columns are done', async () => {
      const al = session();
      const A = await al.withSpectrum(60, 50, range(50, (i) => 10 ** (-i / 12)));
      const B = await al.normal(60, 3);
      const error = await al.ridge(A, B, { lambda: 1e-8, maxIterations: 12 }).catch((e) => e);
      expect(error.code).toBe('E_CONVERGENCE');
      expect(error.fields).toMatchObject({ iterations: 12, converged: 0 });
      expect(error.fields.residuals).toHaveLength(3);
      error.fields.residuals.forEach((residual: number) => expect(residual).toBeGreaterThan(1e-10));
      await al.free(A, B);
    });

    test('a residual below what rounding allows ends with an error that says so, not in an endless loop', async () => {
      const al = session();
      const A = await al.withSpectrum(60, 50, range(50, (i) => 10 ** (-i / 5)));
      const B = await al.normal(60, 1);
      const error = await al.ridge(A, B, { lambda: 0, tolerance: 1e-18, maxIterations: 100000 }).catch((e) => e);
      expect(error.code).toBe('E_CONVERGENCE');
      expect(error.message).toContain('rounding allows no more');
      await al.free(A, B);
    });

    test('ill-conditioned systems take more steps than they have unknowns, and get there', async () => {
      const al = session();
      const A = await al.withSpectrum(90, 60, range(60, (i) => 10 ** (-i / 15)));
      const B = await al.normal(90, 10);
      const { X, iterations, residuals } = await al.ridge(A, B, { lambda: 0 });
      expect(iterations).toBeGreaterThan(60);
      residuals.forEach((residual: number) => expect(residual).toBeLessThanOrEqual(1e-10));
      await al.free(A, B, X);
    });

    test('matrices that are not positive definite, wrong shapes and types, NaN, negative λ are refused', async () => {
      const al = session();
      const S = await al.diagonalMatrix([1, -1, 2]);
      const B = await al.ones(3, 1);
      await expect(al.conjugateGradient(S, B)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
      const A = await al.normal(3, 4);
      await expect(al.conjugateGradient(A, B)).rejects.toMatchObject({ code: 'E_SHAPE' });
      await expect(al.conjugateGradient(S, await al.ones(4, 1))).rejects.toMatchObject({ code: 'E_SHAPE' });
      await expect(al.ridge(A, await al.ones(4, 1))).rejects.toMatchObject({ code: 'E_SHAPE' });
      await expect(al.ridge(A, await al.ones(3, 1, { dtype: 'f32' }))).rejects.toMatchObject({ code: 'E_ARGUMENT' });
      await expect(al.ridge(A, B, { lambda: -1 })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
      const bad = await al.constant(3, 1, 1);
      await al.setSubmatrix(bad, { row: 1, col: 0 }, await al.send(dense(1, 1, () => NaN)));
      await expect(al.ridge(A, bad, { lambda: 1 })).rejects.toMatchObject({ code: 'E_NOT_FINITE' });
      const { X } = await al.ridge(A, B, { lambda: 1 });
      expect(X.height).toBe(4);
    });

    test('progress is told, a caller may stop, nothing stays behind and the estimate of memory is enough', async () => {
      const al = session();
      const A = await al.withSpectrum(500, 300, range(300, (i) => 10 ** (-i / 80)));
      const B = await al.normal(500, 40);
      const before = (await al.memory()).used;
      const { memoryPerRank } = await al.estimate('ridge', { A, B, lambda: 1e-3 });
      const steps: number[] = [];
      const { X, iterations } = await al.ridge(A, B, { lambda: 1e-3, onProgress: ({ step }) => steps.push(step) });
      expect(steps).toEqual(range(iterations, (i) => i + 1));
      await X.free();
      const report = await al.memory();
      expect(report.used).toBe(before);
      for (const rank of report.ranks) expect(rank.peak).toBeLessThan(before / report.ranks.length + memoryPerRank + 2 ** 20);
      const controller = new AbortController();
      const stopped = al.ridge(A, B, { lambda: 1e-5, signal: controller.signal, onProgress: () => controller.abort() });
      await expect(stopped).rejects.toMatchObject({ code: 'E_CANCELLED' });
    });
  },
  TEST_GRIDS.filter(({ height, width }) => height === 2 && width === 2).slice(0, 1),
);
