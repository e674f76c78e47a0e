/** assembly/dense/symmetric-eigen.ts by its residuals and orthogonality, on every size and kind of symmetric matrix. */
import { BUILDS, ITEMS, type Build } from '../wasm.js';
import {
  columns, diagonal, hardMatrices, isContained, multiply, norm1, normalised, normInf, order, orthogonality, sample, subtract,
  type Sample,
} from './metrics.js';

const F64 = ITEMS[0], EPS = F64.eps;
const ORDERS = [1, 2, 3, 4, 5, 8, 13, 20, 29];

const symmetric = (a: Sample): Sample => sample(a.n, a.n, (i, j) => a.get(Math.max(i, j), Math.min(i, j)));

/** Eigenpairs from the lower triangle: the upper one is NaN. */
function eigen(build: Build, a: Sample, pad = 0, vectors = true) {
  build.reset();
  const block = columns(build, F64, sample(a.n, a.n, (i, j) => (i < j ? NaN : a.get(i, j))), pad), w = build.array(F64, a.n);
  const z = columns(build, F64, sample(a.n, a.n, () => NaN), pad), work = build.array(F64, build.kernel('symmetricEigenWork_f64')(a.n) / 8);
  const info = build.kernel('symmetricEigen_f64')(a.n, block.ptr, block.cs, w.ptr, vectors ? z.ptr : 0, z.cs, work.ptr);
  expect([isContained(block), isContained(z), w.intact(), work.intact()]).toEqual(Array(4).fill(true));
  return { info, w: Float64Array.from(w.data), z: sample(a.n, a.n, (i, j) => z.get(i, j)) };
}

test('A Z = Z W within 2, Z orthonormal within 10, eigenvalues descending; without vectors the values agree', () => {
  for (const build of BUILDS) {
    for (const n of ORDERS) {
      const wilkinson = sample(n, n, (i, j) => (i === j ? Math.abs(i - (n >> 1)) : Number(Math.abs(i - j) === 1)));
      for (const [name, general] of [...hardMatrices(n, n), ['Wilkinson', wilkinson] as const]) {
        const a = symmetric(general), [b, scale] = normalised(a);
        const { info, w, z } = eigen(build, a, n % 3), values = w.map((value) => value / scale);
        const residual = normInf(subtract(multiply(b, z), multiply(z, diagonal(values)))) / (EPS * order(n, n) * (norm1(b) || 1));
        const label = `${name} ${n}`;
        expect([label, info]).toEqual([label, 0]);
        expect([label, residual < 2 || residual, orthogonality(z, EPS) < 10 || orthogonality(z, EPS)]).toEqual([label, true, true]);
        w.forEach((value, k) => expect(k === 0 || value <= w[k - 1]).toBe(true));
        const bound = 4 * order(n, n) * EPS * (norm1(b) || 1) * scale;
        eigen(build, a, 0, false).w.forEach((value, k) => expect(Math.abs(value - w[k])).toBeLessThanOrEqual(bound));
      }
    }
  }
});

test('known eigenvalues: the second difference, and a matrix with eigenvalues of both signs', () => {
  for (const build of BUILDS) {
    const n = 30, { w } = eigen(build, sample(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)));
    w.forEach((value, k) => expect(Math.abs(value - 4 * Math.cos(((k + 1) * Math.PI) / (2 * n + 2)) ** 2)).toBeLessThan(4 * n * EPS));
    const exchange = eigen(build, sample(7, 7, (i, j) => Number(i + j === 6))).w;
    exchange.forEach((value, k) => expect(Math.abs(value - (k < 4 ? 1 : -1))).toBeLessThan(8 * EPS));
  }
});

test('a power of two scales the eigenvalues exactly, to both ends of the range', () => {
  for (const build of BUILDS) {
    const a = symmetric(hardMatrices(9, 9)[0][1]), plain = eigen(build, a);
    for (const power of [2 ** 1020, 2 ** -960, 2 ** 300]) {
      expect([...eigen(build, sample(9, 9, (i, j) => a.get(i, j) * power)).w]).toEqual([...plain.w].map((value) => value * power));
    }
  }
});

test('NaN and infinity are refused with the order, and nothing is written', () => {
  for (const build of BUILDS) {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const { info, w } = eigen(build, sample(5, 5, (i, j) => (i === 4 && j === 2 ? bad : i + j)));
      expect(info).toBe(5);
      expect([...w]).toEqual(Array(5).fill(NaN));
    }
  }
});

test('order 0 is no work', () => {
  for (const build of BUILDS) expect(eigen(build, sample(0, 0, () => 0)).info).toBe(0);
});
