/** Redistribution between layouts, beside plain copies of the same bytes by the same threads; and what plans move on large grids. */
import { start } from '#src/engine/start.js';
import { gridSize, makeLayout } from '#src/layout/layout.js';
import type { DistPair } from '#src/layout/distribution.js';
import { receivedEntries } from '#src/layout/plan.js';
import { chooseGemm, gemmWords } from '#src/linalg/gemm.js';
import { median, medianRatio, mustBeRight, type Row, type Suite } from './report.js';

const PAIRS: readonly DistPair[] = ['MC_MR', 'VC_STAR', 'STAR_VC'];
const LIBRARY = new URL('./layouts-library.js', import.meta.url).href;

/** [MC,MR], [VC,*] and [*,VC] into each other: 2 and 4 ranks, 32 MB and (not quick) 512 MB. */
export const layouts: Suite = async function* ({ quick }) {
  for (const workers of [2, 4]) {
    const session = await start({ workers });
    try {
      const library = await session.loadLibrary(LIBRARY);
      for (const n of quick ? [2000] : [2000, 8000]) {
        for (const from of PAIRS) {
          for (const to of PAIRS) {
            if (from === to) continue;
            const repeat = n > 2000 ? 7 : 21;
            const { moves, copies, wrong } = await session.run(library, 'redistribution', { height: n, width: n, from, to, repeat });
            mustBeRight(wrong === 0, `redistribution from ${from} to ${to}`);
            yield {
              name: `${from} → ${to}, ${(8 * n * n) / 1e6} MB, ${workers} ranks`,
              value: (8 * n * n) / median(moves as number[]) / 1e9,
              unit: 'GB/s',
              ratio: medianRatio(copies as number[], moves as number[]),
              against: 'a plain copy',
              target: 0.4,
            };
          }
        }
      }
    } finally {
      await session.close();
    }
  }
  yield* volumes(quick ? [4, 36, 144] : [4, 36, 144, 1024]);
};

/** Counted from plans alone: words that the busiest rank of a √p×√p grid receives, beside Elemental's formulas. */
function* volumes(sizes: readonly number[]): Generator<Row> {
  for (const p of sizes) {
    const r = Math.sqrt(p);
    const n = 16 * p;
    const layout = (dist: DistPair) => makeLayout({ height: n, width: n, dist, gridHeight: r, gridWidth: r });
    const busiest = (from: DistPair, to: DistPair): number => {
      const [a, b] = [layout(from), layout(to)];
      let most = 0;
      for (let rank = 0; rank < gridSize(a); rank++) most = Math.max(most, receivedEntries(a, b, rank));
      return most;
    };
    const formulas: readonly (readonly [DistPair, DistPair, number])[] = [
      ['MC_MR', 'MC_STAR', ((n * n) / r) * (1 - 1 / r)],
      ['MC_MR', 'VC_STAR', ((n * n) / p) * (1 - 1 / r)],
      ['MC_MR', 'STAR_STAR', n * n * (1 - 1 / p)],
      ['MC_MR', 'MR_STAR', ((n * n) / p) * (1 - 1 / r) + (n * n) / p + ((n * n) / r) * (1 - 1 / r)],
    ];
    for (const [from, to, formula] of formulas) {
      const words = busiest(from, to);
      yield { name: `${from} → ${to}, n=${n}, ${r}×${r} grid`, value: words, unit: 'words', ratio: words / formula, against: "Elemental's formula", target: 1, lower: true };
    }
    const C = layout('MC_MR');
    const words = gemmWords(C, C, C);
    const formula = n * ((n / r) * (1 - 1 / r) + (n / r) * (1 - 1 / r));
    yield { name: `gemm ${chooseGemm(C, C, C)}, n=${n}, ${r}×${r} grid`, value: words.C, unit: 'words', ratio: words.C / formula, against: "Elemental's formula", target: 1, lower: true };
  }
}
