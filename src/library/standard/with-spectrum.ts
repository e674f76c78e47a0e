/** A := a random matrix with given singular values. */
import * as linalg from '../../linalg/with-spectrum.js';
import { MAX_SEED } from '../../local/random.js';
import type { Dtype } from '../../local/rank-memory.js';
import { newLayout, newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const withSpectrum = defineTask({
  name: 'withSpectrum',
  about: 'A := U diag(singularValues) Vᵀ with random orthonormal U and V; the same on every grid up to rounding',
  params: {
    ...newMatrixParams,
    singularValues: { type: 'reals', about: 'at most min(height, width), finite and not negative, in any order; the others are 0' },
    seed: { type: 'integer', default: 0, min: 0, max: MAX_SEED, about: 'equal seeds give equal matrices' },
  },
  returns: { A: 'the matrix' },
  check({ height, width, singularValues }) {
    linalg.mustBeSpectrum(singularValues, height, width);
  },
  cost({ singularValues, seed: _seed, ...wanted }, grid) {
    const cost = newMatrixCost(wanted, grid);
    const temporary = linalg.withSpectrumBytes(newLayout(wanted, grid), singularValues.length, wanted.dtype as Dtype);
    return { ...cost, flops: 2 * wanted.height * wanted.width * singularValues.length, memoryPerRank: cost.memoryPerRank + temporary };
  },
  run({ grid }, { singularValues, seed, ...wanted }) {
    const A = newMatrix(grid, wanted);
    linalg.withSpectrum(singularValues, seed, A);
    return { A };
  },
});
