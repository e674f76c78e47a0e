/** Small factorisations as the library calls them: by their residuals; and what they refuse. */
import * as blas from '#src/local/blas.js';
import { svd, symmetricEigen } from '#src/local/dense.js';
import { Matrix } from '#src/local/matrix.js';
import type { RankMemory } from '#src/local/rank-memory.js';
import { random } from '../random.js';
import { rankMemory } from './rank-memory.js';

const matrix = (memory: RankMemory, h: number, w: number, entry: (i: number, j: number) => number = () => NaN): Matrix => {
  const A = Matrix.alloc(memory, 'f64', h, w);
  for (let j = 0; j < w; j++) for (let i = 0; i < h; i++) A.set(i, j, entry(i, j));
  return A;
};

/** max |A - B diag(w) Cᵀ| */
function residual(entry: (i: number, j: number) => number, B: Matrix, w: Matrix, C: Matrix): number {
  let most = 0;
  for (let i = 0; i < B.height; i++) {
    for (let j = 0; j < C.height; j++) {
      let s = entry(i, j);
      for (let k = 0; k < w.height; k++) s -= B.get(i, k) * w.get(k, 0) * C.get(j, k);
      most = Math.max(most, Math.abs(s));
    }
  }
  return most;
}

/** max |QᵀQ - I| */
function departure(Q: Matrix): number {
  let most = 0;
  for (let i = 0; i < Q.width; i++) for (let j = 0; j <= i; j++) most = Math.max(most, Math.abs(blas.dot(Q.col(i), Q.col(j)) - (i === j ? 1 : 0)));
  return most;
}

const descends = (w: Matrix): boolean => Array.from({ length: Math.max(0, w.height - 1) }, (_, i) => w.get(i, 0) >= w.get(i + 1, 0)).every(Boolean);

test('symmetricEigen: S = Z diag(w) Zᵀ, w descending, from the lower triangle alone', () => {
  const memory = rankMemory();
  const next = random(1);
  for (const n of [0, 1, 2, 3, 7, 30]) {
    const lower = Array.from({ length: n * n }, () => next.next() - 0.5);
    const entry = (i: number, j: number): number => lower[Math.max(i, j) * n + Math.min(i, j)];
    const [w, Z] = [matrix(memory, n, 1), matrix(memory, n, n)];
    symmetricEigen(matrix(memory, n, n, (i, j) => (i >= j ? entry(i, j) : NaN)), w, Z);
    expect(residual(entry, Z, w, Z)).toBeLessThan(1e-14 * (n + 1));
    expect(departure(Z)).toBeLessThan(1e-15 * (n + 2));
    expect(descends(w)).toBe(true);
  }
});

test('svd: A = U diag(s) Vᵀ, s descending, also where columns are missing', () => {
  const memory = rankMemory();
  const next = random(2);
  for (const [m, n] of [[0, 0], [1, 1], [5, 1], [4, 4], [9, 6], [31, 20]]) {
    for (const rank of [n, n >> 1, 0]) {
      const left = Array.from({ length: m * rank }, () => next.next() - 0.5);
      const right = Array.from({ length: n * rank }, () => next.next() - 0.5);
      const entry = (i: number, j: number): number => Array.from({ length: rank }, (_, k) => left[i * rank + k] * right[j * rank + k]).reduce((a, b) => a + b, 0);
      const [U, s, V] = [matrix(memory, m, n), matrix(memory, n, 1), matrix(memory, n, n)];
      svd(matrix(memory, m, n, entry), U, s, V);
      expect(residual(entry, U, s, V)).toBeLessThan(1e-14 * (n + 1));
      expect(Math.max(departure(U), departure(V))).toBeLessThan(1e-15 * (m + 2));
      expect(descends(s)).toBe(true);
    }
  }
});

test('wrong shapes, storage by rows, f32 and NaN are refused', () => {
  const memory = rankMemory();
  const make = (h: number, w: number): Matrix => matrix(memory, h, w, () => 1);
  expect(() => symmetricEigen(make(3, 2), make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  expect(() => symmetricEigen(make(3, 3).transposed, make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  expect(() => svd(make(2, 3), make(2, 3), make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  expect(() => svd(Matrix.alloc(memory, 'f32', 3, 3), make(3, 3), make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  expect(() => symmetricEigen(matrix(memory, 3, 3), make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_CONVERGENCE' }));
  expect(() => svd(matrix(memory, 3, 3), make(3, 3), make(3, 1), make(3, 3))).toThrow(expect.objectContaining({ code: 'E_CONVERGENCE' }));
  // What a factorisation has borrowed for its work is back.
  const { used } = memory.heap.usage();
  symmetricEigen(make(3, 3), make(3, 1), make(3, 3));
  expect(memory.heap.usage().used).toBeGreaterThan(used);
  expect(memory.heap.usage().used - used).toBe(3 * 128 - 64);
});
