/** This package, one worker. */
import { readFileSync } from 'node:fs';
import { Alchemist } from '../../../dist/index.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

export const ours = (n, a, b) => multiplier(`alchemist-node ${version}`, n, a, b);
/** The form that multiplies seven blocks instead of eight, which one has to ask for. */
export const oursByStrassen = (n, a, b) => multiplier('the same, strassen: 1', n, a, b, { strassen: 1 });

async function multiplier(name, n, a, b, options) {
  const session = await Alchemist.start({ workers: 1 });
  const [A, B] = [await session.send(a, { shape: [n, n] }), await session.send(b, { shape: [n, n] })];
  const C = await session.gemm(A, B);
  return {
    name,
    multiply: () => session.gemm(A, B, { C, ...options }),
    product: async () => (await session.fetch(C)).data,
    close: () => session.close(),
  };
}
