/** assembly/dense/cholesky.ts by its residual, by the upper triangle that it must not touch, and by the pivot that it must name. */
import { everyKernel, numbers, type Build, type Item } from '../wasm.js';
import { columns, isContained, multiply, norm1, normInf, order, sample, subtract, transpose, type Sample } from './metrics.js';

const UPPER = -77;

function cholesky(build: Build, item: Item, a: Sample, pad: number) {
  build.reset();
  const block = columns(build, item, sample(a.n, a.n, (i, j) => (i < j ? UPPER : a.get(i, j))), pad);
  const info = build.kernel(`cholesky_${item.name}`)(a.n, block.ptr, block.cs);
  expect(isContained(block)).toBe(true);
  for (let j = 0; j < a.n; j++) for (let i = 0; i < j; i++) expect(block.get(i, j)).toBe(UPPER);
  return { info, l: sample(a.n, a.n, (i, j) => (i < j ? 0 : block.get(i, j))) };
}

/** BᵀB + shift I, exactly symmetric, rounded to the item type. */
function definite(n: number, shift: number, item: Item): Sample {
  const b = sample(n, n, numbers(n)), gram = multiply(transpose(b), b), round = item.name === 'f64' ? (v: number) => v : Math.fround;
  return sample(n, n, (i, j) => round(gram.get(Math.max(i, j), Math.min(i, j)) + (i === j ? shift : 0)));
}

test('A = L Lᵀ within 1 for every order, well and ill conditioned', () => {
  everyKernel((build, item) => {
    for (const n of [0, 1, 2, 3, 4, 5, 8, 13, 20, 33, 50]) {
      for (const shift of [1, 1e-3]) {
        const a = definite(n, shift, item), { info, l } = cholesky(build, item, a, n % 4);
        expect(info).toBe(0);
        const residual = normInf(subtract(multiply(l, transpose(l)), a)) / (item.eps * order(n, n) * (norm1(a) || 1));
        expect([n, residual < 1]).toEqual([n, true]);
      }
    }
  });
});

test('the first leading minor that is not positive definite is named, counted from 1', () => {
  everyKernel((build, item) => {
    for (const n of [1, 2, 5, 12]) {
      for (let bad = 0; bad < n; bad++) {
        for (const pivot of [-1, 0, NaN]) {
          const a = definite(n, 1, item);
          const b = sample(n, n, (i, j) => (i === bad && j === bad ? pivot : i === bad || j === bad ? 0 : a.get(i, j)));
          expect(cholesky(build, item, b, 0).info).toBe(bad + 1);
        }
      }
    }
  });
});
