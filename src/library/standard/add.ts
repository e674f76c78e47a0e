/** C := alpha A + beta B. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import * as linalg from '../../linalg/level1.js';
import { mustHaveSameShape, mustHaveSameType } from '../checks.js';
import { bytesMoved, copyLayout, copyLayoutParams } from '../copy-layout.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const add = defineTask({
  name: 'add',
  about: 'C := alpha A + beta B; by default where A lies; a factor of 0 leaves its matrix out, even NaN',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    B: { type: 'matrix', about: 'm×n, any distribution' },
    alpha: { type: 'real', default: 1, about: 'the factor of A' },
    beta: { type: 'real', default: 1, about: 'the factor of B' },
    ...copyLayoutParams,
  },
  returns: { C: 'm×n' },
  check({ A, B }) {
    mustHaveSameShape('add', A, B);
    mustHaveSameType('add', A, B);
  },
  cost({ A, B, alpha: _alpha, beta: _beta, ...wanted }) {
    const to = copyLayout(A.layout, wanted);
    return {
      flops: 3 * to.height * to.width,
      bytesMoved: bytesMoved(A.layout, to, A.dtype) + bytesMoved(B.layout, to, A.dtype),
      memoryPerRank: storageOf(to, A.dtype),
    };
  },
  run({ grid }, { A, B, alpha, beta, ...wanted }) {
    const C = DistMatrix.ofLayout(grid, copyLayout(A.layout, wanted), A.dtype);
    linalg.add(alpha, A, beta, B, C);
    return { C };
  },
});
