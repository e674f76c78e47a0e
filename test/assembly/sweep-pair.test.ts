/** assembly/sweep-pair.ts against naive products: every small shape, padded rows and columns. */
import { BlockArray, everyKernel, numbers } from './wasm.js';

/** The longest rows are of more than one piece. */
const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17, 41, 137];

test('sweepPair is U := A X and Y := Y + Aᵀ U for two columns', () => {
  everyKernel((build, item) => {
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const pad of [0, 3]) {
          build.reset();
          const next = numbers(m * 31 + n);
          const [lda, ldx, ldu, ldy] = [n + pad, n + pad + 1, m + pad + 1, n + pad + 2];
          const a = new BlockArray(build, item, m, n, lda, 1, next), x = new BlockArray(build, item, n, 2, 1, ldx, next);
          const u = new BlockArray(build, item, m, 2, 1, ldu, () => NaN), y = new BlockArray(build, item, n, 2, 1, ldy, (j, c) => j - c);
          build.kernel(`sweepPair_${item.name}`)(m, n, a.ptr, lda, x.ptr, ldx, u.ptr, ldu, y.ptr, ldy);
          const wantU = (i: number, c: number): number => {
            let s = 0;
            for (let j = 0; j < n; j++) s += a.get(i, j) * x.get(j, c);
            return s;
          };
          const wantY = (j: number, c: number): number => {
            let s = j - c;
            for (let i = 0; i < m; i++) s += a.get(i, j) * wantU(i, c);
            return s;
          };
          expect(u.difference(wantU, (n + 3) ** 2 * item.eps)).toBe('');
          expect(y.difference(wantY, (m + 3) * (n + 3) ** 2 * 2 * item.eps)).toBe('');
        }
      }
    }
  });
});

test('sweepPair hands NaN on to its row of U and to both columns of Y', () => {
  everyKernel((build, item) => {
    for (let row = 0; row < 11; row++) {
      build.reset();
      const a = new BlockArray(build, item, 11, 5, 5, 1, (i, j) => (i === row && j === 4 ? NaN : 1)), x = build.array(item, 10, () => 1);
      const u = new BlockArray(build, item, 11, 2, 1, 11, () => 0), y = build.array(item, 10, () => 0);
      build.kernel(`sweepPair_${item.name}`)(11, 5, a.ptr, 5, x.ptr, 5, u.ptr, 11, y.ptr, 5);
      expect(u.difference((i) => (i === row ? NaN : 5))).toBe('');
      expect([...y.data]).toEqual(Array(10).fill(NaN));
    }
  });
});
