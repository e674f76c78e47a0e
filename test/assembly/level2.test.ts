/** assembly/level2.ts against naive loops: all small sizes, all strides, NaN rules, guards. */
import { BlockArray, everyKernel, numbers, strides } from './wasm.js';

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20];

test('gemv is alpha A x + beta y for every shape and stride', () => {
  everyKernel((build, item) => {
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const [rs, cs] of strides(m, n)) {
          for (const [incx, incy, alpha, beta] of [[1, 1, 1, 0], [1, 1, -0.5, 1], [2, 1, 1, 0.5], [1, 3, 2, -1], [3, 2, 1, 0]]) {
            build.reset();
            const next = numbers(m * 31 + n);
            const a = new BlockArray(build, item, m, n, rs, cs, next), x = new BlockArray(build, item, n, 1, incx, 1, next);
            const y = new BlockArray(build, item, m, 1, incy, 1, () => (beta === 0 ? NaN : 3));
            build.kernel(`gemv_${item.name}`)(m, n, alpha, a.ptr, rs, cs, x.ptr, incx, beta, y.ptr, incy);
            const want = (i: number) => {
              let s = 0;
              for (let j = 0; j < n; j++) s += a.get(i, j) * x.get(j, 0);
              return alpha * s + (beta === 0 ? 0 : beta * 3);
            };
            expect(y.difference(want, (n + 3) * (2 * n + 3) * item.eps)).toBe('');
          }
        }
      }
    }
  });
});

test('gemv with alpha = 0 ignores A and x, and beta = 0 clears even NaN', () => {
  everyKernel((build, item) => {
    for (const [rs, cs] of strides(9, 6)) {
      build.reset();
      const a = new BlockArray(build, item, 9, 6, rs, cs, () => NaN), x = new BlockArray(build, item, 6, 1, 1, 6, () => NaN);
      const y = new BlockArray(build, item, 9, 1, 1, 9, () => NaN);
      build.kernel(`gemv_${item.name}`)(9, 6, 0, a.ptr, rs, cs, x.ptr, 1, 0, y.ptr, 1);
      expect(y.difference(() => 0)).toBe('');
    }
  });
});

test('gemv hands NaN on from A even where x is 0', () => {
  everyKernel((build, item) => {
    for (const [rs, cs] of strides(9, 7)) {
      for (const column of [0, 3, 6]) {
        build.reset();
        const a = new BlockArray(build, item, 9, 7, rs, cs, (i, j) => (i === 4 && j === column ? NaN : 1));
        const x = new BlockArray(build, item, 7, 1, 1, 7, () => 0), y = new BlockArray(build, item, 9, 1, 1, 9, () => 0);
        build.kernel(`gemv_${item.name}`)(9, 7, 1, a.ptr, rs, cs, x.ptr, 1, 0, y.ptr, 1);
        expect(y.difference((i) => (i === 4 ? NaN : 0))).toBe('');
      }
    }
  });
});

test('ger adds alpha x yᵀ to every entry and to nothing else', () => {
  everyKernel((build, item) => {
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const [rs, cs] of strides(m, n)) {
          for (const [incx, incy] of [[1, 1], [2, 3]]) {
            build.reset();
            const next = numbers(m * 31 + n);
            const a = new BlockArray(build, item, m, n, rs, cs, (i, j) => i - j);
            const x = new BlockArray(build, item, m, 1, incx, 1, next), y = new BlockArray(build, item, n, 1, incy, 1, next);
            build.kernel(`ger_${item.name}`)(m, n, -2, x.ptr, incx, y.ptr, incy, a.ptr, rs, cs);
            expect(a.difference((i, j) => i - j - 2 * x.get(i, 0) * y.get(j, 0), 64 * item.eps)).toBe('');
          }
        }
      }
    }
  });
});

test('ger with alpha = 0 leaves A', () => {
  everyKernel((build, item) => {
    const a = new BlockArray(build, item, 5, 4, 1, 5, (i, j) => i * j), x = build.array(item, 5), y = build.array(item, 4);
    build.kernel(`ger_${item.name}`)(5, 4, 0, x.ptr, 1, y.ptr, 1, a.ptr, 1, 5);
    expect(a.difference((i, j) => i * j)).toBe('');
  });
});
