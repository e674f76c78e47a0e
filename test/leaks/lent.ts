/** Starts and closes 60 engines on the same two threads, as a server lends them; each fills some memory. */
import { RankThread } from '#src/comm/rank-thread.js';
import { EmbeddedBackend } from '#src/engine/embedded.js';
import { engineOptions } from '#src/engine/options.js';
import { type Sample, sampleAsItIs } from './samples.js';

const ENGINES = 60;

const rankModule = new URL(import.meta.resolve('#src/engine/rank.js'));
const threads = [new RankThread(rankModule), new RankThread(rankModule)];
const { options, module } = engineOptions({ workers: 2 }, true);
const samples: Sample[] = [];
for (let started = 0; started < ENGINES; started++) {
  const engine = await EmbeddedBackend.on(threads, options, module, async () => {});
  await engine.run('elemental', 'create', { height: 1000, width: 4000 });
  await engine.close();
  samples.push(sampleAsItIs());
}
await Promise.all(threads.map((thread) => thread.close()));
console.log(JSON.stringify({ samples }));
