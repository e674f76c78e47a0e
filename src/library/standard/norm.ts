/** Norms of A. */
import { gridSize, type Layout, transposed } from '../../layout/layout.js';
import { contractedEntries } from '../../layout/plan.js';
import { columnSumLayouts, frobeniusNorm, infinityNorm, maxNorm, oneNorm } from '../../linalg/norms.js';
import { twoNorm } from '../../linalg/two-norm.js';
import { itemBytes } from '../../local/rank-memory.js';
import { storageOf } from '../storage.js';
import { type Cost, defineTask, type MatrixInfo } from '../task.js';
import { truncatedSvd } from './truncated-svd.js';

const NORMS = { one: oneNorm, infinity: infinityNorm, frobenius: frobeniusNorm, max: maxNorm, two: twoNorm } as const;
type NormKind = keyof typeof NORMS;

/** The price of the sums of each column. */
function columnSumCost(A: Layout): Cost {
  const [partial, whole] = columnSumLayouts(A);
  let words = 0;
  for (let rank = 0; rank < gridSize(A); rank++) words = Math.max(words, contractedEntries(partial, whole, rank));
  return { flops: 2 * A.height * A.width, bytesMoved: words * itemBytes('f64'), memoryPerRank: storageOf(partial, 'f64') + storageOf(whole, 'f64') };
}

function costOf(A: MatrixInfo, kind: NormKind, grid: { readonly height: number; readonly width: number }): Cost {
  const { height, width } = A.layout;
  if (kind === 'one') return columnSumCost(A.layout);
  if (kind === 'infinity') return columnSumCost(transposed(A.layout));
  if (kind === 'two' && Math.min(height, width) > 1) return truncatedSvd.cost!({ A, rank: 1, maxIterations: 1, seed: 0, tolerance: undefined }, grid);
  return { flops: 2 * height * width, bytesMoved: 0, memoryPerRank: 0 };
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
      about: 'one: the largest column sum of |A(i,j)|, infinity: the largest row sum, frobenius: √Σ A(i,j)², max: max |A(i,j)|, two: σ₁',
    },
  },
  returns: { value: 'the norm; 0 for an empty matrix' },
  cost: ({ A, kind }, grid) => costOf(A, kind as NormKind, grid),
  run: (_, { A, kind }) => ({ value: NORMS[kind as NormKind](A) }),
});
