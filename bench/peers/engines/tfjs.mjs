/** https://github.com/tensorflow/tfjs with its WebAssembly backend: XNNPACK with SIMD, one thread (it has no threads in Node). */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { named } from './version.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const backend = require('@tensorflow/tfjs-backend-wasm');

export async function tfjs(n, a, b) {
  backend.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'));
  await tf.setBackend('wasm');
  await tf.ready();
  const [A, B] = [tf.tensor2d(a, [n, n]), tf.tensor2d(b, [n, n])];
  let C = tf.matMul(A, B);
  return {
    name: named('@tensorflow/tfjs-backend-wasm'),
    multiply: () => {
      C.dispose();
      C = tf.matMul(A, B);
    },
    product: () => C.data(),
    close: () => tf.dispose([A, B, C]),
  };
}
