/** What the grid of ranks costs and brings: distributed products, starting, and a call that does nothing. */
import { Worker } from 'node:worker_threads';
import { EmbeddedBackend } from '#src/engine/embedded.js';
import { engineOptions } from '#src/engine/options.js';
import { start } from '#src/engine/start.js';
import { kernelModule } from '#src/local/kernels.js';
import { best, median, medianRatio, mustBeRight, type Row, seconds, type Suite } from './report.js';

export const engine: Suite = async function* ({ quick }) {
  yield* products(quick ? 1024 : 2048, quick ? 5 : 15);
  yield* starts(quick ? 5 : 15);
  yield* emptyCalls(quick ? 300 : 2000);
};

/**
 * C = A B, [MC,MR], on 1, 2 and 4 ranks in turns; and half of C on each of two engines that know nothing of each other, which is what two cores
 * give. The best times are compared: where a machine shares its cores with strangers, two ranks are slowed down by either core's.
 */
async function* products(n: number, repeat: number): AsyncGenerator<Row> {
  const teams = await Promise.all([1, 2, 4, 1, 1].map((workers) => start({ workers })));
  try {
    const cases = await Promise.all(
      teams.map(async (session, at) => {
        const [A, B] = [await session.uniform(at < 3 ? n : n / 2, n, { seed: 1 }), await session.uniform(n, n, { seed: 2 })];
        const C = await session.gemm(A, B);
        return { session, C, multiply: () => session.gemm(A, B, { C }) };
      }),
    );
    const rows = await Promise.all(cases.map(({ session, C }) => session.fetch(C, { rows: { start: n / 4, count: 1 } })));
    for (const { data } of rows) mustBeRight(data.every((x, j) => Math.abs(x - rows[0].data[j]) <= 1e-12 * n), 'distributed gemm');
    const [one, two, four, upper, lower] = cases.map(({ multiply }) => multiply);
    const subjects = [one, two, four, () => Promise.all([upper(), lower()])];
    const times: number[][] = subjects.map(() => []);
    for (let turn = 0; turn < repeat; turn++) for (const [at, subject] of subjects.entries()) times[at].push(await seconds(subject));
    const [t1, t2, t4, halves] = times.map(best);
    const row = (name: string, time: number, limit: number, against: string, target?: number): Row =>
      ({ name: `gemm n=${n}, ${name}`, value: (2 * n ** 3) / time / 1e9, unit: 'GFLOP/s', ratio: limit / time, against, target });
    yield row('2 ranks', t2, t1, 'one rank', 1.85);
    yield row('4 ranks', t4, t2, 'two ranks', 0.9);
    yield row('two engines, half of C each', halves, t1, 'one rank');
  } finally {
    await Promise.all(teams.map((session) => session.close()));
  }
}

/** A bare thread that binds the same kernels to the same memory and answers every message. */
const BARE = `
  const { parentPort, workerData: { module, memory } } = require('node:worker_threads');
  new WebAssembly.Instance(module, { env: { memory } });
  parentPort.on('message', (message) => parentPort.postMessage(message));
  parentPort.postMessage('ready');`;

async function bareThreads(count: number): Promise<Worker[]> {
  const { module } = kernelModule();
  const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared: true });
  return Promise.all(
    Array.from({ length: count }, () => new Promise<Worker>((resolve) => {
      const worker = new Worker(BARE, { eval: true, workerData: { module, memory } });
      worker.once('message', () => resolve(worker));
    })),
  );
}

async function* starts(repeat: number): AsyncGenerator<Row> {
  const [ours, called, bare]: number[][] = [[], [], []];
  for (let turn = -1; turn < repeat; turn++) {
    let threads: Worker[] = [];
    const b = await seconds(async () => (threads = await bareThreads(4)));
    await Promise.all(threads.map((thread) => thread.terminate()));
    let session: Awaited<ReturnType<typeof start>> | undefined;
    const o = await seconds(async () => (session = await start({ workers: 4 })));
    const call = await seconds(() => session!.zeros(4, 4));
    await session!.close();
    if (turn < 0) continue; // The first turn loads modules and compiles the kernels.
    bare.push(b);
    ours.push(o);
    called.push(o + call);
  }
  yield { name: 'start 4 workers', value: median(ours) * 1000, unit: 'ms', ratio: medianRatio(ours, bare), against: 'four bare threads with the same kernels', target: 1.5, lower: true };
  yield { name: 'start 4 workers, first call', value: median(called) * 1000, unit: 'ms', ratio: medianRatio(called, bare), against: 'four bare threads with the same kernels' };
}

async function* emptyCalls(repeat: number): AsyncGenerator<Row> {
  const threads = await bareThreads(4);
  const { options, module } = engineOptions({ workers: 4, memoryPerWorker: '64MiB' }, false);
  const backend = await EmbeddedBackend.start(options, module);
  const roundTrip = (): Promise<unknown> => Promise.all(threads.map((thread) => new Promise((resolve) => {
    thread.once('message', resolve);
    thread.postMessage({ kind: 'nothing' });
  })));
  try {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let turn = -100; turn < repeat; turn++) {
      const b = await seconds(roundTrip);
      const o = await seconds(() => backend.run('elemental', 'nothing', {}));
      if (turn < 0) continue;
      bare.push(b);
      ours.push(o);
    }
    yield {
      name: 'call that does nothing, 4 ranks', value: median(ours) * 1e6, unit: 'µs',
      ratio: median(ours) / median(bare), against: 'a bare round trip to four threads', target: 3, lower: true,
    };
  } finally {
    await backend.close();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
