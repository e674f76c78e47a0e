/** assembly/level1.ts against naive loops: every length to 40, every stride form, NaN and infinity. */
import { BUILDS, everyKernel, ITEMS, numbers } from './wasm.js';

const LENGTHS = [...Array(41).keys()];
const INCREMENTS = [[1, 1], [2, 1], [1, 3], [4, 5], [-1, 1], [2, -3]];

/** Index of entry i in an array of n entries `inc` apart; negative increments start at the far end. */
const at = (i: number, n: number, inc: number) => (inc < 0 ? (i - n + 1) * inc : i * inc);
const size = (n: number, inc: number) => (n ? (n - 1) * Math.abs(inc) + 1 : 0);
/** The pointer of entry 0. */
const start = (a: { ptr: number }, bytes: number, n: number, inc: number) => a.ptr + (n ? at(0, n, inc) : 0) * bytes;

test('dot, asum and amax agree with plain sums for every length and stride', () => {
  everyKernel((build, item) => {
    for (const [incx, incy] of INCREMENTS) {
      for (const n of LENGTHS) {
        build.reset();
        const next = numbers(n);
        const x = build.array(item, size(n, incx)), y = build.array(item, size(n, incy));
        let dot = 0, asum = 0, amax = 0;
        for (let i = 0; i < n; i++) {
          const a = next(), b = next();
          x.data[at(i, n, incx)] = a;
          y.data[at(i, n, incy)] = b;
          dot += a * b;
          asum += Math.abs(a);
          amax = Math.max(amax, Math.abs(a));
        }
        const px = start(x, item.bytes, n, incx), py = start(y, item.bytes, n, incy);
        expect(Math.abs(build.kernel(`dot_${item.name}`)(n, px, incx, py, incy) - dot)).toBeLessThanOrEqual(n * n * 2 ** -53);
        expect(Math.abs(build.kernel(`asum_${item.name}`)(n, px, incx) - asum)).toBeLessThanOrEqual(n * n * 2 ** -53);
        expect(build.kernel(`amax_${item.name}`)(n, px, incx)).toBe(amax);
      }
    }
  });
});

test('axpy and scal touch exactly their entries, and round alike wherever an entry lies', () => {
  everyKernel((build, item) => {
    const fused = build.name === 'relaxed';
    for (const [incx, incy] of INCREMENTS) {
      for (const n of LENGTHS) {
        build.reset();
        const next = numbers(n + 7), alpha = 0.75;
        const x = build.array(item, size(n, incx)), y = build.array(item, size(n, incy));
        const want = new Map<number, number>();
        for (let i = 0; i < n; i++) {
          const a = next(), b = next();
          x.data[at(i, n, incx)] = a;
          y.data[at(i, n, incy)] = b;
          // alpha has two bits, so that the product is exact in f64; f32 rounds it first unless multiply-add is fused.
          const round = item.name === 'f64' ? (v: number) => v : Math.fround;
          want.set(at(i, n, incy), round((fused ? alpha * a : round(alpha * a)) + b));
        }
        build.kernel(`axpy_${item.name}`)(n, alpha, start(x, item.bytes, n, incx), incx, start(y, item.bytes, n, incy), incy);
        expect([...y.data]).toEqual(Array.from(y.data, (_, index) => want.get(index) ?? NaN));
        build.kernel(`scal_${item.name}`)(n, -2, start(y, item.bytes, n, incy), incy);
        expect([...y.data]).toEqual(Array.from(y.data, (_, index) => -2 * (want.get(index) ?? NaN)));
        expect([x.intact(), y.intact()]).toEqual([true, true]);
      }
    }
  });
});

test('axpy with alpha = 0 leaves y even where x is NaN; scal with alpha = 0 keeps NaN', () => {
  everyKernel((build, item) => {
    const x = build.array(item, 9, () => NaN), y = build.array(item, 9, (i) => i);
    build.kernel(`axpy_${item.name}`)(9, 0, x.ptr, 1, y.ptr, 1);
    expect([...y.data]).toEqual([...Array(9).keys()]);
    y.data[3] = NaN;
    build.kernel(`scal_${item.name}`)(9, 0, y.ptr, 1);
    expect([...y.data]).toEqual([0, 0, 0, NaN, 0, 0, 0, 0, 0]);
  });
});

test('amax and asum hand NaN and infinity on from every place', () => {
  everyKernel((build, item) => {
    for (const inc of [1, 2]) {
      for (let at = 0; at < 21; at++) {
        for (const bad of [NaN, Infinity]) {
          build.reset();
          const x = build.array(item, 41, (i) => (i === at * inc ? bad : -1));
          expect(build.kernel(`amax_${item.name}`)(21, x.ptr, inc)).toBe(bad);
          expect(build.kernel(`asum_${item.name}`)(21, x.ptr, inc)).toBe(bad);
        }
      }
    }
  });
});

test('dot of f32 accumulates in f64: products neither overflow nor lose a bit', () => {
  for (const build of BUILDS) {
    build.reset();
    const big = 2 ** 100, x = build.array(ITEMS[1], 20, () => big), y = build.array(ITEMS[1], 20, (i) => (i % 4 < 2 ? big : -big));
    x.data[19] = 1 + 2 ** -23;
    y.data[19] = -(1 + 2 ** -23);
    x.data[18] = y.data[18] = 0;
    x.data[17] = x.data[16] = 0;
    expect(build.kernel('dot_f32')(20, x.ptr, 1, y.ptr, 1)).toBe(-((1 + 2 ** -23) ** 2));
  }
});
