/** Strassen's form through the session: within its bound on one rank and on several, and only where C stays. */
import { type Session } from '#src/session/session.js';
import { start } from '#src/engine/start.js';

const n = 300;
/** Bound of Winograd's form in units of eps·max|A|·max|B| for two levels on blocks of 75: 18² · (75² + 6·75), far above what comes. */
const BOUND = 18 ** 2 * (75 ** 2 + 6 * 75) * 2 ** -53;

describe.each([1, 4])('gemm with two levels of the form of Strassen on %i workers', (workers) => {
  let session: Session;
  beforeAll(async () => {
    session = await start({ workers });
  });
  afterAll(() => session.close());

  test.each([[false, false], [true, false], [false, true], [true, true]])('agrees with the classical product (transposes %p, %p)', async (transposeA, transposeB) => {
    const A = await session.uniform(n, n, { seed: 1, low: -1, high: 1 });
    const B = await session.uniform(n, n, { seed: 2, low: -1, high: 1 });
    const classical = await session.fetch(await session.gemm(A, B, { transposeA, transposeB }));
    const fast = await session.fetch(await session.gemm(A, B, { transposeA, transposeB, strassen: 2 }));
    const error = Math.max(...fast.data.map((x, i) => Math.abs(x - classical.data[i])));
    expect(error).toBeLessThanOrEqual(BOUND);
    expect(error).toBeGreaterThan(0); // another order of rounding: it really is another form
  });

  test('takes no more memory than its estimate', async () => {
    // In a session of its own: what others have taken, and the collector gives back at any time, counts in the peak.
    await using fresh = await start({ workers });
    const A = await fresh.uniform(n, n, { seed: 3 });
    const { memoryPerRank } = await fresh.estimate('gemm', { A, B: A, strassen: 2 });
    const before = (await fresh.memory()).ranks.map(({ used }) => used);
    await fresh.gemm(A, A, { strassen: 2 });
    const peaks = (await fresh.memory()).ranks.map(({ peak }, rank) => peak - before[rank]);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(memoryPerRank + 2 ** 16);
  });

  test('refuses another variant than the one in which C stays', async () => {
    const A = await session.uniform(8, 8, { seed: 4 });
    await expect(session.gemm(A, A, { strassen: 1, variant: 'dot' })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  });
});
