/** A := the matrix of one number. */
import * as blas from '../../local/blas.js';
import { newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const constant = defineTask({
  name: 'constant',
  about: 'A(i,j) := value',
  params: { ...newMatrixParams, value: { type: 'real', default: 1, about: 'every entry' } },
  returns: { A: 'the matrix' },
  cost: newMatrixCost,
  run({ grid }, { value, ...wanted }) {
    const A = newMatrix(grid, wanted);
    blas.fill(value, A.local);
    return { A };
  },
});
