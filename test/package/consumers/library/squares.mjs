/** A library of the stranger's own. */
import { defineTask, gemm } from 'alchemist-node/library';

const square = defineTask({
  name: 'square',
  about: 'C := A A',
  params: { A: { type: 'matrix', about: 'a square matrix' } },
  returns: { C: 'A A' },
  run(_, { A }) {
    const C = A.like({});
    gemm(1, A, A, 0, C);
    return { C };
  },
});

export default { name: 'squares', about: 'products of matrices with themselves', tasks: { square: async () => square } };
