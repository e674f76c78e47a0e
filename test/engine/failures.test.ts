/** What happens when ranks fail, die or hang: a clear error, and a session that works on. */
import { setTimeout as delay } from 'node:timers/promises';
import { Alchemist, type MatrixHandle, type Session } from '#src/index.js';

const TRIAL = new URL('./trial.js', import.meta.url).href;
const SIZE = 4;
/** Milliseconds in which even a busy machine gets round to it, but long before anything gives up waiting. */
const AT_ONCE = 20_000;

async function start(options: Parameters<typeof Alchemist.start>[0] = {}): Promise<Session> {
  const session = await Alchemist.start({ workers: SIZE, memoryPerWorker: '16MiB', ...options });
  await session.loadLibrary(TRIAL);
  return session;
}

const trial = (session: Session, task: string, args: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> => session.run('trial', task, args);

/** Sends, moves and fetches a matrix: everything that a session needs, works. */
async function mustWork(session: Session): Promise<void> {
  const A = await session.send([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
  const B = await session.redistribute(A, 'STAR_VC');
  expect((await session.fetch(B)).toArray()).toEqual([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
  await session.free(A, B);
  expect(await session.memory()).toMatchObject({ matrices: 0, used: 0 });
}

describe('a rank that throws', () => {
  let session: Session;
  beforeAll(async () => {
    session = await start();
  });
  afterEach(() => mustWork(session));
  afterAll(() => session.close());

  test('stops the others, whether they wait or have finished; its error reaches the caller, and nothing of the task remains', async () => {
    const A = await session.send([[1]]);
    for (const others of ['wait', 'finish']) {
      for (let rank = 0; rank < SIZE; rank++) {
        await expect(trial(session, 'fail', { rank, others })).rejects.toMatchObject({
          name: 'AlchemistError',
          code: 'E_TASK',
          message: 'RangeError: a mistake in a task',
          stack: expect.stringContaining('trial.js'),
        });
        expect(await session.memory()).toMatchObject({ matrices: 1, used: 64 * SIZE });
      }
    }
    expect((await session.fetch(A)).toArray()).toEqual([[1]]);
    await A.free();
  });

  test('because a kernel trapped is a rank that threw', async () => {
    await expect(trial(session, 'trap', { rank: 2 })).rejects.toMatchObject({ code: 'E_TASK', message: expect.stringMatching(/RuntimeError: memory access out of bounds/) });
  });

  test('or returns while the others wait for it: they are told so at once', async () => {
    const started = performance.now();
    await expect(trial(session, 'mismatch')).rejects.toMatchObject({ code: 'E_TASK', message: expect.stringMatching(/do not call the same collectives: rank 0: finished after 0 collectives; rank 1: collective 1, barrier/) });
    expect(performance.now() - started).toBeLessThan(AT_ONCE);
  });
});

describe('a rank that dies', () => {
  let session: Session;
  beforeAll(async () => {
    session = await start();
  });
  afterAll(() => session.close());

  test.each([
    ['in the middle of a task', { how: 'exit', ranks: [2] }, /^the thread of rank 2 died: worker exited with code: 3 \(it has been replaced; the matrices of this session are lost, send them again\)$/],
    ['as rank 0', { how: 'exit', ranks: [0] }, /^the thread of rank 0 died: worker exited with code: 3/],
    ['together with another', { how: 'exit', ranks: [1, 3] }, /the thread of rank [13] died.*; the thread of rank [13] died/],
    ['together with all others', { how: 'exit', ranks: [0, 1, 2, 3] }, /(died: worker exited with code: 3.*){4}/],
  ])('%s: E_RANK, old matrices are lost and say so, a new thread takes its place', async (_, args, message) => {
    const A = await session.send([[1, 2]]);
    await expect(trial(session, 'die', args)).rejects.toMatchObject({ name: 'AlchemistError', code: 'E_RANK', message: expect.stringMatching(message), fields: { ranks: expect.any(Array) } });
    await expect(session.fetch(A)).rejects.toMatchObject({ code: 'E_FREED', message: expect.stringMatching(/lost with a worker/) });
    await expect(session.redistribute(A, 'VC_STAR')).rejects.toMatchObject({ code: 'E_FREED' });
    await A.free();
    await mustWork(session);
  });

  test.each([
    ['exit later', /^the thread of rank 1 died: it ended/],
    ['error later', /^the thread of rank 1 died: an error that nobody caught/],
  ])('between two calls (%s): the next call says so, the one after it works', async (how, message) => {
    await trial(session, 'die', { how, ranks: [1] });
    await delay(400);
    await expect(trial(session, 'announce', { bytes: 1 })).rejects.toMatchObject({ code: 'E_RANK', message: expect.stringMatching(message) });
    await mustWork(session);
  });

  test('while other calls wait: each gets an answer, in order', async () => {
    const A = await session.send([[1, 2]]);
    const results = await Promise.allSettled([trial(session, 'die', { how: 'exit', ranks: [3] }), session.fetch(A), session.send([[5]]), session.memory()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
    await (results[2] as PromiseFulfilledResult<MatrixHandle>).value.free();
    await mustWork(session);
  });

  test('during every call in a row leaves no thread and no memory behind', async () => {
    for (let turn = 0; turn < 5; turn++) await expect(trial(session, 'die', { how: 'exit', ranks: [turn % SIZE] })).rejects.toMatchObject({ code: 'E_RANK' });
    await mustWork(session);
  });
});

describe('a rank that hangs', () => {
  let session: Session;
  beforeAll(async () => {
    session = await start({ workers: 2, watchdogSeconds: 0.8 });
  });
  afterAll(() => session.close());

  test('for a while, though others wait: the watchdog says who stands where, and all matrices stay', async () => {
    const A = await session.send([[1, 2]]);
    await expect(trial(session, 'compute', { rank: 1, milliseconds: 1100 })).rejects.toMatchObject({
      code: 'E_WATCHDOG',
      message: expect.stringMatching(/^rank 0 has waited 0.8 s in barrier: rank 0: collective 1, barrier; rank 1: no collective yet \(a rank computes for longer/),
    });
    expect((await session.fetch(A)).toArray()).toEqual([[1, 2]]);
    await A.free();
  });

  test.each([true, false])('for ever, though the others wait (%p): it is ended, and the session works on', async (meet) => {
    const started = performance.now();
    await expect(trial(session, 'compute', { rank: 1, milliseconds: 1e9, meet })).rejects.toMatchObject({
      code: 'E_RANK',
      message: expect.stringMatching(/^the thread of rank 1 died: it had not answered 0.8 s after rank 0/),
    });
    expect(performance.now() - started).toBeLessThan(AT_ONCE);
    await mustWork(session);
  });
});

describe('closing', () => {
  const closed = { name: 'AlchemistError', code: 'E_CLOSED', message: expect.stringMatching(/the session is closed \(start another one/) };

  test('ends a session for good: every call says so, freeing and closing again are harmless', async () => {
    const session = await start();
    const A = await session.send([[1]]);
    await Promise.all([session.close(), session.close()]);
    await session.close();
    await A.free();
    for (const use of [() => session.fetch(A), () => session.send([[1]]), () => session.memory(), () => trial(session, 'announce', { bytes: 1 })]) await expect(use()).rejects.toMatchObject({ name: 'AlchemistError', code: expect.stringMatching(/^E_(CLOSED|FREED)$/) });
    await expect(session.send([[1]])).rejects.toMatchObject(closed);
  });

  test('cancels what runs and what waits', async () => {
    const session = await start();
    const calls = [trial(session, 'wait', { milliseconds: 60_000 }), session.send([[1]]), session.memory()];
    const ends = Promise.allSettled(calls);
    await delay(50);
    const started = performance.now();
    await session.close();
    expect(performance.now() - started).toBeLessThan(AT_ONCE);
    for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: closed });
  });

  test('does not wait for a rank that never looks up', async () => {
    const session = await start({ workers: 2 });
    const call = expect(trial(session, 'compute', { rank: 0, milliseconds: 1e9 })).rejects.toMatchObject(closed);
    await delay(50);
    const started = performance.now();
    await session.close();
    await call;
    expect(performance.now() - started).toBeLessThan(AT_ONCE);
  });

  test('stops a transfer', async () => {
    const session = await Alchemist.start({ workers: 2 });
    const call = expect(session.send(new Float64Array(8e6), { shape: [2000, 4000] })).rejects.toMatchObject(closed);
    await delay(5);
    await session.close();
    await call;
  });

  test('happens by await using, also when the block throws', async () => {
    let outside: Session | undefined;
    const block = async (): Promise<void> => {
      await using session = await start({ workers: 1 });
      outside = session;
      throw new Error('in the block');
    };
    await expect(block()).rejects.toThrow('in the block');
    await expect(outside!.memory()).rejects.toMatchObject(closed);
  });
});
