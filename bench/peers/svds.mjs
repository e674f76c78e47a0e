/** Our side of svds.py: loads a matrix and decomposes it as often as it is told, one JSON line for one answer. */
import { createInterface } from 'node:readline';
import { Alchemist } from '../../dist/index.js';

const session = await Alchemist.start({ workers: Number(process.argv[2]) });
let A;
for await (const line of createInterface({ input: process.stdin })) {
  const { load, rank } = JSON.parse(line);
  if (load) {
    await A?.free();
    A = await session.load(load);
    console.log('{}');
    continue;
  }
  const start = performance.now();
  const { U, V, values, iterations, residual } = await session.truncatedSvd(A, { rank });
  const seconds = (performance.now() - start) / 1000;
  await session.free(U, V);
  console.log(JSON.stringify({ seconds, values: Array.from(values), iterations, residual }));
}
await session.close();
