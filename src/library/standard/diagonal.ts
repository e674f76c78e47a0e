/** d := a diagonal of A. */
import { diagonalLayout } from '../../layout/diagonal.js';
import * as linalg from '../../linalg/diagonal.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const diagonal = defineTask({
  name: 'diagonal',
  about: 'd(t) := A(t, t + offset), a column whose layout follows that of A, so that nothing moves: [MD,*] for [MC,MR]',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    offset: { type: 'integer', default: 0, about: 'columns right of the main diagonal; negative: rows below it' },
  },
  returns: { d: 'the diagonal, a column; empty where the offset leaves the matrix' },
  cost: ({ A, offset }) => ({ flops: 0, bytesMoved: 0, memoryPerRank: storageOf(diagonalLayout(A.layout, offset), A.dtype) }),
  run: (_, { A, offset }) => ({ d: linalg.diagonal(A, offset) }),
});
