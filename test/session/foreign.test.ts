/** Handles belong to one session, and what a fetch asks for is checked before anything is made for it. */
import { start } from '#src/engine/start.js';
import type { Session } from '#src/session/session.js';

let one: Session;
let other: Session;
beforeAll(async () => {
  [one, other] = await Promise.all([start({ workers: 1 }), start({ workers: 2 })]);
});
afterAll(() => Promise.all([one.close(), other.close()]));

test('a handle of another session is refused, though a matrix of the same number lives there', async () => {
  const [A] = await Promise.all([one.send([[1, 2]]), other.send([[3, 4]])]);
  await expect(other.fetch(A)).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringContaining('another session') });
  await expect(other.gemm(A, A)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
});

test.each([
  [{ start: -1, count: 1 }],
  [{ start: 0, count: -1 }],
  [{ start: 0, count: 2 ** 40 }],
  [{ start: 2, count: 1 }],
])('rows %j of a matrix of two rows are refused by name', async (rows) => {
  const A = await one.send([[1], [2]]);
  await expect(one.fetch(A, { rows })).rejects.toMatchObject({ name: 'AlchemistError' });
});

test('an unknown order is refused', async () => {
  const A = await one.send([[1], [2]]);
  await expect(one.fetch(A, { order: 'diagonal' as 'row' })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
});

test('an estimate with a freed matrix rejects; it does not throw', async () => {
  const A = await one.send([[1]]);
  await A.free();
  const estimate = one.estimate('gemm', { A, B: A });
  await expect(estimate).rejects.toMatchObject({ code: 'E_FREED' });
});
