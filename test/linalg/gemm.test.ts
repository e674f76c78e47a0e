/** GEMM on every grid: each variant in all four transposes, in every distribution, against plain loops; and what it moves. */
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { makeLayout, transposed, type Layout } from '#src/layout/layout.js';
import { chooseGemm, GEMM_VARIANTS, gemmWords, type GemmVariant } from '#src/linalg/gemm.js';
import { PANEL } from '#src/linalg/summa.js';
import type { Dtype, HostMatrix, Session } from '#src/index.js';
import { dense, entriesOf, fetched, forEachGrid, placement, Sequence, type TestGrid, wholeNumbers } from '../grids.js';

/** m, n, k: nothing, one, fewer than the processes, and what no stride divides. */
const SIZES = [[4, 5, 6], [1, 1, 1], [7, 2, 13], [0, 3, 2], [3, 0, 2], [5, 4, 0], [2, 17, 3], [11, 9, 1], [19, 6, 8], [1, 12, 5], [9, 1, 7], [2, 2, 30]] as const;
const SCALES = [[1, 0], [3, -2], [0, 2], [-1, 1], [2, 0]] as const;
const TRANSPOSES = [[false, false], [false, true], [true, false], [true, true]] as const;
const EPSILON: Record<Dtype, number> = { f64: 2 ** -53, f32: 2 ** -24 };

const transposeOf = (A: HostMatrix): HostMatrix => dense(A.width, A.height, (i, j) => A.get(j, i));

/** alpha A B + beta C by plain loops; beta = 0 ignores C. */
function product(alpha: number, A: HostMatrix, B: HostMatrix, beta: number, C?: HostMatrix): HostMatrix {
  return dense(A.height, B.width, (i, j) => {
    let sum = 0;
    for (let l = 0; l < A.width; l++) sum += A.get(i, l) * B.get(l, j);
    return alpha * sum + (beta === 0 ? 0 : beta * C!.get(i, j));
  });
}

/** A random product: its factors as they are stored, and where everything lies. */
interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly dtype: Dtype;
}

async function factors(al: Session, grid: TestGrid, next: Sequence, { m, n, k, transposeA, transposeB, dtype }: Case, entries = wholeNumbers, distOfA = next.pick(DIST_PAIRS)) {
  const [a, b] = [entries(next, m, k), entries(next, k, n)];
  const A = await al.send(transposeA ? transposeOf(a) : a, { ...placement(next, grid, distOfA), dtype });
  const B = await al.send(transposeB ? transposeOf(b) : b, { ...placement(next, grid), dtype });
  return { a, b, A, B };
}

/** ‖C - expected‖_F / (‖expected‖_F k ε). */
function residual(C: readonly number[], expected: HostMatrix, k: number, dtype: Dtype): number {
  const error = Math.hypot(...C.map((value, at) => value - expected.data[at]));
  return error / (Math.hypot(...expected.data) * k * EPSILON[dtype]);
}

