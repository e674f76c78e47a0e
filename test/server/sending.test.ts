/** Connections of a client that help each other. */
import { jest } from '@jest/globals';
import { DataLink } from '#src/client/data-link.js';
import { connect, type Session } from '#src/index.js';
import { serving } from './serving.js';

const SIZE = 3000;
const source = { data: Float64Array.from({ length: SIZE * SIZE }, (_, k) => Math.sin(k)), shape: [SIZE, SIZE] as const };

let server: Awaited<ReturnType<typeof serving>>;
let al: Session;
beforeAll(async () => {
  server = await serving('--log-level', 'silent');
  al = await connect(server.url, { workers: 2, bufferSize: 1_000_000 });
});
afterAll(async () => {
  await al.close();
  server.child.kill('SIGTERM');
  await server.end;
});

async function mustHaveArrived(A: Awaited<ReturnType<Session['send']>>): Promise<void> {
  const { data } = await al.fetch(A);
  expect(Buffer.compare(Buffer.from(data.buffer as ArrayBuffer), Buffer.from(source.data.buffer))).toBe(0);
  await A.free();
}

test('while the server holds one connection up, another one takes bands as well', async () => {
  const put = jest.spyOn(DataLink.prototype, 'put');
  try {
    const sent = al.send(source, { dist: 'MC_MR' });
    while (put.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    server.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.child.kill('SIGCONT');
    const A = await sent;
    expect(put).toHaveBeenCalledTimes(2);
    await mustHaveArrived(A);
  } finally {
    put.mockRestore();
  }
});
