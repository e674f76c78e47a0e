/** Y := Y + alpha X. */
import * as linalg from '../../linalg/level1.js';
import { mustHaveSameShape, mustHaveSameType, mustNotAlias } from '../checks.js';
import { bytesMoved } from '../copy-layout.js';
import { defineTask } from '../task.js';

export const axpy = defineTask({
  name: 'axpy',
  about: 'Y := Y + alpha X; alpha = 0 leaves Y as it is',
  params: {
    X: { type: 'matrix', about: 'm×n, any distribution' },
    Y: { type: 'matrix', about: 'm×n, overwritten, any distribution' },
    alpha: { type: 'real', default: 1, about: 'the factor of X' },
  },
  returns: { Y: 'the same matrix' },
  check({ X, Y }) {
    mustHaveSameShape('axpy', X, Y);
    mustHaveSameType('axpy', X, Y);
    mustNotAlias('axpy', 'Y', Y, { X }, 'scale Y by 1 + alpha');
  },
  cost({ X, Y }) {
    return { flops: 2 * Y.layout.height * Y.layout.width, bytesMoved: bytesMoved(X.layout, Y.layout, Y.dtype), memoryPerRank: 0 };
  },
  run(_, { X, Y, alpha }) {
    linalg.axpy(alpha, X, Y);
    return { Y };
  },
});
