/** Σ A(i,j) B(i,j). */
import { sameOwnership } from '../../dist/conform.js';
import * as linalg from '../../linalg/level1.js';
import { mustHaveSameShape, mustHaveSameType } from '../checks.js';
import { bytesMoved } from '../copy-layout.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const dot = defineTask({
  name: 'dot',
  about: 'Σ A(i,j) B(i,j), accumulated in f64',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    B: { type: 'matrix', about: 'm×n, any distribution; copied to where A lies unless it lies so' },
  },
  returns: { value: 'the sum' },
  check({ A, B }) {
    mustHaveSameShape('dot', A, B);
    mustHaveSameType('dot', A, B);
  },
  cost({ A, B }) {
    return {
      flops: 2 * A.layout.height * A.layout.width,
      bytesMoved: bytesMoved(B.layout, A.layout, A.dtype),
      memoryPerRank: sameOwnership(A.layout, B.layout) ? 0 : storageOf(A.layout, A.dtype),
    };
  },
  run: (_, { A, B }) => ({ value: linalg.dot(A, B) }),
});
