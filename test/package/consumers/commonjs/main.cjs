const assert = require('node:assert');
const alchemist = require('alchemist-node');

async function main() {
  assert.strictEqual((await import('alchemist-node')).Session, alchemist.Session);
  const session = await alchemist.Alchemist.start({ workers: 2 });
  const A = await session.send([[1, 2], [3, 4]]);
  console.log((await session.fetch(await session.gemm(A, A))).data.join(' '));
  await session.close();
}

main();
