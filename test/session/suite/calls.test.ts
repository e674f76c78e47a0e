/** How calls behave at every place where a session can live: order, values, progress, cancellation, prices, memory, handles, and the end. */
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MatrixHandle, ProgressLine, Session } from '#src/index.js';
import { dense } from '../../grids.js';
import { everywhere, PLACES } from './everywhere.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

everywhere('2x1', (session) => {
  const trial = (task: string, args: Readonly<Record<string, unknown>> = {}, options: Parameters<Session['run']>[3] = {}): Promise<Record<string, unknown>> =>
    session().run('trial', task, args, options);

  test('values of every kind come back, and a matrix as the handle that it was', async () => {
    const A = await session().send([[1, 2], [3, 4]]);
    const { same, fresh, ...rest } = await trial('values', { A });
    expect(same).toBe(A);
    expect((await session().fetch(fresh as MatrixHandle)).toArray()).toEqual([[2, 3], [4, 5]]);
    expect(rest).toEqual({ number: 1 / 3, text: 'çà', yes: true, nothing: null, list: [1, 2], array: Float64Array.of(1, NaN), record: { by: { rank: 0 } } });
    await session().free(A, fresh as MatrixHandle);
  });

  test('calls and transfers keep the order in which they were made', async () => {
    const n = 300;
    const A = await session().send(dense(n, n, (i, j) => i + j));
    // Nothing is awaited in between: each must see what the one before has left.
    const scaled = session().scale(A, 2);
    const first = session().fetch(A);
    const again = session().scale(A, -1);
    const second = session().fetch(A);
    const freed = A.free();
    const results = await Promise.all([first, second, scaled, again, freed]);
    expect(results[0].data.every((x, at) => x === 2 * (Math.floor(at / n) + (at % n)))).toBe(true);
    expect(results[1].data.every((x, at) => x === -2 * (Math.floor(at / n) + (at % n)) || x === 0)).toBe(true);
  });

  test('a thousand calls at once', async () => {
    const A = await session().ones(3, 3);
    const norms = await Promise.all(Array.from({ length: 1000 }, () => session().norm(A, 'one')));
    expect(new Set(norms)).toEqual(new Set([3]));
    await A.free();
  });

  test('progress comes in order, all of it before the call ends', async () => {
    const lines: ProgressLine[] = [];
    const { A } = await trial('report', { lines: 300 }, { onProgress: (line) => lines.push(line) });
    expect(lines).toEqual(Array.from({ length: 300 }, (_, k) => ({ task: 'report', step: k + 1, steps: 300, note: 'so far', values: { half: (k + 1) / 2 } })));
    await (A as MatrixHandle).free();
  });

  test('what onProgress throws rejects the call, also when it was about to end', async () => {
    const mistake = new RangeError('mine');
    const fail = (): never => { throw mistake; };
    await expect(trial('wait', { milliseconds: 60_000 }, { onProgress: fail })).rejects.toBe(mistake);
    await expect(trial('report', { lines: 1 }, { onProgress: fail })).rejects.toBe(mistake);
  });

  test('a signal ends a running call, one that waits, and one that has not begun', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const cancelled = { name: 'AlchemistError', code: 'E_CANCELLED' };
    const running = trial('wait', { milliseconds: 60_000 }, { signal, onProgress: () => controller.abort() });
    const waiting = session().ones(2, 2, { signal });
    await Promise.all([expect(running).rejects.toMatchObject(cancelled), expect(waiting).rejects.toMatchObject(cancelled)]);
    await expect(session().zeros(1, 1, { signal })).rejects.toMatchObject(cancelled);
    await expect(session().send([[1]], { signal })).rejects.toMatchObject(cancelled);
    const A = await session().ones(1, 1);
    expect(await session().norm(A)).toBe(1);
    await A.free();
  });

  test('a signal ends a transfer, which leaves nothing behind, and the next ones work', async () => {
    const source = dense(1500, 1500, (i, j) => i - j);
    const A = await session().send(source);
    for (const transfer of [(signal: AbortSignal) => session().fetch(A, { signal }), (signal: AbortSignal) => session().send(source, { signal })]) {
      const controller = new AbortController();
      const running = transfer(controller.signal);
      setTimeout(() => controller.abort(), 2);
      // It may have been faster than the signal.
      await running.then((done) => (done as MatrixHandle).free?.(), (error) => expect(error).toMatchObject({ code: 'E_CANCELLED' }));
    }
    expect((await session().fetch(A, { rows: { start: 1499, count: 1 } })).get(0, 0)).toBe(1499);
    await A.free();
  });

  test('estimates tell the price of a call without making it', async () => {
    const A = await session().ones(40, 30);
    const B = await session().ones(30, 20);
    const estimate = await session().estimate('gemm', { A, B });
    expect(estimate.flops).toBe(2 * 40 * 30 * 20);
    expect(estimate.memoryPerRank).toBeGreaterThan(40 * 20 * 4);
    const C = await session().gemm(A, B);
    expect(Math.max(...session().lastCost!.bytesMovedByRank)).toBe(estimate.bytesMoved);
    expect(session().lastCost!.seconds).toBeGreaterThan(0);
    await session().free(A, B, C);
  });

  test('memory goes with the matrices, and comes back with them', async () => {
    const before = await session().memory();
    expect(before.ranks).toHaveLength(2);
    const A = await session().ones(512, 512);
    const during = await session().memory();
    expect([during.matrices, during.used - before.used, during.free - before.free]).toEqual([1, 2 ** 21, -(2 ** 21)]);
    await A.free();
    await A.free();
    expect((await session().memory()).used).toBe(before.used);
    expect([A.freed, String(A)]).toEqual([true, expect.stringContaining('freed')]);
  });

  test('libraries and their tasks are listed, unloaded and loaded again', async () => {
    const named = async (loaded: boolean): Promise<string[]> => (await session().libraries()).filter((library) => library.loaded === loaded).map(({ name }) => name);
    expect(await named(true)).toEqual(['elemental', 'trial']);
    expect(await session().loadLibrary('TestLib')).toBe('TestLib');
    expect((await session().tasks('TestLib')).map(({ name }) => name)).toEqual(['greet', 'truncated_svd', 'kmeans']);
    expect((await session().tasks('TestLib'))[1].params.rank).toMatchObject({ type: 'integer', min: 1 });
    await session().unloadLibrary('TestLib');
    await expect(session().run('TestLib', 'greet')).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    expect(await named(true)).toEqual(['elemental', 'trial']);
  });

  test('a rank that dies takes its matrices along, and the session goes on with a new one', async () => {
    const A = await session().ones(4, 4);
    await expect(trial('die', { ranks: [1], how: 'exit' })).rejects.toMatchObject({ code: 'E_RANK', message: expect.stringMatching(/rank 1 died.*matrices of this session are lost/) });
    await expect(session().norm(A)).rejects.toMatchObject({ code: 'E_FREED' });
    const B = await session().send(dense(200, 200, (i, j) => i * j));
    expect((await session().fetch(B)).get(199, 199)).toBe(199 * 199);
    await expect(trial('trap', { rank: 0 })).rejects.toMatchObject({ code: expect.stringMatching(/E_RANK|E_TASK/) });
    await session().free(A, B);
  });
});

