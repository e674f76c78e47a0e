/** assembly/random.ts against the published vectors of Philox4x32-10, a BigInt reference, and the moments of the distributions. */
import { BlockArray, BUILDS, everyKernel, ITEMS, strides } from './wasm.js';

/** Random123's known answers: counter, key, words. */
const KNOWN = [
  [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [[-1, -1, -1, -1], [-1, -1], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]],
];

const u32 = (value: bigint) => value & 0xffffffffn;

/** Philox4x32-10 as the paper writes it. */
function philox(counter: number[], key: number[]): number[] {
  let [c0, c1, c2, c3] = counter.map((c) => BigInt(c >>> 0));
  let [k0, k1] = key.map((k) => BigInt(k >>> 0));
  for (let round = 0; round < 10; round++) {
    const p0 = c0 * 0xd2511f53n, p1 = c2 * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, u32(p1), (p0 >> 32n) ^ c3 ^ k1, u32(p0)];
    [k0, k1] = [u32(k0 + 0x9e3779b9n), u32(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

const unit = (high: number, low: number) => ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;

function uniform(i: number, j: number, seed: number[], lo: number, hi: number): number {
  const w = philox([i, j, 0, 0], seed);
  return lo + (hi - lo) * unit(w[0], w[1]);
}

function normal(i: number, j: number, seed: number[], mean: number, stddev: number): number {
  const w = philox([i, j, 1, 0], seed);
  return mean + stddev * Math.sqrt(-2 * Math.log(1 - unit(w[0], w[1]))) * Math.cos(2 * Math.PI * unit(w[2], w[3]));
}

test('philox gives the published words, and so does the reference of this test', () => {
  for (const build of BUILDS) {
    build.reset();
    const out = build.array(ITEMS[0], 2);
    for (const [counter, key, words] of KNOWN) {
      build.kernel('philox')(...counter, ...key, out.ptr);
      expect([...new Uint32Array(out.data.buffer, out.ptr, 4)]).toEqual(words);
      expect(philox(counter, key)).toEqual(words);
    }
    expect(out.intact()).toBe(true);
  }
});

test('every entry is the one of its global indices, for every size, stride and cyclic share', () => {
  everyKernel((build, item) => {
    const seed = [12345, -9], round = item.name === 'f64' ? (v: number) => v : Math.fround;
    for (const [m, n] of [[0, 0], [1, 1], [2, 3], [3, 2], [4, 1], [5, 2], [7, 3], [9, 2]]) {
      for (const [rs, cs] of strides(m, n)) {
        for (const [i0, istep, j0, jstep] of [[0, 1, 0, 1], [2, 3, 1, 2], [2 ** 31 - 2, 1, -1, 1]]) {
          build.reset();
          const a = new BlockArray(build, item, m, n, rs, cs, () => 7);
          build.kernel(`uniform_${item.name}`)(m, n, i0, istep, j0, jstep, seed[0], seed[1], -3, 5, a.ptr, rs, cs);
          expect(a.difference((i, j) => round(uniform(i0 + i * istep, j0 + j * jstep, seed, -3, 5)))).toBe('');
          build.kernel(`normal_${item.name}`)(m, n, i0, istep, j0, jstep, seed[0], seed[1], 1, 2, a.ptr, rs, cs);
          expect(a.difference((i, j) => normal(i0 + i * istep, j0 + j * jstep, seed, 1, 2), 64 * item.eps)).toBe('');
        }
      }
    }
  });
});

test('both builds give the same bits, and f32 is f64 rounded', () => {
  for (const distribution of ['uniform', 'normal']) {
    const [plain, relaxed, single] = [[0, 'f64'], [1, 'f64'], [1, 'f32']].map(([build, type]) => {
      BUILDS[build as number].reset();
      const a = BUILDS[build as number].array(ITEMS[type === 'f64' ? 0 : 1], 10000);
      BUILDS[build as number].kernel(`${distribution}_${type}`)(100, 100, 0, 1, 0, 1, 1, 2, 0, 1, a.ptr, 1, 100);
      return [...a.data];
    });
    expect(relaxed).toEqual(plain);
    expect(single).toEqual(plain.map(Math.fround));
  }
});

test('uniforms and normals have the moments and tails of their distributions, along i, along j and across seeds', () => {
  const build = BUILDS[1], count = 200_000;
  for (const [m, n, seedLo, seedHi] of [[count, 1, 1, 0], [1, count, 1, 0], [447, 447, 0, 1]]) {
    build.reset();
    const a = build.array(ITEMS[0], m * n), b = build.array(ITEMS[0], m * n);
    build.kernel('uniform_f64')(m, n, 0, 1, 0, 1, seedLo, seedHi, 0, 1, a.ptr, 1, m);
    build.kernel('normal_f64')(m, n, 0, 1, 0, 1, seedLo, seedHi, 0, 1, b.ptr, 1, m);
    const mean = (f: (index: number) => number) => (a.data as Float64Array).reduce((s, _, index) => s + f(index), 0) / (m * n);
    const sigma = 5 / Math.sqrt(m * n); // five standard errors of a variable of variance 1
    expect(a.data.every((u) => u >= 0 && u < 1)).toBe(true);
    for (let power = 1; power <= 4; power++) {
      expect(Math.abs(mean((k) => a.data[k] ** power) - 1 / (power + 1))).toBeLessThan(sigma * 0.3);
      expect(Math.abs(mean((k) => b.data[k] ** power) - [1, 0, 1, 0, 3][power])).toBeLessThan(sigma * [1, 1, 1.5, 4, 10][power]);
    }
    for (const [x, phi] of [[-2, 0.0227501319], [-1, 0.1586552539], [0, 0.5], [1, 0.8413447461], [3, 0.9986501020]]) {
      expect(Math.abs(mean((k) => Number(b.data[k] < x)) - phi)).toBeLessThan(sigma * 0.5);
    }
    expect(Math.abs(mean((k) => b.data[k] * (a.data[k] - 0.5)))).toBeLessThan(sigma * 0.3); // the two distributions are independent
    expect(Math.abs(mean((k) => (k ? b.data[k] * b.data[k - 1] : 0)))).toBeLessThan(sigma);
  }
});
