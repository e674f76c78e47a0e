/** Matrices from a caller's function: an exception, a wrong type, a cancellation and a slow function leave the session as it was. */
import { setTimeout as delay } from 'node:timers/promises';
import { Alchemist, type MatrixHandle, type Session } from '#src/index.js';
import { fetched } from '../grids.js';

let al: Session;
beforeAll(async () => {
  al = await Alchemist.start({ workers: 2, memoryPerWorker: '64MiB' });
});
afterAll(() => al.close());

async function mustLeaveNothing(call: () => Promise<unknown>, expected: object): Promise<void> {
  const before = await al.memory();
  await expect(call()).rejects.toMatchObject(expected);
  const after = await al.memory();
  expect([after.matrices, after.used]).toEqual([before.matrices, before.used]);
  const A = await al.fromFunction(2, 2, (i, j) => i - j);
  expect(await fetched(al, A)).toEqual([0, -1, 1, 0]);
  await A.free();
}

/** The entries of a matrix that nobody needs any more. */
async function taken(A: Promise<MatrixHandle>): Promise<number[]> {
  await using handle = await A;
  return fetched(al, handle);
}

test('what the function throws rejects the call, frees the matrix and leaves the session usable', async () => {
  const error = new RangeError('no such place');
  await mustLeaveNothing(() => al.fromFunction(300, 300, (i, j) => { if (i === 250 && j === 7) throw error; return 0; }), error);
});

test('a function that does not return numbers is told where it did not', async () => {
  const words = 'fromFunction: entry (1, 2) is of type string, not a number';
  await mustLeaveNothing(() => al.fromFunction(3, 3, (i, j) => (i === 1 && j === 2 ? 'x' : 0) as number), { code: 'E_ARGUMENT', message: words });
  await mustLeaveNothing(() => al.fromFunction(3, 3, (async () => 0) as unknown as () => number), { code: 'E_ARGUMENT' });
});

test('the event loop turns while a slow function runs, and a signal ends it', async () => {
  const controller = new AbortController();
  const busy = (): number => { for (const end = performance.now() + 0.2; performance.now() < end;); return 1; };
  let turns = 0;
  const ticking = setInterval(() => { if (++turns === 5) controller.abort(); }, 1);
  try {
    await mustLeaveNothing(() => al.fromFunction(200, 200, busy, { signal: controller.signal }), { code: 'E_CANCELLED' });
  } finally {
    clearInterval(ticking);
  }
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('NaN and infinities are kept, in f32 rounded numbers, and empty matrices call nothing', async () => {
  expect(await taken(al.fromFunction(1, 3, (_, j) => [NaN, Infinity, -Infinity][j]))).toEqual([NaN, Infinity, -Infinity]);
  expect(await taken(al.fromFunction(1, 1, () => 0.1, { dtype: 'f32' }))).toEqual([Math.fround(0.1)]);
  const never = (): number => { throw new Error('called'); };
  expect(await taken(al.fromFunction(0, 5, never))).toEqual([]);
  expect(await taken(al.fromFunction(5, 0, never))).toEqual([]);
});

test('other operations run between the pieces', async () => {
  const filling = al.fromFunction(400, 400, (i, j) => i * j);
  await delay(1);
  expect(await al.norm(await al.ones(3, 3))).toBe(3);
  expect(await al.norm(await filling, 'max')).toBe(399 * 399);
});
