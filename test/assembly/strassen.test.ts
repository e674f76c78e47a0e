/** assembly/gemm/strassen.ts: exact for integers whatever is peeled off, and within its error bound. */
import { everyKernel } from './wasm.js';
import { LAYOUTS, SCALARS, exactly, kernelMultiplier, largestError } from './products.js';

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 20];

test.each([0, 1, 2, 3])('%i levels: exact for integers, in every layout, alpha and beta, with NaN where nothing may be read', (levels) => {
  const multiplier = kernelMultiplier('gemmStrassen', levels);
  everyKernel((build, item) => {
    let turn = 0;
    for (const m of SIZES) {
      for (const n of SIZES) {
        for (const k of SIZES) {
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

test.each([[128, 96, 160], [101, 67, 143]])('%i×%i×%i: the error is within the bound of Winograd\'s form, and in practice within 4^levels of the classical one', (m, n, k) => {
  everyKernel((build, item) => {
    for (const levels of [0, 1, 2, 3]) {
      const h = k / 2 ** levels;
      const largestEntry = 1 / 9; // ‖A‖ ‖B‖
      const proven = (18 ** levels * (h * h + 6 * h) - 6 * k) * largestEntry;
      for (const layout of LAYOUTS) {
        const p = { m, n, k, alpha: 1, beta: 0, layoutA: layout, layoutB: layout };
        const error = largestError(build, item, kernelMultiplier('gemmStrassen', levels), p, () => 1);
        expect(error).toBeLessThanOrEqual(proven + k * k * largestEntry);
        expect(error).toBeLessThanOrEqual(4 ** levels * k * largestEntry);
      }
    }
  });
});
