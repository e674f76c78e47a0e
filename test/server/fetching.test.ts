/** Answers that a client does not take at once: what waits behind them, and what becomes of them when the matrix goes. */
import { FrameDecoder } from '#src/protocol/frame-decoder.js';
import { decodeMessage, type Message } from '#src/protocol/messages.js';
import { mustServe, RawClient, started, until } from './started.js';

const SIZE = 2000;
const rows = { start: 0, step: 1, count: SIZE };
const whole = { rows, cols: rows, order: 'row', dtype: 'f64' } as const;

/** A server, a session with a matrix of 32 MB, far more than sockets hold, and a connection to its worker that does not read yet. */
async function withMatrix() {
  const server = await started({ workers: 1 });
  const { client, welcome, ports } = await RawClient.greeted(server, 1);
  const created = (await client.ask('CREATE', { id: 3, height: SIZE, width: SIZE, dtype: 'f64', dist: 'MC_MR', order: 'row' })) as unknown as { result: { matrix: { id: number } } };
  const worker = await RawClient.open(ports[0]);
  await worker.ask('ATTACH', { id: 1, session: welcome.session, secret: welcome.secret });
  const frames = counting(worker);
  worker.socket.pause();
  return { server, client, worker, frames, matrix: created.result.matrix.id };
}

/** Counts payload instead of keeping it. */
function counting(worker: RawClient): { message: Message; bytes: number }[] {
  const frames: { message: Message; bytes: number }[] = [];
  const decoder = new FrameDecoder((frame) => {
    const read = { message: decodeMessage(frame), bytes: 0 };
    return { take: (bytes) => (read.bytes += bytes.length), end: () => frames.push(read) };
  });
  worker.socket.removeAllListeners('data');
  worker.socket.on('data', (bytes: Buffer) => decoder.push(bytes));
  return frames;
}

test('what else is to be said waits for the end of the GET that is being answered', async () => {
  const { server, client, worker, frames, matrix } = await withMatrix();
  worker.send('GET', { id: 2, matrix, ...whole, bufferSize: 10_000_000 });
  const one = { start: 0, step: 1, count: 1 };
  worker.send('PUT', { id: 3, matrix, ...whole, rows: one, cols: one, last: true }, [new Uint8Array(8)]);
  worker.send('GET', { id: 4, matrix: matrix + 1, ...whole });
  await new Promise((resolve) => setTimeout(resolve, 100));
  worker.socket.resume();
  await until('all three are answered', () => frames.some(({ message }) => message.kind === 'ERROR'));
  const blocks = frames.filter(({ message }) => message.kind === 'BLOCK');
  expect(blocks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(SIZE * SIZE * 8);
  expect(frames.slice(blocks.length).map(({ message }) => [message.kind, 'id' in message && message.id])).toEqual([['REPLY', 3], ['ERROR', 4]]);
  client.socket.destroy();
  await mustServe(server);
});

test('a matrix that is freed while it is being sent ends its connection, and nothing else', async () => {
  const { server, client, worker, frames, matrix } = await withMatrix();
  worker.send('GET', { id: 2, matrix, ...whole, bufferSize: 1_000_000 });
  worker.send('GET', { id: 3, matrix, ...whole, bufferSize: 1_000_000 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await client.ask('FREE', { id: 4, ids: [matrix] })).toMatchObject({ kind: 'REPLY' });
  worker.socket.resume();
  await worker.closed();
  expect(frames.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(SIZE * SIZE * 8);
  expect(await client.ask('LIST_WORKERS', { id: 5, which: 'all' })).toMatchObject({ kind: 'REPLY' });
  client.socket.destroy();
  await mustServe(server);
});
