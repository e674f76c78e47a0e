/** https://github.com/microsoft/onnxruntime compiled to WebAssembly: MLAS with SIMD, one thread. */
import * as ort from 'onnxruntime-web/wasm';
import { productModel } from './onnx-model.mjs';
import { named } from './version.mjs';

export async function onnxruntime(n, a, b) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(productModel(n), { executionProviders: ['wasm'] });
  const feeds = { A: new ort.Tensor('float32', a, [n, n]), B: new ort.Tensor('float32', b, [n, n]) };
  let C;
  return {
    name: named('onnxruntime-web'),
    multiply: async () => {
      ({ C } = await session.run(feeds));
    },
    product: () => C.data,
    close: () => session.release(),
  };
}
