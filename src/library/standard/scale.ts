/** A := alpha A. */
import * as linalg from '../../linalg/level1.js';
import { defineTask } from '../task.js';

export const scale = defineTask({
  name: 'scale',
  about: 'A := alpha A; alpha = 0 writes zeros even over NaN',
  params: {
    A: { type: 'matrix', about: 'overwritten, any distribution' },
    alpha: { type: 'real', about: 'the factor' },
  },
  returns: { A: 'the same matrix' },
  cost: ({ A: { layout } }) => ({ flops: layout.height * layout.width, bytesMoved: 0, memoryPerRank: 0 }),
  run(_, { A, alpha }) {
    linalg.scale(alpha, A);
    return { A };
  },
});
