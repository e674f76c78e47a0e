/** assembly/dense/qr.ts by residual and orthogonality, both item types, on every size and kind of matrix. */
import { everyKernel, numbers, type Build, type Item } from '../wasm.js';
import {
  columns, hardMatrices, isContained, multiply, norm1, normalised, normInf, order, orthogonality, sample, subtract,
  type Sample,
} from './metrics.js';

/** R, and Q where the matrix is tall. */
function qr(build: Build, item: Item, a: Sample, pad: number): { r: Sample; q?: Sample } {
  build.reset();
  const steps = Math.min(a.m, a.n), block = columns(build, item, a, pad), tau = build.array(item, steps);
  const work = build.array(item, build.kernel(`qrWork_${item.name}`)(a.m, a.n) / item.bytes);
  build.kernel(`qr_${item.name}`)(a.m, a.n, block.ptr, block.cs, tau.ptr, work.ptr);
  const r = sample(steps, a.n, (i, j) => (i <= j ? block.get(i, j) : 0));
  if (a.m >= a.n) build.kernel(`formQ_${item.name}`)(a.m, a.n, block.ptr, block.cs, tau.ptr, work.ptr);
  expect([isContained(block), tau.intact(), work.intact()]).toEqual([true, true, true]);
  return a.m >= a.n ? { r, q: sample(a.m, a.n, (i, j) => block.get(i, j)) } : { r };
}

test('A = Q R within 1 and Q orthonormal within 5', () => {
  everyKernel((build, item) => {
    for (const [m, n] of [[1, 1], [2, 1], [7, 1], [2, 2], [3, 2], [5, 5], [9, 4], [20, 20], [41, 13]]) {
      for (const [name, exact] of hardMatrices(m, n)) {
        if (item.name === 'f32' && name.includes('the range')) continue; // their ranges are f64's
        const a = item.name === 'f64' ? exact : sample(m, n, (i, j) => Math.fround(exact.get(i, j)));
        const { q, r } = qr(build, item, a, m % 3), [b, scale] = normalised(a);
        const scaled = sample(n, n, (i, j) => r.get(i, j) / scale);
        const residual = normInf(subtract(multiply(q!, scaled), b)) / (item.eps * order(m, n) * (norm1(b) || 1));
        const label = `${name} ${m}×${n} ${item.name}`;
        expect([label, residual < 1 || residual, orthogonality(q!, item.eps) < 5]).toEqual([label, true, true]);
      }
    }
  });
});

test('tiny f32 columns keep their reflectors orthogonal', () => {
  everyKernel((build, item) => {
    const tiny = item.name === 'f64' ? 2 ** -1068 : 2 ** -143, next = numbers(3);
    const { q } = qr(build, item, sample(9, 4, () => Math.round(next() * 32) * tiny), 0);
    expect(orthogonality(q!, item.eps)).toBeLessThan(5);
  });
});

test('a wide matrix has the R of its leading columns, and RᵀR = AᵀA', () => {
  everyKernel((build, item) => {
    for (const [m, n] of [[1, 2], [3, 8], [5, 20]]) {
      const a = sample(m, n, numbers(m + n)), { r } = qr(build, item, a, 2);
      const lead = qr(build, item, sample(m, m, a.get), 0);
      for (let j = 0; j < m; j++) for (let i = 0; i <= j; i++) expect(Math.abs(r.get(i, j) - lead.r.get(i, j))).toBeLessThan(64 * item.eps);
      const gram = (x: Sample) => multiply(sample(x.n, x.m, (i, j) => x.get(j, i)), x);
      expect(normInf(subtract(gram(r), gram(a))) / (item.eps * n * m * normInf(gram(a)))).toBeLessThan(5);
    }
  });
});

test('empty matrices are no work', () => {
  everyKernel((build, item) => {
    expect(qr(build, item, sample(5, 0, () => 0), 0).r.n).toBe(0);
    expect(qr(build, item, sample(0, 5, () => 0), 1).r.m).toBe(0);
    expect(qr(build, item, sample(0, 0, () => 0), 1).q!.n).toBe(0);
  });
});
