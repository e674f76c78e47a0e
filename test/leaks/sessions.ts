/** Starts and closes 100 sessions that each fill some memory, without ever asking for a collection; prints what the process holds on the way. */
import { Alchemist } from '#src/index.js';
import { type Sample, sampleAsItIs } from './samples.js';

const SESSIONS = 100;

const samples: Sample[] = [];
for (let started = 0; started < SESSIONS; started++) {
  const session = await Alchemist.start({ workers: 2 });
  // 32 MB in the ranks' memories, nothing of that size anywhere else: only the closed session can give it back.
  await session.zeros(1000, 4000);
  await session.close();
  samples.push(sampleAsItIs());
}
console.log(JSON.stringify({ samples }));
