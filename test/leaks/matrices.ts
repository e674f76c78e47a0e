/** Creates and frees 10 000 matrices in one session; prints what the process holds on the way. */
import { Alchemist } from '#src/index.js';
import { type Sample, sampleCollected } from './samples.js';

const MATRICES = 10_000;
const SAMPLES = 10;

const session = await Alchemist.start({ workers: 2, memoryPerWorker: '64MiB' });
const source = Float64Array.from({ length: 12 }, (_, at) => at);
const samples: Sample[] = [];
for (let made = 0; made < MATRICES; made += 2) {
  const A = await session.send(source, { shape: [3, 4] });
  const B = await session.redistribute(A, 'STAR_VR');
  await session.free(A, B);
  if ((made + 2) % (MATRICES / SAMPLES) === 0) samples.push(await sampleCollected());
}
const { used, matrices, ranks } = await session.memory();
await session.close();
console.log(JSON.stringify({ samples, used, matrices, peak: Math.max(...ranks.map(({ peak }) => peak)) }));
