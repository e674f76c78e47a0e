/** B := Aᵀ. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import { transposed } from '../../layout/layout.js';
import * as linalg from '../../linalg/transpose.js';
import { bytesMoved, copyLayout, copyLayoutParams } from '../copy-layout.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const transpose = defineTask({
  name: 'transpose',
  about: 'B := Aᵀ; by default in the distribution of A with the axes swapped, which moves nothing',
  params: { A: { type: 'matrix', about: 'm×n, any distribution' }, ...copyLayoutParams },
  returns: { B: 'n×m' },
  cost({ A: { layout, dtype }, ...wanted }) {
    const from = transposed(layout);
    const to = copyLayout(from, wanted);
    return { flops: 0, bytesMoved: bytesMoved(from, to, dtype), memoryPerRank: storageOf(to, dtype) };
  },
  run({ grid }, { A, ...wanted }) {
    const B = DistMatrix.ofLayout(grid, copyLayout(transposed(A.layout), wanted), A.dtype, A.local.order);
    linalg.transpose(A, B);
    return { B };
  },
});
