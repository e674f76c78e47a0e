/** Sessions side by side, and what comes back when one ends: by closing, by vanishing in the middle of something, or with a dead rank. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type AlchemistServer, connect, type Session } from '#src/index.js';
import { dense } from '../grids.js';
import { mustServe, RawClient, session, started, until } from './started.js';

const INDEX = import.meta.resolve('#src/index.js');

/** A client in a process of its own, which prints `ready` when the work to be interrupted has begun. */
async function clientDoing(server: AlchemistServer, work: string): Promise<ChildProcess> {
  const script = `const { connect } = await import(${JSON.stringify(INDEX)});
    const al = await connect(${JSON.stringify(server.url)}, { workers: 2, bufferSize: 65536 });
    await al.loadLibrary('trial.js');
    const big = new Float64Array(1500 * 1500).fill(1);
    const ready = () => console.log('ready');
    ${work}`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env });
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the client ended before it was ready')));
  });
  return child;
}

const INTERRUPTED: [name: string, work: string][] = [
  ['sending', "setTimeout(ready, 30); for (;;) { const A = await al.send(big, { shape: [1500, 1500] }); await A.free(); }"],
  ['fetching', "const A = await al.send(big, { shape: [1500, 1500] }); setTimeout(ready, 30); for (;;) await al.fetch(A);"],
  ['running a task', "await al.ones(1000, 1000); await al.run('trial', 'wait', { milliseconds: 600000 }, { onProgress: ready });"],
  ['doing nothing', "globalThis.A = await al.ones(1000, 1000); ready();"],
];

describe('a client that is killed', () => {
  let server: AlchemistServer;
  beforeAll(async () => {
    server = await started({ workers: 3, memoryPerWorker: '256MiB' });
  });

  test.each(INTERRUPTED)('while %s gives back its workers; another session does not notice', async (_, work) => {
    await using other = await session(server);
    const A = await other.ones(100, 100);
    const child = await clientDoing(server, work);
    expect((await other.listWorkers('inactive')).length).toBe(0);
    child.kill('SIGKILL');
    await until('its workers are back', async () => (await other.listWorkers('inactive')).length === 2);
    expect(await other.norm(A, 'one')).toBe(100);
  });

  test('again and again leaves no memory behind', async () => {
    const resident: number[] = [];
    for (let round = 0; round < 8; round++) {
      const al = await session(server, { workers: 3, bufferSize: 2 ** 16 });
      const A = await al.send(new Float64Array(1500 * 1500).fill(round), { shape: [1500, 1500] });
      const running = [al.fetch(A), al.run('trial', 'wait', { milliseconds: 60_000 }), al.send(new Float64Array(10 ** 6))].map((call) => call.catch(() => 'lost'));
      await delay(15);
      // What the operating system does for a process that is killed.
      await vanish(al);
      await Promise.all(running);
      await until('the session has ended', () => server.sessions === 0);
      resident.push(process.memoryUsage().rss / 2 ** 20);
    }
    // Each round touches some 40 MiB in the workers' memories.
    expect(Math.min(...resident.slice(-3)) - Math.min(...resident.slice(1, 4))).toBeLessThan(80);
    await mustServe(server);
  });
});

/** Destroys the sockets of a session, as the death of its process would. */
async function vanish(al: Session): Promise<void> {
  const sockets = (process as unknown as { _getActiveHandles(): { remotePort?: number; localPort?: number; destroy?(): void; constructor: { name: string } }[] })._getActiveHandles();
  for (const socket of sockets) if (socket.constructor.name === 'Socket' && socket.remotePort) socket.destroy?.();
  await al.close();
}

test('two clients at once, with grids of their own, keep apart', async () => {
  const server = await started({ workers: 6 });
  await using one = await connect(server.url, { workers: 4, grid: '4x1' });
  await using two = await connect(server.url, { workers: 2, grid: '1x2', order: 'row' });
  expect([one.grid, two.grid]).toEqual([{ height: 4, width: 1, order: 'column' }, { height: 1, width: 2, order: 'row' }]);
  const work = async (al: Session, seed: number): Promise<number[]> => {
    const errors: number[] = [];
    for (let round = 0; round < 8; round++) {
      const source = dense(80, 60, (i, j) => Math.sin(seed + i * j + round));
      const A = await al.send(source);
      const G = await al.gemm(A, A, { transposeA: true });
      const gram = await al.fetch(G);
      const [i, j] = [round, 59 - round];
      errors.push(Math.abs(gram.get(i, j) - source.toArray().reduce((sum, row) => sum + row[i] * row[j], 0)));
      await al.free(A, G);
    }
    return errors;
  };
  const errors = await Promise.all([work(one, 1), work(two, 2)]);
  expect(Math.max(...errors.flat())).toBeLessThan(1e-12);
  expect(new Set((await one.listWorkers('assigned')).map(({ id }) => id))).toEqual(new Set([1, 2, 3, 4]));
  expect((await two.listWorkers('assigned')).map(({ id }) => id)).toEqual([5, 6]);
  await expect(connect(server.url)).rejects.toMatchObject({ code: 'E_WORKERS', message: expect.stringMatching(/none of the 6 workers is free/) });
});

