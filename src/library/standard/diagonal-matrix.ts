/** A := the matrix with given numbers on its main diagonal; without them the identity. */
import { fillDiagonal } from '../../linalg/diagonal.js';
import { AlchemistError } from '../../errors.js';
import { newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { defineTask } from '../task.js';

export const diagonalMatrix = defineTask({
  name: 'diagonalMatrix',
  about: 'A(i,i) := values[i], and zeros elsewhere; the identity when there are no values',
  params: { ...newMatrixParams, values: { type: 'reals', optional: true, about: 'at most min(height, width) numbers; zeros follow them' } },
  returns: { A: 'the matrix' },
  check({ height, width, values }) {
    const most = Math.min(height, width);
    if (!values || values.length <= most) return;
    throw new AlchemistError('E_SHAPE', `diagonalMatrix: the diagonal of a ${height}×${width} matrix has ${most} entries, not ${values.length}`);
  },
  cost: newMatrixCost,
  run({ grid }, { values, ...wanted }) {
    const A = newMatrix(grid, wanted);
    fillDiagonal(values ?? 1, A);
    return { A };
  },
});
