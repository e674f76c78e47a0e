/** This package, one worker. */
import { readFileSync } from 'node:fs';
import { Alchemist } from '../../../dist/index.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

export async function ours(n, a, b) {
  const session = await Alchemist.start({ workers: 1 });
  const [A, B] = [await session.send(a, { shape: [n, n] }), await session.send(b, { shape: [n, n] })];
  const C = await session.gemm(A, B);
  return {
    name: `alchemist-node ${version}`,
    multiply: () => session.gemm(A, B, { C }),
    product: async () => (await session.fetch(C)).data,
    close: () => session.close(),
  };
}
