/** B := A where it lies, in the same or the other item type. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import * as blas from '../../local/blas.js';
import type { Dtype } from '../../local/rank-memory.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const copy = defineTask({
  name: 'copy',
  about: 'B := A in the same layout; f64 entries become the nearest f32, beyond its range infinity',
  params: {
    A: { type: 'matrix', about: 'the source, any distribution' },
    dtype: { type: 'text', optional: true, oneOf: ['f64', 'f32'], about: 'item type of B; default that of A' },
  },
  returns: { B: 'the copy' },
  cost({ A, dtype }) {
    return { flops: 0, bytesMoved: 0, memoryPerRank: storageOf(A.layout, (dtype ?? A.dtype) as Dtype) };
  },
  run({ grid }, { A, dtype }) {
    const B = DistMatrix.ofLayout(grid, A.layout, (dtype ?? A.dtype) as Dtype, A.local.order);
    blas.convert(A.local, B.local);
    return { B };
  },
});