test('several servers from one process: their sessions keep apart, and the end of one leaves the other', async () => {
  const servers = [await started({ workers: 2 }), await started({ workers: 1 })];
  const [first, second] = await Promise.all(servers.map(({ url }) => connect(url)));
  const [A, B] = await Promise.all([first.constant(3, 2, 5), second.constant(3, 2, 7)]);
  const fetched = await Promise.all([first.fetch(A), second.fetch(B)]);
  expect(fetched.map((matrix) => matrix.get(2, 1))).toEqual([5, 7]);
  await expect(second.norm(A)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  await expect(first.add(A, B)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  await servers[0].close();
  await expect(first.norm(A)).rejects.toMatchObject({ name: 'AlchemistError' });
  expect(await second.norm(B, 'max')).toBe(7);
  await second.close();
  await mustServe(servers[1]);
});

test('fewer workers are granted when fewer are free; more later, some back, all back: matrices keep ids and contents', async () => {
  const server = await started({ workers: 6 });
  const first = await connect(server.url, { workers: 4 });
  await using al = await connect(server.url, { workers: 5, grid: '5x1' });
  expect([al.workers, (await al.listWorkers('assigned')).length]).toEqual([2, 2]);
  const sources = (['MC_MR', 'VC_STAR', 'STAR_STAR', 'CIRC_CIRC', 'MD_STAR'] as const).map((dist, k) => ({ dist, dtype: k % 2 ? 'f32' as const : 'f64' as const, source: dense(50 + k, 31, (i, j) => i * 100 + j + k) }));
  const matrices = await Promise.all(sources.map(({ source, ...placement }) => al.send(source, placement)));
  const check = async (): Promise<void> => {
    for (const [k, A] of matrices.entries()) {
      expect((await al.fetch(A)).toArray()).toEqual(sources[k].source.toArray());
      expect([A.layout.gridHeight * A.layout.gridWidth, A.dtype]).toEqual([al.workers, sources[k].dtype]);
    }
    const G = await al.gemm(matrices[0], matrices[0], { transposeA: true });
    expect(await al.norm(G)).toBeGreaterThan(0);
    await G.free();
    expect((await al.memory()).matrices).toBe(matrices.length);
  };
  await check();
  await expect(al.requestWorkers(1)).rejects.toMatchObject({ code: 'E_WORKERS' });
  await first.close();
  await until('the other workers are free', async () => (await al.listWorkers('inactive')).length === 4);
  expect(await al.requestWorkers(2, { grid: '2x2', order: 'row' })).toBe(2);
  expect(al.grid).toEqual({ height: 2, width: 2, order: 'row' });
  await check();
  expect(await al.requestWorkers(7)).toBe(2);
  expect(al.workers).toBe(6);
  await check();
  await expect(al.requestWorkers(1)).rejects.toMatchObject({ code: 'E_WORKERS' });
  await check();
  expect(await al.yieldWorkers([1, 2, 3, 99])).toEqual([1, 2, 3]);
  expect((await al.listWorkers('assigned')).map(({ id }) => id)).toEqual([4, 5, 6]);
  await check();
  expect((await al.yieldWorkers()).length).toBe(3);
  await expect(al.norm(matrices[0])).rejects.toMatchObject({ code: 'E_WORKERS' });
  await expect(al.send([[1]])).rejects.toMatchObject({ code: 'E_WORKERS' });
  expect(await al.requestWorkers(1)).toBe(1);
  await expect(al.norm(matrices[0])).rejects.toMatchObject({ code: 'E_FREED' });
});

test('calls that are under way when workers are requested or yielded come out right', async () => {
  const server = await started({ workers: 4 });
  await using al = await connect(server.url, { workers: 1 });
  const A = await al.send(dense(200, 200, (i, j) => i - j));
  const calls = [al.norm(A, 'max'), al.requestWorkers(3), al.norm(A, 'max'), al.fetch(A).then((F) => F.get(199, 0)), al.yieldWorkers([2, 3]), al.norm(A, 'max'), al.fetch(A).then((F) => F.get(199, 0))];
  expect(await Promise.all(calls)).toEqual([199, 3, 199, 199, [2, 3], 199, 199]);
});

test('a team that is too small for the matrices is refused, and they stay where they are', async () => {
  const server = await started({ workers: 4, memoryPerWorker: '8MiB' });
  await using al = await connect(server.url, { workers: 4 });
  const A = await al.send(dense(900, 900, (i, j) => i + 1000 * j)); // 6.5 MB, 1.6 MB on each of four
  const B = await al.ones(900, 900);
  await expect(al.yieldWorkers([2, 3, 4])).rejects.toMatchObject({ code: 'E_MEMORY' });
  expect((await al.fetch(A)).get(899, 898)).toBe(899 + 898_000);
  expect([await al.norm(B, 'one'), al.workers]).toEqual([900, 4]);
});

describe('a rank that dies', () => {
  test.each(['exit', 'error later', 'exit later'])('(%s) costs its own session its matrices only; its port opens again', async (how) => {
    const server = await started({ workers: 3 });
    await using other = await session(server);
    await using al = await session(server, { workers: 2 });
    const mine = await al.ones(5, 5);
    const theirs = await other.ones(5, 5);
    const ports = server.workerPorts;
    const failed = { code: 'E_RANK', message: expect.stringMatching(/rank 1 died/) };
    const call = al.run('trial', 'die', { ranks: [1], how });
    if (how === 'exit') await expect(call).rejects.toMatchObject(failed);
    else {
      await call;
      await until('the death is noticed', () => al.norm(mine).then(() => false, (error) => (expect(error).toMatchObject(failed), true)));
    }
    await expect(al.fetch(mine)).rejects.toMatchObject({ code: 'E_FREED' });
    for (let round = 0; round < 2; round++) {
      const A = await al.send(dense(300, 200, (i, j) => i * j));
      expect((await al.fetch(A)).get(299, 199)).toBe(299 * 199);
    }
    expect(await other.norm(theirs, 'one')).toBe(5);
    expect((await al.listWorkers()).map(({ port }) => port)).toEqual(ports);
  });

  test('while nobody uses it is replaced for the next client', async () => {
    const server = await started({ workers: 2 });
    const al = await session(server, { workers: 2 });
    await al.run('trial', 'die', { ranks: [0, 1], how: 'exit later' });
    await al.close();
    // Long enough for both threads to be gone, on a busy machine too.
    await delay(750);
    await mustServe(server);
  });
});

test('a session that is silent for too long ends; one that computes or transfers does not, and strangers are shown out', async () => {
  const server = await started({ workers: 3, idleSeconds: 0.4, greetingSeconds: 0.3 });
  const silent = await session(server);
  const busy = await session(server);
  const stranger = await RawClient.open(server.port);
  const atWorker = await RawClient.open(server.workerPorts[0]);
  atWorker.write(Buffer.from('AL'));
  const half = await RawClient.open(server.port);
  half.write(Buffer.from('414c0101', 'hex'));
  const late = busy.run('trial', 'wait', { milliseconds: 1500 });
  await Promise.all([stranger.closed(), atWorker.closed(), half.closed()]);
  await until('the silent session has ended', () => server.sessions === 1);
  await expect(silent.memory()).rejects.toMatchObject({ code: 'E_CLOSED' });
  expect(await late).toMatchObject({ meetings: expect.any(Number) });
  await busy.close();
  await mustServe(server);
});

test('a thousand clients one after another leave nothing behind', async () => {
  const server = await started({ workers: 1, memoryPerWorker: '16MiB' });
  const samples: number[] = [];
  for (let cycle = 0; cycle < 1000; cycle++) {
    if (cycle % 10 === 0) {
      const al = await connect(server.url);
      const A = await al.ones(20, 20);
      expect(await al.norm(A, 'one')).toBe(20);
      if (cycle % 20 === 0) await al.close();
      else await vanish(al);
    } else {
      const { client } = await RawClient.greeted(server);
      client.socket.destroy();
    }
    if (cycle % 100 === 99) {
      await until('all sessions have ended', () => server.sessions === 0);
      samples.push(process.memoryUsage().rss / 2 ** 20);
    }
  }
  expect(Math.min(...samples.slice(-3)) - Math.min(...samples.slice(1, 4))).toBeLessThan(40);
  await mustServe(server);
});
