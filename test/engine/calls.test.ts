/** Calls of a session: what they return, their order, progress, cancellation, memory, and what handles of freed matrices say. */
import { getEventListeners } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Alchemist, type MatrixHandle, type ProgressLine, type Session } from '#src/index.js';

const TRIAL = new URL('./trial.js', import.meta.url).href;

let session: Session;
beforeAll(async () => {
  session = await Alchemist.start({ grid: '2x2', memoryPerWorker: '64MiB' });
  await session.loadLibrary(TRIAL);
});
afterEach(async () => {
  // No test leaves anything behind, whatever it provoked.
  expect(await session.memory()).toMatchObject({ matrices: 0, used: 0 });
});
afterAll(() => session.close());

const trial = (task: string, args: Readonly<Record<string, unknown>> = {}, options: Parameters<Session['run']>[3] = {}): Promise<Record<string, unknown>> => session.run('trial', task, args, options);

describe('a call', () => {
  test('returns values as they are and matrices as handles, the one that it was given as the same handle', async () => {
    const A = await session.send([[1, 2], [3, 4]]);
    const { same, fresh, ...rest } = await trial('values', { A });
    expect(same).toBe(A);
    expect((await session.fetch(fresh as MatrixHandle)).toArray()).toEqual([[2, 3], [4, 5]]);
    expect(rest).toEqual({ number: 1 / 3, text: 'çà', yes: true, nothing: null, list: [1, 2], array: Float64Array.of(1, NaN), record: { by: { rank: 0 } } });
    await session.free(A, fresh as MatrixHandle);
  });

  test('says what it has cost', async () => {
    const A = await session.send(new Float64Array(64).fill(1), { shape: [8, 8] });
    const B = await session.redistribute(A, 'STAR_STAR');
    expect(session.lastCost).toMatchObject({ bytesMoved: 4 * 48 * 8, bytesMovedByRank: [384, 384, 384, 384] });
    expect(session.lastCost!.seconds).toBeGreaterThan(0);
    expect(session.lastCost!.exchangeSeconds).toBeLessThanOrEqual(session.lastCost!.seconds);
    await session.free(A, B);
  });

  test('gives the same bits twice', async () => {
    const numbers = Float64Array.from({ length: 50 * 41 }, (_, at) => Math.sin(at) * 10 ** (at % 17));
    const A = await session.send(numbers, { shape: [50, 41] });
    const sums = new Set<number>();
    for (let run = 0; run < 20; run++) sums.add((await trial('sum', { A })).value as number);
    expect(sums.size).toBe(1);
    await A.free();
  });

  test.each([
    ['a task that does not exist', 'nosuch', {}, /the library trial has no task "nosuch".*it has fail, trap/],
    ['a parameter that does not exist', 'wait', { milliseconds: 1, extra: 2 }, /wait: parameter extra must be one that the task has, got 2/],
    ['a parameter that is missing', 'wait', {}, /wait: parameter milliseconds must be a finite number, got nothing/],
    ['a value of another type', 'wait', { milliseconds: 'long' }, /must be a finite number, got "long"/],
    ['something else for a matrix', 'values', { A: 7 }, /values: parameter A must be a matrix, got 7/],
  ])('with %s is refused before any rank is disturbed', async (_, task, args, message) => {
    await expect(trial(task, args)).rejects.toMatchObject({ name: 'AlchemistError', code: 'E_ARGUMENT', message: expect.stringMatching(message) });
  });

  test('of a library that is not loaded names those that are', async () => {
    await expect(session.run('nosuch', 'wait')).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/"nosuch" is not loaded \(loaded are elemental, trial/) });
  });

  test('runs when all earlier ones have ended, in the order in which they were made', async () => {
    const ended: string[] = [];
    const log = (name: string) => () => ended.push(name);
    const calls = [
      trial('wait', { milliseconds: 40 }).then(log('wait')),
      session.send([[1]]).then(async (A) => {
        log('send')();
        await A.free();
      }),
      trial('wait', { milliseconds: 'wrong' }).catch(log('refused')),
      trial('fail', { rank: 1 }).catch(log('failed')),
      session.memory().then(log('memory')),
      trial('wait', { milliseconds: 1 }).then(log('last')),
    ];
    await Promise.all(calls);
    // The parts of a send are two calls, with those that were made in the meantime between them.
    expect(ended.filter((name) => name !== 'send')).toEqual(['wait', 'refused', 'failed', 'memory', 'last']);
  });
});

