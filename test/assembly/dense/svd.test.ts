/** assembly/dense/svd.ts by its residuals, on every size and kind of matrix, and by exact laws of scaling. */
import { BUILDS, ITEMS, type Build } from '../wasm.js';
import {
  columns, diagonal, hardMatrices, isContained, multiply, normalised, normF, order, orthogonality, sample, subtract,
  transpose, type Sample,
} from './metrics.js';

const F64 = ITEMS[0], EPS = F64.eps;
const SHAPES = [[1, 1], [2, 1], [7, 1], [2, 2], [3, 2], [3, 3], [5, 4], [8, 8], [13, 9], [20, 20], [31, 12]];

function svd(build: Build, a: Sample, pad = 0) {
  build.reset();
  const block = columns(build, F64, a, pad), s = build.array(F64, a.n);
  const u = columns(build, F64, sample(a.m, a.n, () => NaN), pad), v = columns(build, F64, sample(a.n, a.n, () => NaN), pad);
  const work = build.array(F64, build.kernel('svdWork_f64')(a.m, a.n) / 8);
  const info = build.kernel('svd_f64')(a.m, a.n, block.ptr, block.cs, s.ptr, u.ptr, u.cs, v.ptr, v.cs, work.ptr);
  expect([isContained(block), isContained(u), isContained(v), s.intact(), work.intact()]).toEqual(Array(5).fill(true));
  const copy = (x: typeof u): Sample => sample(x.m, x.n, (i, j) => x.get(i, j));
  return { info, s: Float64Array.from(s.data), u: copy(u), v: copy(v) };
}

test('A = U S Vᵀ within 5, U and V orthonormal within 5, values descending and not negative', () => {
  for (const build of BUILDS) {
    for (const [m, n] of SHAPES) {
      for (const [name, a] of hardMatrices(m, n)) {
        const { info, s, u, v } = svd(build, a, m % 3);
        const [b, scale] = normalised(a);
        const values = s.map((value) => value / scale);
        const residual = normF(subtract(multiply(multiply(u, diagonal(values)), transpose(v)), b)) / (EPS * order(m, n) * (values[0] || 1));
        const label = `${name} ${m}×${n}`;
        expect([label, info]).toEqual([label, 0]);
        const worst = Math.max(residual, orthogonality(u, EPS), orthogonality(v, EPS));
        expect([label, worst < 5 || worst]).toEqual([label, true]);
        s.forEach((value, k) => expect(value >= 0 && (k === 0 || value <= s[k - 1])).toBe(true));
      }
    }
  }
});

test('singular values of a bidiagonal matrix are right in every digit, however small', () => {
  // Products of the values and their inverses are known: det = Π d, and Kahan's and graded triangles have computable extremes.
  for (const build of BUILDS) {
    const d = [1e-8, 1, 1e-4, 1e4, 1e-12];
    const { s } = svd(build, sample(5, 5, (i, j) => (i === j ? d[i] : i + 1 === j ? d[i] / 2 : 0)));
    const want = d.reduce((x, y) => x * y, 1);
    expect(Math.abs(s.reduce((x, y) => x * y, 1) / want - 1)).toBeLessThan(1e-13);
  }
});

test('known singular values: Hilbert 5×5 and the second difference', () => {
  for (const build of BUILDS) {
    const hilbert = [1.5670506910982307, 0.20853421861101333, 0.011407491623419807, 0.0003058980401511917, 3.2879287721718e-6];
    svd(build, sample(5, 5, (i, j) => 1 / (i + j + 1))).s.forEach((value, k) => expect(Math.abs(value - hilbert[k])).toBeLessThan(16 * EPS));
    const n = 30, { s } = svd(build, sample(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)));
    s.forEach((value, k) => expect(Math.abs(value - 4 * Math.cos(((k + 1) * Math.PI) / (2 * n + 2)) ** 2)).toBeLessThan(4 * n * EPS));
  }
});

test('a power of two scales the values exactly and leaves the vectors, to both ends of the range', () => {
  for (const build of BUILDS) {
    const [, a] = hardMatrices(9, 7)[0], plain = svd(build, a);
    for (const power of [2 ** 1020, 2 ** -960, 2 ** 300]) {
      const scaled = svd(build, sample(9, 7, (i, j) => a.get(i, j) * power));
      expect([...scaled.s]).toEqual([...plain.s].map((value) => value * power));
      for (let j = 0; j < 7; j++) for (let i = 0; i < 9; i++) expect(scaled.u.get(i, j)).toBe(plain.u.get(i, j));
    }
  }
});

test('NaN and infinity are refused with the number of columns, and nothing is written', () => {
  for (const build of BUILDS) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const { info, s } = svd(build, sample(6, 4, (i, j) => (i === 5 && j === 3 ? bad : i - j)));
      expect(info).toBe(4);
      expect([...s]).toEqual([NaN, NaN, NaN, NaN]);
    }
  }
});

test('no columns are no work', () => {
  for (const build of BUILDS) for (const m of [0, 1, 5]) expect(svd(build, sample(m, 0, () => 0)).info).toBe(0);
});

test('90×70 is done within the bounds too', () => {
  const a = hardMatrices(90, 70)[0][1], { info, s, u, v } = svd(BUILDS[1], a, 2);
  expect(info).toBe(0);
  expect(normF(subtract(multiply(multiply(u, diagonal(s)), transpose(v)), a)) / (EPS * 90 * s[0])).toBeLessThan(5);
  expect(Math.max(orthogonality(u, EPS), orthogonality(v, EPS))).toBeLessThan(5);
});
