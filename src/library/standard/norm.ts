/** Norms of A. */
import type { DistMatrix } from '../../dist/dist-matrix.js';
import { gridSize, type Layout, transposed } from '../../layout/layout.js';
import { contractedEntries } from '../../layout/plan.js';
import { columnSumLayouts, frobeniusNorm, infinityNorm, maxNorm, oneNorm } from '../../linalg/norms.js';
import { itemBytes } from '../../local/rank-memory.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

const NORMS = { one: oneNorm, infinity: infinityNorm, frobenius: frobeniusNorm, max: maxNorm } as const satisfies Record<string, (A: DistMatrix) => number>;
export type NormKind = keyof typeof NORMS;

/** Bytes that the column sums of A take and move. */
function columnSumCost(A: Layout) {
  const [partial, whole] = columnSumLayouts(A);
  let words = 0;
  for (let rank = 0; rank < gridSize(A); rank++) words = Math.max(words, contractedEntries(partial, whole, rank));
  return { bytesMoved: words * itemBytes('f64'), memoryPerRank: storageOf(partial, 'f64') + storageOf(whole, 'f64') };
}

export const norm = defineTask({
  name: 'norm',
  about: 'a norm of A; NaN when an entry is NaN',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    kind: {
      type: 'text',
      default: 'frobenius',
      oneOf: Object.keys(NORMS),
      about: 'one: the largest column sum of |A(i,j)|, infinity: the largest row sum, frobenius: √Σ A(i,j)², max: max |A(i,j)|',
    },
  },
  returns: { value: 'the norm; 0 for an empty matrix' },
  cost({ A: { layout }, kind }) {
    const sums = kind === 'one' ? columnSumCost(layout) : kind === 'infinity' ? columnSumCost(transposed(layout)) : { bytesMoved: 0, memoryPerRank: 0 };
    return { flops: 2 * layout.height * layout.width, ...sums };
  },
  run: (_, { A, kind }) => ({ value: NORMS[kind as NormKind](A) }),
});
