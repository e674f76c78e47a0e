/** https://github.com/mljs/matrix: plain JavaScript. */
import { Matrix } from 'ml-matrix';
import { named } from './version.mjs';

export async function mlMatrix(n, a, b) {
  const [A, B] = [Matrix.from1DArray(n, n, a), Matrix.from1DArray(n, n, b)];
  let C;
  return {
    name: named('ml-matrix'),
    multiply: () => {
      C = A.mmul(B);
    },
    product: () => Float64Array.from(C.to1DArray()),
    close: () => {},
  };
}
