/** The part of the SVD benchmark that runs on the ranks: passes over the matrix alone, which are what a search cannot do without. */
import type { Library } from '#src/library/library.js';
import { defineTask } from '#src/library/task.js';
import { gramOperator } from '#src/linalg/gram-operator.js';
import { BLOCK } from '#src/linalg/lanczos.js';
import { RandomVectors } from '#src/linalg/random-vectors.js';

const passes = defineTask({
  name: 'passes',
  about: 'times Aᵀ(A X) for a block of vectors, as a step of the search applies it',
  params: {
    A: { type: 'matrix', about: 'the matrix' },
    repeat: { type: 'integer', about: 'timings' },
  },
  returns: { seconds: 'of each pass' },
  run({ grid }, { A, repeat }) {
    const { operator } = gramOperator(A);
    const [X, Y] = [operator.vectors(BLOCK), operator.vectors(BLOCK)];
    new RandomVectors(1).fill(X);
    const seconds = Array.from({ length: repeat }, () => {
      grid.comm.barrier();
      const start = performance.now();
      operator.apply(X, Y);
      grid.comm.barrier();
      return (performance.now() - start) / 1000;
    });
    return { seconds };
  },
});

const library: Library = {
  name: 'bench-svd',
  about: 'measurements of passes over a matrix',
  tasks: { passes: async () => passes as never },
};
export default library;
