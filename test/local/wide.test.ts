/** The 256-bit form: tried before it is used, and right where it is. */
import { start } from '#src/engine/start.js';
import { tryWide } from '#src/local/wide.js';

test('the trial says whether the form is usable, and why', () => {
  const { usable, reason } = tryWide();
  if (Number.parseInt(process.versions.node, 10) < 24) expect(usable).toBe(false);
  expect(reason).toMatch(usable ? /times the 128-bit form/ : /no revectorizer|no relaxed SIMD|times the 128-bit form|wrong/);
});

test('a session that asks for it says which products run, and they agree with the 128-bit ones', async () => {
  const wide = await start({ workers: 2, kernels: 'wide' });
  const narrow = await start({ workers: 2 });
  try {
    expect(wide.kernels).toMatch(/256-bit products/);
    const [P, Q] = await Promise.all([wide, narrow].map(async (session) => {
      const A = await session.uniform(123, 77, { seed: 1 });
      return session.fetch(await session.gemm(A, A, { transposeB: true }));
    }));
    expect(Math.max(...P.data.map((x, i) => Math.abs(x - Q.data[i])))).toBeLessThanOrEqual(77 * 77 * Number.EPSILON);
  } finally {
    await wide.close();
    await narrow.close();
  }
});
