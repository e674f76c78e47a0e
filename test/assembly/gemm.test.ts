/** assembly/gemm: every small shape exactly, shapes that cross every loop's blocks, rounding, and what must not be touched. */
/// <reference path="../../src/local/webassembly.d.ts" />
import { readFileSync } from 'node:fs';
import { BUILDS, ITEMS, everyKernel, numbers, type Item } from './wasm.js';
import { LAYOUTS, SCALARS, exactly, integers, kernelMultiplier, largestError, run } from './products.js';

const NARROW = kernelMultiplier('gemm');
const WIDE = kernelMultiplier('gemmWide');
const SMALL = Array.from({ length: 21 }, (_, size) => size);

test.each([['gemm', NARROW], ['gemmWide', WIDE]])('%s is exact for integers: all shapes to 20, in every layout, alpha and beta, with NaN where nothing may be read', (_, multiplier) => {
  everyKernel((build, item) => {
    let turn = 0;
    for (const m of SMALL) {
      for (const n of SMALL) {
        for (const k of SMALL) {
          const [alpha, beta] = SCALARS[turn % SCALARS.length];
          const [layoutA, layoutB] = [LAYOUTS[turn % 3], LAYOUTS[Math.floor(turn / 3) % 3]];
          const difference = exactly(build, item, multiplier, { m, n, k, alpha, beta, layoutA, layoutB });
          if (difference) throw new Error(difference);
          turn++;
        }
      }
    }
  });
});

test('every layout of A with every layout of B, alpha and beta, where panels and tiles are incomplete', () => {
  everyKernel((build, item) => {
    for (const multiplier of [NARROW, WIDE]) {
      for (const layoutA of LAYOUTS) {
        for (const layoutB of LAYOUTS) {
          for (const [alpha, beta] of SCALARS) {
            expect(exactly(build, item, multiplier, { m: 37, n: 59, k: 43, alpha, beta, layoutA, layoutB })).toBe('');
          }
        }
      }
    }
  });
});

/** A kernel instance with a memory of its own, for shapes that need more, or less, than the shared one. */
function instance(target: string, pages: number): { memory: WebAssembly.Memory; kernels: Record<string, (...args: number[]) => number> } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const module = new WebAssembly.Module(readFileSync(new URL(`../../../dist/wasm/kernels.${target}.wasm`, import.meta.url)));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, kernels: exports as Record<string, (...args: number[]) => number> };
}

describe('blocks', () => {
  /** Shapes that take several rounds of loop 4; of 3 and 4; of 5, 3 and 4 at once; and narrow ones. */
  const shapes = (item: Item): [number, number, number][] => [
    [150, 140, 701],
    [1001, 133, 601],
    [4096 / item.bytes + 5, 40000 / item.bytes + 1, 331],
    [21, 31, 3001],
    [5001, 3, 41],
    [3, 5001, 41],
    [1, 1, 5001],
    [40001, 33, 5],
  ];

  test.each(BUILDS.map(({ name }) => name))('products of integers across the blocks of all loops are exact (%s)', (target) => {
    const { memory, kernels } = instance(target, 1600);
    for (const item of ITEMS) {
      for (const name of ['gemm', 'gemmWide']) {
        shapes(item).forEach(([m, n, k], index) => {
          const next = integers(m + n + k);
          const place = (length: number, ptr: number) => {
            const values = new item.array(memory.buffer, ptr, length);
            for (let at = 0; at < length; at++) values[at] = next();
            return values;
          };
          const [pa, pb] = [64, 64 + Math.ceil((m * k * item.bytes) / 64) * 64];
          const pc = pb + Math.ceil((k * n * item.bytes) / 64) * 64;
          const work = pc + Math.ceil((m * n * item.bytes) / 64) * 64;
          const [a, b, c] = [place(m * k, pa), place(k * n, pb), place(m * n, pc)];
          const old = c.slice();
          const [rsa, csa] = index % 2 ? [k, 1] : [1, m];
          const [rsb, csb] = index % 4 < 2 ? [1, k] : [n, 1];
          expect(work + kernels[`${name}Work_${item.name}`](m, n, k)).toBeLessThan(memory.buffer.byteLength);
          kernels[`${name}_${item.name}`](m, n, k, 2, pa, rsa, csa, pb, rsb, csb, -1, pc, m, work);
          // R. Freivalds, 1977: C x = A (B x) for a random x; a wrong C escapes with a probability of 1/343.
          const x = Float64Array.from({ length: n }, () => next() + 7 * next() + 49 * next());
          const bx = new Float64Array(k), want = new Float64Array(m), got = new Float64Array(m);
          for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) bx[l] += b[l * rsb + j * csb] * x[j];
          for (let l = 0; l < k; l++) for (let i = 0; i < m; i++) want[i] += 2 * a[i * rsa + l * csa] * bx[l];
          for (let j = 0; j < n; j++) {
            for (let i = 0; i < m; i++) {
              want[i] -= old[i + j * m] * x[j];
              got[i] += c[i + j * m] * x[j];
            }
          }
          expect(got.findIndex((value, i) => value !== want[i])).toBe(-1);
        });
      }
    }
  });

  test('no shape needs more than 8 MiB of workspace', () => {
    everyKernel((build, item) => {
      const sizes = [1, 7, 128, 129, 319, 321, 641, 3841, 20000, 10 ** 6, 2 ** 30];
      for (const name of ['gemmWork', 'gemmWideWork']) {
        const work = build.kernel(`${name}_${item.name}`);
        for (const m of sizes) for (const n of sizes) for (const k of sizes) expect(work(m, n, k)).toBeLessThanOrEqual(8 * 2 ** 20);
      }
    });
  });
});

