/** The legacy protocol knows no secrets: it reaches the workers of legacy sessions, and never another client's matrices. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { type AlchemistServer, connect, serve } from '#src/index.js';
import { COMMANDS } from '#src/protocol/legacy/codes.js';
import { HEADER_BYTES } from '#src/protocol/legacy/header.js';
import { parts, PYTHON, Requests } from '../protocol/legacy/legacy-client.js';

const SECRET = 1234.5678;
const WHOLE = { rows: { start: 0, end: 2, step: 1 }, cols: { start: 0, end: 2, step: 1 } };
const requests = new Requests(PYTHON, { clientId: 1, sessionId: 1 });

let server: AlchemistServer;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

/** A connection on which each question gets one answer. */
async function dial(port: number): Promise<(question: Uint8Array) => Promise<Buffer>> {
  const socket = connectSocket({ host: '127.0.0.1', port });
  sockets.push(socket);
  await once(socket, 'connect');
  let gathered = Buffer.alloc(0);
  socket.on('data', (bytes) => (gathered = Buffer.concat([gathered, bytes])));
  socket.on('error', () => {});
  return async (question) => {
    socket.write(question);
    for (;;) {
      const length = gathered.length < HEADER_BYTES ? Infinity : HEADER_BYTES + gathered.readUInt32BE(HEADER_BYTES - 4);
      if (gathered.length >= length) {
        const answer = gathered.subarray(0, length);
        gathered = gathered.subarray(length);
        return answer;
      }
      if (socket.closed) return Buffer.alloc(0);
      await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    }
  };
}

/** Whether the bytes of the secret number are anywhere in an answer. */
const tells = (answer: Buffer): boolean => answer.includes(Buffer.from(Float64Array.of(SECRET).buffer));

test.each([undefined, 'a token'])('the matrices of a native session cannot be read or written through its workers (token: %s)', async (token) => {
  server = await serve({ port: 0, workers: 2, memoryPerWorker: '16MiB', token });
  const session = await connect(server.url, { workers: 2, token });
  const A = await session.constant(3, 3, SECRET);
  for (const port of server.workerPorts) {
    for (let id = 0; id < 4; id++) {
      const ask = await dial(port);
      await ask(requests.handshake());
      expect(tells(await ask(requests.requestMatrixBlocks(id, [WHOLE])))).toBe(false);
      await ask(requests.sendMatrixBlocks(id, [{ ranges: WHOLE, entries: new Array<number>(9).fill(7) }]));
    }
  }
  expect((await session.fetch(A)).data.every((x) => x === SECRET)).toBe(true);
  await session.close();
});

test('those of a legacy session can, by the same messages', async () => {
  server = await serve({ port: 0, workers: 1, memoryPerWorker: '16MiB' });
  const driver = await dial(server.port);
  await driver(requests.handshake());
  await driver(requests.requestWorkers(1));
  const info = await driver(requests.sendMatrixInfo(3, 3, 'MC_MR'));
  expect(parts(info).header.command).toBe(COMMANDS.SEND_MATRIX_INFO);
  const worker = await dial(server.workerPorts[0]);
  await worker(requests.handshake());
  await worker(requests.sendMatrixBlocks(1, [{ ranges: WHOLE, entries: new Array<number>(9).fill(SECRET) }]));
  expect(tells(await worker(requests.requestMatrixBlocks(1, [WHOLE])))).toBe(true);
});
