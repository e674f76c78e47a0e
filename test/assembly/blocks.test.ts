/** assembly/blocks.ts against naive loops, bitwise: every small size, every pair of stride forms, guards and gaps untouched. */
import { BlockArray, everyKernel, ITEMS, numbers, strides, type Build, type Item } from './wasm.js';

const SIZES = [[0, 0], [0, 3], [3, 0], [1, 1], [1, 9], [9, 1], [2, 3], [4, 4], [5, 8], [8, 5], [17, 4], [20, 19], [35, 33], [300, 2]];

function everyPair(body: (build: Build, item: Item, m: number, n: number, from: [number, number], to: [number, number]) => void): void {
  everyKernel((build, item) => {
    for (const [m, n] of SIZES) {
      for (const from of strides(m, n)) {
        for (const to of strides(m, n)) {
          build.reset();
          body(build, item, m, n, from, to);
        }
      }
    }
  });
}

test('copyBlock writes every entry and nothing else', () => {
  everyPair((build, item, m, n, from, to) => {
    const next = numbers(m * 31 + n);
    const src = new BlockArray(build, item, m, n, ...from, next);
    const dst = new BlockArray(build, item, m, n, ...to, () => -7);
    build.kernel(`copyBlock_${item.name}`)(m, n, src.ptr, ...from, dst.ptr, ...to);
    expect(dst.difference((i, j) => src.get(i, j))).toBe('');
  });
});

test('copyBlock writes columns that are long enough for memory.copy, with gaps between them', () => {
  everyKernel((build, item) => {
    const next = numbers(5), m = 4100;
    build.reset();
    const src = new BlockArray(build, item, m, 2, 1, m + 3, next);
    const dst = new BlockArray(build, item, m, 2, 1, m + 1, () => -7);
    build.kernel(`copyBlock_${item.name}`)(m, 2, src.ptr, 1, m + 3, dst.ptr, 1, m + 1);
    expect(dst.difference((i, j) => src.get(i, j))).toBe('');
  });
});

test('addBlock adds alpha times every entry, with the same bits in every order', () => {
  everyPair((build, item, m, n, from, to) => {
    const next = numbers(m * 31 + n), round = item.name === 'f64' ? (v: number) => v : Math.fround;
    const src = new BlockArray(build, item, m, n, ...from, next);
    const dst = new BlockArray(build, item, m, n, ...to, (i, j) => i - j / 8);
    build.kernel(`addBlock_${item.name}`)(m, n, -0.5, src.ptr, ...from, dst.ptr, ...to);
    expect(dst.difference((i, j) => round(i - j / 8 - 0.5 * src.get(i, j)))).toBe('');
  });
});

test('addBlock with alpha = 0 leaves the target even where the source is NaN', () => {
  everyKernel((build, item) => {
    const src = new BlockArray(build, item, 9, 9, 1, 9, () => NaN), dst = new BlockArray(build, item, 9, 9, 1, 10, (i, j) => i * j);
    build.kernel(`addBlock_${item.name}`)(9, 9, 0, src.ptr, 1, 9, dst.ptr, 1, 10);
    expect(dst.difference((i, j) => i * j)).toBe('');
  });
});

test('convertBlock rounds f64 to f32 and widens f32 to f64', () => {
  everyPair((build, item, m, n, from, to) => {
    const other = ITEMS.find((candidate) => candidate !== item)!;
    const next = numbers(m * 31 + n);
    const src = new BlockArray(build, item, m, n, ...from, () => next() * Math.PI);
    const dst = new BlockArray(build, other, m, n, ...to, () => -7);
    build.kernel(`convertBlock_${item.name}_${other.name}`)(m, n, src.ptr, ...from, dst.ptr, ...to);
    expect(dst.difference((i, j) => Math.fround(src.get(i, j)))).toBe('');
  });
});

test('fillBlock and scaleBlock: beta = 0 writes zeros over NaN, beta = 1 touches nothing', () => {
  everyKernel((build, item) => {
    for (const [m, n] of SIZES) {
      for (const [rs, cs] of strides(m, n)) {
        build.reset();
        const a = new BlockArray(build, item, m, n, rs, cs, () => NaN);
        const scale = build.kernel(`scaleBlock_${item.name}`);
        scale(m, n, 1, a.ptr, rs, cs);
        expect(a.difference(() => NaN)).toBe('');
        scale(m, n, 0, a.ptr, rs, cs);
        expect(a.difference(() => 0)).toBe('');
        build.kernel(`fillBlock_${item.name}`)(m, n, 1.5, a.ptr, rs, cs);
        expect(a.difference(() => 1.5)).toBe('');
        scale(m, n, -2, a.ptr, rs, cs);
        expect(a.difference(() => -3)).toBe('');
      }
    }
  });
});

test('blocks with negative strides are read backwards', () => {
  everyKernel((build, item) => {
    const src = new BlockArray(build, item, 6, 5, 1, 7, (i, j) => 10 * i + j);
    const dst = new BlockArray(build, item, 6, 5, 1, 6, () => 0);
    build.kernel(`copyBlock_${item.name}`)(6, 5, src.ptr + (5 + 4 * 7) * item.bytes, -1, -7, dst.ptr, 1, 6);
    expect(dst.difference((i, j) => src.get(5 - i, 4 - j))).toBe('');
  });
});
