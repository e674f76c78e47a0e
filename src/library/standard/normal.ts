/** A := a random matrix of normal numbers. */
import * as linalg from '../../linalg/random.js';
import { MAX_SEED } from '../../local/random.js';
import { newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const normal = defineTask({
  name: 'normal',
  about: 'A(i,j) := normal; depends on the seed, i and j only: the same on every grid, in every distribution',
  params: {
    ...newMatrixParams,
    seed: { type: 'integer', default: 0, min: 0, max: MAX_SEED, about: 'equal seeds give equal matrices' },
    mean: { type: 'real', default: 0, about: 'the mean' },
    stddev: { type: 'real', default: 1, min: 0, about: 'the standard deviation' },
  },
  returns: { A: 'the matrix' },
  cost: newMatrixCost,
  run({ grid }, { seed, mean, stddev, ...wanted }) {
    const A = newMatrix(grid, wanted);
    linalg.normal(seed, mean, stddev, A);
    return { A };
  },
});