const normals = (next: Sequence, height: number, width: number): HostMatrix =>
  dense(height, width, () => Math.sqrt(-2 * Math.log(1 - next.below(2 ** 30) / 2 ** 30)) * Math.cos(2 * Math.PI * (next.below(2 ** 30) / 2 ** 30)));

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width + (grid.order === 'row' ? 100 : 0);

  for (const variant of ['auto', ...GEMM_VARIANTS] as const) {
    test(`${variant === 'auto' ? 'the chosen variant' : `variant ${variant}`} is exact on whole numbers: all transposes and distributions, alpha and beta, f64 and f32`, async () => {
      const next = new Sequence(seed);
      const al = session();
      for (const [index, dist] of DIST_PAIRS.entries()) {
        const [m, n, k] = SIZES[(index + seed) % SIZES.length];
        const [alpha, beta] = next.pick(SCALES);
        const [transposeA, transposeB] = TRANSPOSES[index % 4];
        const dtype = next.pick<Dtype>(['f64', 'f32']);
        const { a, b, A, B } = await factors(al, grid, next, { m, n, k, transposeA, transposeB, dtype }, wholeNumbers, dist);
        const c = beta === 0 ? dense(m, n, () => NaN) : wholeNumbers(next, m, n);
        const C = await al.send(c, { ...placement(next, grid), dtype });
        const options = { alpha, beta, transposeA, transposeB, variant };
        const { bytesMoved } = await al.estimate('gemm', { A, B, C, ...options });
        expect(await al.gemm(A, B, { C, ...options })).toBe(C);
        expect(Math.max(...al.lastCost!.bytesMovedByRank)).toBe(bytesMoved);
        const expected = entriesOf(product(alpha, a, b, beta, c));
        const got = await fetched(al, C);
        const wrong = got.findIndex((value, at) => value !== expected[at]);
        if (wrong >= 0) throw new Error(`${alpha} (${A})${transposeA ? 'ᵀ' : ''} (${B})${transposeB ? 'ᵀ' : ''} + ${beta} (${C}): entry ${wrong} is ${got[wrong]}, not ${expected[wrong]}`);
        const D = await al.gemm(A, B, { transposeA, transposeB, variant, dist: next.pick(DIST_PAIRS) });
        expect(D.dtype).toBe(dtype);
        expect((await fetched(al, D)).map((x) => x + 0)).toEqual(entriesOf(product(1, a, b, 0)));
        await al.free(A, B, C, D);
      }
    });
  }

  test('random products of every variant, longer than a panel in each direction, are as accurate as plain loops', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    const long = 2 * PANEL + 19;
    for (const dtype of ['f64', 'f32'] as const) {
      for (const variant of GEMM_VARIANTS) {
        for (const [m, n, k] of [[long, 5, 6], [4, long, 5], [7, 6, long]]) {
          const [transposeA, transposeB] = next.pick(TRANSPOSES);
          const { A, B } = await factors(al, grid, next, { m, n, k, transposeA, transposeB, dtype }, normals);
          const [a, b] = [await al.fetch(A), await al.fetch(B)];
          const C = await al.gemm(A, B, { alpha: 1.5, transposeA, transposeB, variant });
          const expected = product(1.5, transposeA ? transposeOf(a) : a, transposeB ? transposeOf(b) : b, 0);
          expect(residual(await fetched(al, C), expected, k, dtype)).toBeLessThanOrEqual(10);
          await al.free(A, B, C);
        }
      }
    }
  });

  test('the same product twice has the same bits', async () => {
    const al = session();
    const A = await al.normal(40, 70, { seed });
    const B = await al.normal(70, 30, { seed: seed + 1, dist: 'VC_STAR' });
    for (const variant of GEMM_VARIANTS) {
      const [C, D] = [await al.gemm(A, B, { variant }), await al.gemm(A, B, { variant })];
      expect(await fetched(al, D)).toEqual(await fetched(al, C));
      await al.free(C, D);
    }
    await al.free(A, B);
  });

  test('NaN and infinities of a factor reach the rows and columns of the product that they belong to, and no others', async () => {
    const al = session();
    for (const variant of GEMM_VARIANTS) {
      const A = await al.send(dense(5, 4, (i, j) => (i === 2 && j === 1 ? NaN : i === 4 && j === 3 ? Infinity : 1)));
      const B = await al.ones(4, 3);
      const C = await al.gemm(A, B, { variant });
      expect(await fetched(al, C)).toEqual([0, 1, 2, 3, 4].flatMap((i) => Array(3).fill(i === 2 ? NaN : i === 4 ? Infinity : 4)));
      await al.free(A, B, C);
    }
  });
});

/** Words per process that Elemental's own variants receive on [MC,MR] matrices, aligned, when the strides divide the sizes. */
function elementalWords(r: number, c: number, m: number, n: number, k: number): Record<GemmVariant, number> {
  const p = r * c;
  return {
    C: k * ((m / r) * (1 - 1 / c) + (n / c) * (1 - 1 / r)),
    A: n * ((k / p) * (1 - 1 / c) + k / p + (k / c) * (1 - 1 / r) + (m / r) * (1 - 1 / c)),
    B: m * ((k / p) * (1 - 1 / r) + k / p + (k / r) * (1 - 1 / c) + (n / c) * (1 - 1 / r)),
    dot: ((m * k) / p) * (1 - 1 / r) + (m * k) / p + ((k * n) / p) * (1 - 1 / c) + m * n * (1 - 1 / p),
  };
}

test("no variant moves more than Elemental's, on grids up to 8×8, and the chosen one moves least", () => {
  for (const [r, c] of [[1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [3, 2], [5, 1], [3, 4], [4, 4], [6, 4], [8, 8]]) {
    const p = r * c;
    for (const [m, n, k] of [[p, p, p], [p, p, 20 * p], [20 * p, p, p], [p, 20 * p, p], [3 * p, 2 * p, 7 * p]]) {
      const on = { gridHeight: r, gridWidth: c };
      const [A, B, C] = [makeLayout({ height: m, width: k, ...on }), makeLayout({ height: k, width: n, ...on }), makeLayout({ height: m, width: n, ...on })];
      const [words, theirs] = [gemmWords(A, B, C), elementalWords(r, c, m, n, k)];
      for (const variant of GEMM_VARIANTS) expect(words[variant]).toBeLessThanOrEqual(theirs[variant] * (1 + 1e-12));
      expect(words[chooseGemm(A, B, C)]).toBe(Math.min(...Object.values(words)));
    }
  }
});

test('transposed operands move as much as operands stored the other way round', () => {
  const on = { gridHeight: 2, gridWidth: 3 };
  const [A, B, C] = [makeLayout({ height: 12, width: 18, ...on }), makeLayout({ height: 18, width: 24, ...on }), makeLayout({ height: 12, width: 24, ...on })];
  const stored = (X: Layout): Layout => makeLayout({ ...X, height: X.width, width: X.height, dist: [X.rowDist, X.colDist] });
  expect(gemmWords(transposed(stored(A)), transposed(stored(B)), C)).toEqual(gemmWords(A, B, C));
});
