/** assembly/norms.ts against naive sums, and at the ends of the range of f64. */
import { BlockArray, BUILDS, everyKernel, ITEMS, numbers, strides, type Build, type Item } from './wasm.js';

const SIZES = [[0, 0], [0, 3], [3, 0], [1, 1], [1, 9], [9, 1], [2, 3], [5, 8], [17, 4], [20, 20], [33, 3]];

function everyBlock(body: (build: Build, item: Item, a: BlockArray) => void): void {
  everyKernel((build, item) => {
    for (const [m, n] of SIZES) {
      for (const [rs, cs] of strides(m, n)) {
        build.reset();
        body(build, item, new BlockArray(build, item, m, n, rs, cs, numbers(m + 50 * n)));
      }
    }
  });
}

/** Σ f(a_ij), and the bound of its rounding errors. */
function sum(a: BlockArray, f: (value: number, i: number, j: number) => number): [sum: number, bound: number] {
  let s = 0, absolute = 0;
  for (let j = 0; j < a.n; j++) for (let i = 0; i < a.m; i++) [s, absolute] = [s + f(a.get(i, j), i, j), absolute + Math.abs(f(a.get(i, j), i, j))];
  return [s, a.m * a.n * absolute * 2 ** -53];
}

test('sumSquaresBlock, dotBlock, amaxBlock and countNonFiniteBlock agree with plain loops', () => {
  everyBlock((build, item, a) => {
    const { m, n, rs, cs } = a;
    const out = build.array(ITEMS[0], 2);
    build.kernel(`sumSquaresBlock_${item.name}`)(m, n, a.ptr, rs, cs, out.ptr);
    const [squares, squaresBound] = sum(a, (v) => v * v);
    expect(out.data[0]).toBe(1);
    expect(Math.abs(out.data[1] - squares)).toBeLessThanOrEqual(squaresBound);
    expect(out.intact()).toBe(true);

    const next = numbers(3);
    for (const [rsb, csb] of strides(m, n)) {
      const b = new BlockArray(build, item, m, n, rsb, csb, next);
      const [dot, dotBound] = sum(a, (v, i, j) => v * b.get(i, j));
      expect(Math.abs(build.kernel(`dotBlock_${item.name}`)(m, n, a.ptr, rs, cs, b.ptr, rsb, csb) - dot)).toBeLessThanOrEqual(dotBound);
    }

    let largest = 0;
    sum(a, (v) => (largest = Math.max(largest, Math.abs(v))));
    expect(build.kernel(`amaxBlock_${item.name}`)(m, n, a.ptr, rs, cs)).toBe(largest);
    expect(build.kernel(`countNonFiniteBlock_${item.name}`)(m, n, a.ptr, rs, cs)).toBe(0);
  });
});

test('countNonFiniteBlock counts NaN and both infinities, and no large finite number', () => {
  everyBlock((build, item, a) => {
    const { m, n, rs, cs } = a;
    const specials = [NaN, Infinity, -Infinity, 1, item.name === 'f64' ? Number.MAX_VALUE : 3.4e38];
    let want = 0;
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < m; i++) {
        const value = specials[(i * 7 + j * 3) % 5];
        a.array.data[i * rs + j * cs] = value;
        want += Number(!Number.isFinite(value));
      }
    }
    expect(build.kernel(`countNonFiniteBlock_${item.name}`)(m, n, a.ptr, rs, cs)).toBe(want);
    if (want > 0) expect(build.kernel(`amaxBlock_${item.name}`)(m, n, a.ptr, rs, cs)).toBe(NaN); // (0, 0) is NaN
  });
});

test('columnSums adds the sums of absolute values to what is there, and row sums are the swapped strides', () => {
  everyBlock((build, item, a) => {
    const { m, n, rs, cs } = a;
    for (const [count, length, along, across, entry] of [
      [n, m, rs, cs, (k: number, l: number) => a.get(l, k)],
      [m, n, cs, rs, (k: number, l: number) => a.get(k, l)],
    ] as const) {
      const out = build.array(ITEMS[0], count, (k) => k);
      build.kernel(`columnSums_${item.name}`)(length, count, a.ptr, along, across, out.ptr);
      for (let k = 0; k < count; k++) {
        let want = k;
        for (let l = 0; l < length; l++) want += Math.abs(entry(k, l));
        expect(Math.abs(out.data[k] - want)).toBeLessThanOrEqual(want * (length + 1) * 2 ** -53);
      }
      expect(out.intact()).toBe(true);
    }
  });
});

test('nrm2 is right to the last bits from the smallest subnormal to the largest number', () => {
  for (const build of BUILDS) {
    for (const unit of [2 ** -1074, 2 ** -1040, 2 ** -1000, 2 ** -500, 2 ** -450, 1, 2 ** 450, 2 ** 511, 2 ** 1000, 2 ** 1021]) {
      for (const inc of [1, 3]) {
        build.reset();
        const values = [3, 0, -4, 0, 0, 0, 0, 0, 0];
        const x = build.array(ITEMS[0], 9 * inc, (i) => (i % inc ? NaN : values[i / inc] * unit));
        expect(build.kernel('nrm2_f64')(9, x.ptr, inc)).toBe(5 * unit);
        const out = build.array(ITEMS[0], 2);
        build.kernel('sumSquaresBlock_f64')(9, 1, x.ptr, inc, 1, out.ptr);
        expect(out.data[0] * Math.sqrt(out.data[1])).toBe(5 * unit);
      }
    }
  }
});

test('nrm2 of f32 is exact where f32 squares would leave their range', () => {
  for (const build of BUILDS) {
    for (const scale of [2 ** -149, 2 ** -100, 1, 2 ** 120]) {
      build.reset();
      const x = build.array(ITEMS[1], 2, (i) => [3, 4][i] * scale);
      expect(build.kernel('nrm2_f32')(2, x.ptr, 1)).toBe(5 * scale);
    }
  }
});

test('nrm2 of nothing and of zeros is 0; infinity and NaN come through', () => {
  everyKernel((build, item) => {
    const nrm2 = build.kernel(`nrm2_${item.name}`);
    expect(nrm2(0, 64, 1)).toBe(0);
    expect(nrm2(12, build.array(item, 12, () => 0).ptr, 1)).toBe(0);
    expect(nrm2(12, build.array(item, 12, (i) => (i === 5 ? -Infinity : 1)).ptr, 1)).toBe(Infinity);
    expect(nrm2(12, build.array(item, 12, (i) => (i === 5 ? NaN : Infinity)).ptr, 1)).toBe(NaN);
  });
});
