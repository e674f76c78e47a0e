/** A := a random matrix of uniform numbers. */
import { AlchemistError } from '../../errors.js';
import * as linalg from '../../linalg/random.js';
import { MAX_SEED } from '../../local/random.js';
import { newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const uniform = defineTask({
  name: 'uniform',
  about: 'A(i,j) := uniform on [low, high); depends on the seed, i and j only: the same on every grid, in every distribution',
  params: {
    ...newMatrixParams,
    seed: { type: 'integer', default: 0, min: 0, max: MAX_SEED, about: 'equal seeds give equal matrices' },
    low: { type: 'real', default: 0, about: 'the least value' },
    high: { type: 'real', default: 1, about: 'the bound that no value reaches (in f32 it may, by rounding)' },
  },
  returns: { A: 'the matrix' },
  check({ low, high }) {
    if (low <= high && high - low < Infinity) return;
    throw new AlchemistError('E_ARGUMENT', `uniform: there are no numbers from ${low} to ${high}`, { hint: 'low ≤ high, and high - low is finite' });
  },
  cost: newMatrixCost,
  run({ grid }, { seed, low, high, ...wanted }) {
    const A = newMatrix(grid, wanted);
    linalg.uniform(seed, low, high, A);
    return { A };
  },
});