describe('progress', () => {
  test('arrives line by line, all of it before the call ends, though the task ended at once', async () => {
    const lines: ProgressLine[] = [];
    const { A } = await trial('report', { lines: 500 }, { onProgress: (line) => lines.push(line) });
    expect(lines).toEqual(Array.from({ length: 500 }, (_, k) => ({ task: 'report', step: k + 1, steps: 500, note: 'so far', values: { half: (k + 1) / 2 } })));
    await (A as MatrixHandle).free();
  });

  test('that nobody listens to costs nothing and harms nothing', async () => {
    await ((await trial('report', { lines: 1000 })).A as MatrixHandle).free();
  });

  test('whose listener throws cancels the call, which rejects with what was thrown', async () => {
    const mine = new Error('from the listener');
    let calls = 0;
    const started = performance.now();
    const call = trial('wait', { milliseconds: 60_000 }, {
      onProgress: () => {
        calls++;
        throw mine;
      },
    });
    await expect(call).rejects.toBe(mine);
    expect(calls).toBe(1);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test('whose listener throws at the last line, too, though the task has ended by then: nothing of it is kept', async () => {
    const mine = new Error('at the end');
    const call = trial('report', { lines: 20 }, {
      onProgress: ({ step }) => {
        if (step === 20) throw mine;
      },
    });
    await expect(call).rejects.toBe(mine);
  });
});

describe('an AbortSignal', () => {
  const cancelled = { name: 'AlchemistError', code: 'E_CANCELLED' };

  test('that is raised already: nothing is begun', async () => {
    const signal = AbortSignal.abort();
    await expect(trial('wait', { milliseconds: 60_000 }, { signal })).rejects.toMatchObject(cancelled);
    await expect(session.send([[1]], { signal })).rejects.toMatchObject(cancelled);
    const A = await session.send([[1]]);
    await expect(session.fetch(A, { signal })).rejects.toMatchObject(cancelled);
    await A.free();
  });

  test('that is raised during a task stops it, and the session works on', async () => {
    const controller = new AbortController();
    const started = performance.now();
    const call = trial('wait', { milliseconds: 60_000 }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(call).rejects.toMatchObject(cancelled);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect((await trial('wait', { milliseconds: 5 })).meetings).toBeGreaterThan(0);
  });

  test('that is raised while the call still waits for others rejects it at once, and leaves the others alone', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    const first = trial('wait', { milliseconds: 1500 }).then(() => ended.push('first'));
    const second = trial('wait', { milliseconds: 60_000 }, { signal: controller.signal }).catch((error: { code: string }) => ended.push(error.code));
    const third = trial('wait', { milliseconds: 1 }).then(() => ended.push('third'));
    setTimeout(() => controller.abort(), 50);
    await Promise.all([first, second, third]);
    expect(ended).toEqual(['E_CANCELLED', 'first', 'third']);
  });

  test('that is raised at any moment around the end of a call leaves the next call alone', async () => {
    for (let turn = 0; turn < 60; turn++) {
      const controller = new AbortController();
      const call = trial('report', { lines: 1 }, { signal: controller.signal });
      // Before, during, in the very microtask of the end, or after it.
      if (turn % 3 === 0) setImmediate(() => controller.abort());
      if (turn % 3 === 1) void call.finally(() => controller.abort()).catch(() => {});
      if (turn % 3 === 2) void delay((turn % 10) / 3).then(() => controller.abort());
      const result = await call.catch((error: { code: string }) => error.code);
      if (typeof result === 'string') expect(result).toBe('E_CANCELLED');
      else await (result.A as MatrixHandle).free();
      expect((await trial('announce', { bytes: 1 })).ran).toBe(true);
    }
  });

  test('that is raised during a transfer stops it', async () => {
    const big = new Float64Array(4e6);
    const controller = new AbortController();
    const send = session.send(big, { shape: [2000, 2000], signal: controller.signal });
    const turns = setInterval(() => controller.abort(), 0);
    await expect(send).rejects.toMatchObject(cancelled);
    clearInterval(turns);
  });

  test('that is never raised is let go again', async () => {
    const { signal } = new AbortController();
    for (let t = 0; t < 3; t++) await trial('announce', { bytes: 1 }, { signal });
    await session.free(await session.send([[1]], { signal }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});


describe('memory', () => {
  test('that a task announces and that is not there: E_MEMORY with the bytes needed and free, before anything is allocated', async () => {
    const { ranks } = await session.memory();
    const free = Math.min(...ranks.map((rank) => rank.free));
    await expect(trial('announce', { bytes: 1e9 })).rejects.toMatchObject({
      code: 'E_MEMORY',
      message: expect.stringMatching(new RegExp(`announce needs 1000000000 bytes on each of 4 workers, but only ${free} are free \\(free matrices`)),
      fields: { needed: 1e9, free },
    });
    await expect(session.send(new Float64Array(6e6 * 8), { shape: [6e6, 8], dist: 'STAR_STAR' })).rejects.toMatchObject({ code: 'E_MEMORY', fields: { needed: 6e6 * 64 } });
    expect((await trial('announce', { bytes: free - 2 ** 20 })).ran).toBe(true);
    expect(Math.max(...(await session.memory()).ranks.map(({ peak }) => peak))).toBeLessThan(64e6);
  });

  test('that runs out in the middle of a task on one rank: E_MEMORY, everything is given back, and the session works on', async () => {
    for (const rank of [0, 3]) {
      await expect(trial('exhaust', { rank })).rejects.toMatchObject({ code: 'E_MEMORY', message: expect.stringMatching(/a rank needs 2000000 more bytes, but only \d+ of its \d+ are free/) });
      expect((await trial('announce', { bytes: 60e6 })).ran).toBe(true);
    }
  });

  test('is reported by worker and adds up', async () => {
    const A = await session.send(new Float64Array(1000 * 10), { shape: [1000, 10], dist: 'VC_STAR' });
    const report = await session.memory();
    expect(report.matrices).toBe(1);
    expect(report.used).toBe(report.ranks.reduce((sum, { used }) => sum + used, 0));
    expect(report.free).toBe(report.ranks.reduce((sum, { free }) => sum + free, 0));
    for (const { used, free, capacity, peak } of report.ranks) {
      expect(used).toBe(Math.ceil((250 * 10 * 8) / 64) * 64);
      expect(free + used).toBe(capacity);
      expect(peak).toBeGreaterThanOrEqual(used);
    }
    await A.free();
  });
});

describe('a handle', () => {
  test('that has been freed says so wherever it is used; freeing it again is harmless', async () => {
    const A = await session.send([[1, 2]]);
    await A.free();
    await A.free();
    await session.free(A, A);
    expect(A.freed).toBe(true);
    expect(String(A)).toBe('Matrix 1×2 f64 [MC,MR] on 2×2, 16 B, freed');
    const uses = [
      async () => session.fetch(A),
      async () => session.redistribute(A, 'VC_STAR'),
      async () => trial('values', { A }),
      async () => session.estimate('redistribute', { A, dist: 'VC_STAR' }),
    ];
    for (const use of uses) {
      await expect(use()).rejects.toMatchObject({ code: 'E_FREED', message: expect.stringMatching(/1×2 \[MC,MR\] on 2×2 has been freed/) });
    }
  });

  test('that is freed while calls with it wait: those that were made before have it still', async () => {
    const A = await session.send([[1, 2]]);
    const fetched = session.fetch(A);
    const freed = A.free();
    expect((await fetched).toArray()).toEqual([[1, 2]]);
    await freed;
  });

  test('is freed by await using, and by its own dispose', async () => {
    {
      await using A = await session.send([[1]]);
      expect((await session.memory()).matrices).toBe(1);
      void A;
    }
    expect((await session.memory()).matrices).toBe(0);
  });

  test('is pleasant to read', async () => {
    const A = await session.send(new Float32Array(300 * 1000), { shape: [300, 1000], dist: 'STAR_VR' });
    expect(String(A)).toBe('Matrix 300×1000 f32 [*,VR] on 2×2, 1.20 MB');
    await A.free();
  });
});

test('a matrix that a task returns as a view, or twice, and a value that cannot travel, are refused and leave nothing', async () => {
  const A = await session.send([[1, 2], [3, 4]]);
  const message = { 'a function': /broken returned bad, which cannot be sent to its caller/, 'a view': /broken returned bad, a view of another matrix/, 'the same twice': /broken returned worse, a view of another matrix/, 'nothing at all': /TypeError/ };
  for (const [kind, text] of Object.entries(message)) {
    await expect(trial('broken', { kind })).rejects.toMatchObject({ code: 'E_TASK', message: expect.stringMatching(text) });
  }
  await expect(trial('broken', { kind: 'the same twice', A })).rejects.toMatchObject({ code: 'E_TASK' });
  expect((await session.fetch(A)).toArray()).toEqual([[1, 2], [3, 4]]);
  await A.free();
});

test('the event loop of the caller stays free while ranks compute for long', async () => {
  const gaps = monitorEventLoopDelay({ resolution: 5 });
  gaps.enable();
  await trial('compute', { rank: 2, milliseconds: 1500 });
  gaps.disable();
  // Ticks of 5 ms; the rest of the bound is for what else the machine does.
  expect(gaps.max / 1e6).toBeLessThan(500);
});

test('the event loop of the caller turns while large matrices travel', async () => {
  const entries = 3_000_000;
  const enough = entries / 2 ** 19; // a millisecond or two between them
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = (): void => {
    turns++;
    next = setImmediate(turn);
  };
  turn();
  const seen: number[] = [];
  for (const shape of [[3, entries / 3], [entries / 3, 3]] as const) {
    turns = 0;
    const A = await session.send(new Float64Array(entries), { shape });
    seen.push(turns);
    turns = 0;
    await session.fetch(A, { order: 'column' });
    seen.push(turns);
    await A.free();
  }
  clearImmediate(next!);
  expect(Math.min(...seen)).toBeGreaterThan(enough);
});
