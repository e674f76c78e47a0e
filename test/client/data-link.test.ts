import { DataLink } from '#src/client/data-link.js';
import { RawClient, started } from '../server/started.js';

const all = { start: 0, step: 1, count: 1 };
const block = { rows: all, cols: all };

test.each(['put', 'get'] as const)('a %s that was cancelled before it began hangs up and says so', async (way) => {
  const server = await started({ workers: 1 });
  const { client, welcome, ports } = await RawClient.greeted(server, 1);
  const link = await DataLink.open({ host: '127.0.0.1', port: ports[0], timeoutMs: 10_000 }, welcome.session, welcome.secret);
  const signal = AbortSignal.abort();
  const payload = (_: unknown, pieces: Uint8Array[]): void => void pieces.push(new Uint8Array(8));
  const transfer = way === 'put'
    ? link.put(1, [block].values(), 'f64', 'row', 4096, { payload, copies: false }, signal)
    : link.get(1, block, 'f64', 'row', 4096, { begin: () => ({ take: () => {} }) }, signal);
  await expect(transfer).rejects.toMatchObject({ code: 'E_CANCELLED' });
  expect(link.usable).toBe(false);
  client.socket.destroy();
});
