/** The largest singular values of A and their vectors. */
import { planOperator, PANEL } from '../../linalg/gram-operator.js';
import { BLOCK } from '../../linalg/lanczos.js';
import { basisCapacity, keptByRestart } from '../../linalg/svd-search.js';
import { mustBeRank, truncatedSvd as decompose } from '../../linalg/truncated-svd.js';
import { gridSize, transposed } from '../../layout/layout.js';
import { receivedEntries } from '../../layout/plan.js';
import { gemmWorkBytes } from '../../local/blas.js';
import { itemBytes } from '../../local/rank-memory.js';
import { MAX_SEED } from '../../local/random.js';
import { storageOf } from '../storage.js';
import { type Arguments, type Cost, defineTask, type MatrixInfo, type Params } from '../task.js';

const params = {
  A: { type: 'matrix', about: 'm×n, any distribution, finite entries' },
  rank: { type: 'integer', min: 1, about: 'how many singular triplets, at most min(m, n)' },
  tolerance: { type: 'real', min: 0, optional: true, about: 'largest residual in units of the largest value; default and least 8 roundings' },
  maxIterations: { type: 'integer', min: 1, default: 5000, about: 'passes over A' },
  seed: { type: 'integer', default: 0, min: 0, max: MAX_SEED, about: 'chooses the random start; equal seeds give equal bits on equal grids' },
} as const satisfies Params;

/** Passes that a search takes where values fall like those of measured data; 22 for 1/i and rank 10, 170 for random entries. */
const usualPasses = (rank: number): number => rank + 30;

function cost({ A: { layout, dtype }, rank }: Arguments<typeof params, MatrixInfo>): Cost {
  const bytes = itemBytes(dtype);
  const p = gridSize(layout);
  const { rows, isCopy, isTransposed } = planOperator(layout, 'column');
  const { height: m, width: n } = rows;
  const source = isTransposed ? transposed(layout) : layout;
  const copied = isCopy ? Math.max(...Array.from({ length: p }, (_, r) => receivedEntries(source, rows, r))) : 0;
  const passes = usualPasses(rank);
  const capacity = Math.min(basisCapacity(rank), n);
  const right = rank + capacity + keptByRestart(rank) + 4 * BLOCK + 5 * rank;
  const small = 3 * capacity ** 2 + 4 * rank ** 2;
  return {
    flops: passes * 4 * m * n * BLOCK + 6 * m * n * rank,
    bytesMoved: Math.ceil((copied + (passes * BLOCK + 2 * rank) * 2 * n * (1 - 1 / p)) * bytes),
    memoryPerRank: Math.ceil(
      (isCopy ? storageOf(rows, dtype) : 0) + (Math.ceil(n / p) * right + Math.ceil(m / p) * 5 * rank + 2 * n * Math.max(PANEL, BLOCK)) * bytes + small * itemBytes('f64') + gemmWorkBytes(n, Math.min(rank, PANEL), Math.ceil(m / p), dtype),
    ),
  };
}

export const truncatedSvd = defineTask({
  name: 'truncatedSvd',
  about: 'A V = U diag(values), Aᵀ U = V diag(values): the largest singular values, descending, and their vectors',
  params,
  returns: {
    U: 'm×rank, orthonormal columns, [VC,*]; the largest entry of each is positive',
    V: 'n×rank, orthonormal columns, [VC,*]',
    values: 'the singular values, descending',
    iterations: 'passes over A, two vectors each',
    stages: 'runs of the Lanczos process',
    residual: 'the largest ‖Aᵀ u - σ v‖ in units of the largest value',
    orthogonality: 'the largest entry of |UᵀU - I| and |VᵀV - I|',
  },
  check({ A, rank }) {
    mustBeRank(A.layout, rank);
  },
  cost,
  run({ progress }, { A, rank, tolerance, maxIterations, seed }) {
    const onProgress = ({ iteration, converged, residual }: { iteration: number; converged: number; residual: number }): void =>
      progress({ step: iteration, note: `${converged} of ${rank} triplets`, values: { converged, residual } });
    return { ...decompose(A, { rank, tolerance, maxIterations, seed, onProgress }) };
  },
});
