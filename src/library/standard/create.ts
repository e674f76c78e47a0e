/** A fresh matrix of zeros, or with undefined entries for a caller who fills them next. */
import * as blas from '../../local/blas.js';
import { newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const create = defineTask({
  name: 'create',
  about: 'A := 0, height × width',
  params: { ...newMatrixParams, fill: { type: 'boolean', default: true, about: 'false leaves the entries undefined' } },
  returns: { A: 'the matrix' },
  cost: newMatrixCost,
  run({ grid }, { fill, ...wanted }) {
    const A = newMatrix(grid, wanted);
    if (fill) blas.fill(0, A.local);
    return { A };
  },
});
