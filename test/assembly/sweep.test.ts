/** assembly/sweep.ts against two naive products: every small shape, padded rows, and what beta = 0 must not read. */
import { BlockArray, everyKernel, numbers } from './wasm.js';

/** The longest rows are of more than one piece. */
const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 20, 41, 137];

test('sweep is u := A x + beta u and y := y + Aᵀ u', () => {
  everyKernel((build, item) => {
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const [pad, beta, inTurns] of [[0, 0, 0], [3, -0.5, 0], [8, 1, 0], [0, 0, 1], [3, -0.5, 1]]) {
          build.reset();
          const next = numbers(m * 31 + n);
          const a = new BlockArray(build, item, m, n, n + pad, 1, next), x = build.array(item, n, next);
          const u = new BlockArray(build, item, m, 1, 1, 1, (i) => (beta === 0 ? NaN : i / 16)), y = new BlockArray(build, item, n, 1, 1, 1, (j) => j);
          build.kernel(`sweep_${item.name}`)(inTurns, m, n, a.ptr, n + pad, x.ptr, beta, u.ptr, y.ptr);
          const wantU = Array.from({ length: m }, (_, i) => {
            let s = beta === 0 ? 0 : (beta * i) / 16;
            for (let j = 0; j < n; j++) s += a.get(i, j) * x.data[j];
            return s;
          });
          const wantY = Array.from({ length: n }, (_, j) => {
            let s = j;
            for (let i = 0; i < m; i++) s += a.get(i, j) * wantU[i];
            return s;
          });
          const boundU = (n + 3) ** 2 * item.eps;
          expect(u.difference((i) => wantU[i], boundU)).toBe('');
          expect(y.difference((j) => wantY[j], (m + 3) * boundU + (m + 3) ** 2 * (n + 4) * item.eps)).toBe('');
        }
      }
    }
  });
});

test('both forms of the sweep give the same bits', () => {
  everyKernel((build, item) => {
    for (const [m, n] of [[4, 9], [37, 41], [64, 137]]) {
      const [interleaved, inTurns] = [0, 1].map((form) => {
        build.reset();
        const next = numbers(m + n);
        const [a, x, u, y] = [m * n, n, m, n].map((length) => build.array(item, length, next));
        build.kernel(`sweep_${item.name}`)(form, m, n, a.ptr, n, x.ptr, 0.3, u.ptr, y.ptr);
        return [[...u.data], [...y.data]];
      });
      expect(inTurns).toEqual(interleaved);
    }
  });
});

test('sweep hands NaN on to its row of u and to all of y', () => {
  everyKernel((build, item) => {
    for (const [row, inTurns] of Array.from({ length: 22 }, (_, k) => [k >> 1, k & 1])) {
      build.reset();
      const a = new BlockArray(build, item, 11, 9, 9, 1, (i, j) => (i === row && j === 5 ? NaN : 1));
      const x = build.array(item, 9, () => 1), u = new BlockArray(build, item, 11, 1, 1, 1, () => 0), y = build.array(item, 9, () => 0);
      build.kernel(`sweep_${item.name}`)(inTurns, 11, 9, a.ptr, 9, x.ptr, 0, u.ptr, y.ptr);
      expect(u.difference((i) => (i === row ? NaN : 9))).toBe('');
      expect([...y.data]).toEqual(Array(9).fill(NaN));
    }
  });
});

test('sum4 is the sum of its entries, whatever their number', () => {
  everyKernel((build, item) => {
    for (let n = 0; n < 80; n++) {
      build.reset();
      expect(build.kernel(`sum4_${item.name}`)(n, build.array(item, n, (i) => i + 1).ptr)).toBe((n * (n + 1)) / 2);
    }
  });
});