describe.each(PLACES)('$name', (place) => {
  test('a handle that is collected frees its matrix', async () => {
    const { session, end } = await place.open('2x1');
    await (async () => { for (let k = 0; k < 20; k++) await session.ones(8, 8); })();
    for (let round = 0; round < 200 && (await session.memory()).matrices > 0; round++) {
      collectGarbage();
      await delay(10);
    }
    expect((await session.memory()).matrices).toBe(0);
    await end();
  });

  test('close ends what runs and what waits; afterwards everything says so', async () => {
    const { session, end } = await place.open('2x1');
    await session.loadLibrary(place.trial);
    const A = await session.ones(600, 600);
    const ended = { name: 'AlchemistError', code: 'E_CLOSED' };
    const running = new Promise<void>((resolve) => {
      const calls = [session.run('trial', 'wait', { milliseconds: 60_000 }, { onProgress: () => resolve() }), session.fetch(A), session.norm(A)];
      for (const call of calls) call.then(() => { throw new Error('it was not ended'); }, (error) => expect(error).toMatchObject(ended));
    });
    await running;
    await session.close();
    await session.close();
    for (const late of [session.norm(A), session.fetch(A), session.send([[1]]), session.memory(), session.estimate('norm', { A })]) await expect(late).rejects.toMatchObject(ended);
    await A.free();
    await end();
  });
});
