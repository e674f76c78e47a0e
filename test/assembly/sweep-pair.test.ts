/** assembly/sweep-pair.ts against two naive products: every small shape, padded rows and columns. */
import { BlockArray, everyKernel, numbers } from './wasm.js';

const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17, 41];

test('sweepPair is Y := Y + Aᵀ (A X) for two columns', () => {
  everyKernel((build, item) => {
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const pad of [0, 3]) {
          build.reset();
          const next = numbers(m * 31 + n);
          const ldx = n + pad + 1, ldy = n + pad;
          const a = new BlockArray(build, item, m, n, n + pad, 1, next), x = new BlockArray(build, item, n, 2, 1, ldx, next);
          const y = new BlockArray(build, item, n, 2, 1, Math.max(1, ldy), (j, c) => j - c), work = build.array(item, 16);
          build.kernel(`sweepPair_${item.name}`)(m, n, a.ptr, n + pad, x.ptr, ldx, y.ptr, Math.max(1, ldy), work.ptr);
          const want = (j: number, c: number): number => {
            let s = j - c;
            for (let i = 0; i < m; i++) {
              let u = 0;
              for (let l = 0; l < n; l++) u += a.get(i, l) * x.get(l, c);
              s += a.get(i, j) * u;
            }
            return s;
          };
          expect(y.difference(want, (m + 3) * (n + 3) ** 2 * 2 * item.eps)).toBe('');
          expect(work.intact()).toBe(true);
        }
      }
    }
  });
});

test('sweepPair hands NaN on to both columns of Y', () => {
  everyKernel((build, item) => {
    for (let row = 0; row < 7; row++) {
      build.reset();
      const a = new BlockArray(build, item, 7, 5, 5, 1, (i, j) => (i === row && j === 4 ? NaN : 1)), x = build.array(item, 10, () => 1);
      const y = build.array(item, 10, () => 0), work = build.array(item, 16);
      build.kernel(`sweepPair_${item.name}`)(7, 5, a.ptr, 5, x.ptr, 5, y.ptr, 5, work.ptr);
      expect([...y.data]).toEqual(Array(10).fill(NaN));
    }
  });
});