test('errors stay below 2 k u (|α| |A| |B| + |β| |C|), entry by entry', () => {
  everyKernel((build, item) => {
    for (const multiplier of [NARROW, WIDE]) {
      for (const [m, n, k] of [[5, 3, 1], [17, 23, 300], [64, 64, 64], [33, 29, 1500]]) {
        for (const [alpha, beta] of [[1, 0], [-0.7, 0.3]]) {
          const p = { m, n, k, alpha, beta, layoutA: LAYOUTS[0], layoutB: LAYOUTS[0] };
          // The plain loop has an error of its own, and alpha, beta and C cost a rounding each.
          expect(largestError(build, item, multiplier, p, (ab, c) => (2 * k + 4) * (ab + c))).toBeLessThanOrEqual(1);
        }
      }
    }
  });
});

test('the wide kernel has the same bits as the other', () => {
  everyKernel((build, item) => {
    for (const [m, n, k] of [[1, 1, 1], [16, 12, 9], [61, 47, 333], [130, 131, 700]]) {
      const p = { m, n, k, alpha: 0.3, beta: 0.7, layoutA: LAYOUTS[0], layoutB: LAYOUTS[1] };
      const bits = [NARROW, WIDE].map((multiplier) => {
        const next = numbers(m * n * k);
        return Buffer.from(run(build, item, multiplier, p, () => next() / 3).c.array.data.slice().buffer);
      });
      expect(bits[0].equals(bits[1])).toBe(true);
    }
  });
});

test.each(BUILDS.map(({ name }) => name))('nothing behind A or B is read: both end where the memory ends (%s)', (target) => {
  const { memory, kernels } = instance(target, 4);
  const end = memory.buffer.byteLength;
  for (const item of ITEMS) {
    for (const name of ['gemm', 'gemmWide']) {
      for (const m of [1, 3, 4, 7, 8, 9, 16, 21]) {
        for (const k of [1, 2, 3, 5, 8]) {
          for (const layout of LAYOUTS) {
            const [rs, cs] = layout(m, k);
            const last = end - (1 + (m - 1) * rs + (k - 1) * cs) * item.bytes;
            const n = 13;
            // The matrix at the end is A, m × k; then, seen transposed, B.
            kernels[`${name}_${item.name}`](m, n, k, 1, last, rs, cs, 64, 1, k, 0, 4096, m, 16384);
            kernels[`${name}_${item.name}`](n, m, k, 1, 64, 1, n, last, cs, rs, 0, 4096, n, 16384);
          }
        }
      }
    }
  }
});

test('peakFma does what it counts: so many multiply-adds a := a x + x in turn, a full round of registers each iteration or two', () => {
  everyKernel((build, item) => {
    const madds = build.kernel(`peakMadds_${item.name}`)();
    // A register starts as 1/2; a step halves its distance to 1.
    const [registers, rounds] = madds === 13 ? [13, 1] : [14, 2];
    expect(madds).toBe(registers * rounds);
    expect(build.kernel(`peakFma_${item.name}`)(3, 0.5)).toBe(registers * (16 / item.bytes) * (1 - 2 ** -(3 * rounds + 1)));
  });
});
