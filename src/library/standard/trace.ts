/** Σ A(i,i). */
import { AlchemistError } from '../../errors.js';
import * as linalg from '../../linalg/diagonal.js';
import { defineTask, describeMatrix } from '../task.js';

export const trace = defineTask({
  name: 'trace',
  about: 'Σ A(i,i), accumulated in f64',
  params: { A: { type: 'matrix', about: 'n×n, any distribution' } },
  returns: { value: 'the sum' },
  check({ A }) {
    if (A.layout.height !== A.layout.width) throw new AlchemistError('E_SHAPE', `trace: ${describeMatrix(A)} is not square`);
  },
  cost: ({ A }) => ({ flops: A.layout.height, bytesMoved: 0, memoryPerRank: 0 }),
  run: (_, { A }) => ({ value: linalg.trace(A) }),
});
