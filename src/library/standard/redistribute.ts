/** B := A in another distribution. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import * as dist from '../../dist/redistribute.js';
import { bytesMoved, copyLayout, copyLayoutParams } from '../copy-layout.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const redistribute = defineTask({
  name: 'redistribute',
  about: 'B := A in another distribution',
  params: { A: { type: 'matrix', about: 'the source, any distribution' }, ...copyLayoutParams },
  returns: { B: 'the copy' },
  cost({ A: { layout, dtype }, ...wanted }) {
    const to = copyLayout(layout, wanted);
    return { flops: 0, bytesMoved: bytesMoved(layout, to, dtype), memoryPerRank: storageOf(to, dtype) };
  },
  run({ grid }, { A, ...wanted }) {
    const B = DistMatrix.ofLayout(grid, copyLayout(A.layout, wanted), A.dtype, A.local.order);
    dist.redistribute(A, B);
    return { B };
  },
});
