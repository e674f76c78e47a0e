/** The legacy protocol knows no secrets, but it reaches nobody else's matrices: not native ones, nor those of another legacy client. */
import { type AlchemistServer, connect, serve } from '#src/index.js';
import type { ConnectionIds } from '#src/protocol/legacy/client.js';
import { ERRORS } from '#src/protocol/legacy/codes.js';
import type { MessageHeader } from '#src/protocol/legacy/header.js';
import { LegacyAccess } from '#src/server/legacy/access.js';
import { machineOf } from '#src/server/legacy/machine-of.js';
import { MatrixIds } from '#src/server/legacy/matrix-ids.js';
import { PYTHON, Requests } from '../protocol/legacy/legacy-client.js';
import { Line } from './legacy-line.js';

const SECRET = 1234.5678;
const WHOLE = { rows: { start: 0, end: 2, step: 1 }, cols: { start: 0, end: 2, step: 1 } };

let server: AlchemistServer;
const lines: Line[] = [];
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy();
  await server.close();
});

/** A connection that has not shaken hands. */
async function silent(port: number): Promise<Line> {
  const line = await Line.open(port, PYTHON);
  lines.push(line);
  return line;
}

/** A connection after its handshake. */
async function greeted(port: number): Promise<Line> {
  const line = await Line.greeted(port, PYTHON);
  lines.push(line);
  return line;
}

const read = async (line: Line, id: number): Promise<string> => verdict(await line.ask((requests) => requests.requestMatrixBlocks(id, [WHOLE])));
const write = async (line: Line, id: number, x: number): Promise<string> => verdict(await line.ask((requests) => requests.sendMatrixBlocks(id, [{ ranges: WHOLE, entries: new Array<number>(9).fill(x) }])));

/** What came back: the error's code, or whether the bytes of the secret number are in the answer. */
const verdict = ({ header, body }: { header: MessageHeader; body: Uint8Array }): string => {
  const told = Buffer.from(body).includes(Buffer.from(Float64Array.of(SECRET).buffer));
  return header.error === 0 ? (told ? 'told' : 'done') : `${told ? 'told, and ' : ''}error ${header.error}`;
};
const UNKNOWN_TO_READ = `error ${ERRORS.INCONSISTENT_DATATYPES}`;
const UNKNOWN_TO_WRITE = `error ${ERRORS.LOUD}`;

/** A legacy client with a matrix of its own, which holds the secret number. */
async function owner(workers: number): Promise<{ driver: Line; id: number }> {
  const driver = await greeted(server.port);
  await driver.ask((requests) => requests.requestWorkers(workers));
  const { id } = (await driver.ask((requests) => requests.sendMatrixInfo(3, 3, 'MC_MR'))).answer.matrixInfo();
  const worker = await greeted(server.workerPorts[0]);
  expect([await write(worker, id, SECRET), await read(worker, id)]).toEqual(['done', 'told']);
  return { driver, id };
}

test.each([undefined, 'a token'])('the matrices of a native session cannot be read or written through its workers (token: %s)', async (token) => {
  server = await serve({ port: 0, workers: 2, memoryPerWorker: '16MiB', token });
  const session = await connect(server.url, { workers: 2, token });
  const A = await session.constant(3, 3, SECRET);
  for (const port of server.workerPorts) {
    for (let id = 0; id < 4; id++) {
      const line = await greeted(port);
      expect(await read(line, id)).toBe(UNKNOWN_TO_READ);
      expect(await write(line, id, 7)).toBe(UNKNOWN_TO_WRITE);
    }
  }
  expect((await session.fetch(A)).data.every((x) => x === SECRET)).toBe(true);
  await session.close();
});

test('the matrices of a legacy client are reached only by who knows their ids: whoever names another is answered once, and cut off', async () => {
  server = await serve({ port: 0, workers: 1, memoryPerWorker: '16MiB' });
  const { id } = await owner(1);
  for (const guess of [1, 2, id ^ 1, id ^ 256].filter((other) => other !== id)) {
    const reader = await greeted(server.workerPorts[0]);
    expect(await read(reader, guess)).toBe(UNKNOWN_TO_READ);
    await expect(read(reader, id)).rejects.toThrow('hung up');
    const writer = await greeted(server.workerPorts[0]);
    // In one breath: the right one comes too late.
    writer.socket.cork();
    const answers = [write(writer, guess, 7), write(writer, id, 7)];
    writer.socket.uncork();
    expect(await Promise.allSettled(answers)).toMatchObject([{ value: UNKNOWN_TO_WRITE }, { status: 'rejected' }]);
  }
  const line = await greeted(server.workerPorts[0]);
  // One that has named a matrix of the client may err.
  expect([await read(line, id), await read(line, id ^ 1), await read(line, id)]).toEqual(['told', UNKNOWN_TO_READ, 'told']);
});

test('a worker takes no new connections once too many have guessed; the next client finds it open again', async () => {
  server = await serve({ port: 0, workers: 1, memoryPerWorker: '16MiB' });
  const { driver, id } = await owner(1);
  const [mine, early] = [await greeted(server.workerPorts[0]), await greeted(server.workerPorts[0])];
  expect(await read(mine, id)).toBe('told');
  for (let k = 0; k < 16; k++) await read(await greeted(server.workerPorts[0]), id ^ (k + 1));
  const late = await silent(server.workerPorts[0]);
  expect((await late.ask((requests) => requests.handshake())).header.error).toBe(ERRORS.INVALID_HANDSHAKE);
  // Nor those that had connected before, and named nothing yet.
  expect(await read(early, id)).toBe(UNKNOWN_TO_READ);
  expect(await read(mine, id)).toBe('told');
  await driver.ask((requests) => requests.yieldWorkers([]));
  await driver.ask((requests) => requests.requestWorkers(1));
  await greeted(server.workerPorts[0]);
});

test('another legacy client has other ids, and its tasks cannot name the matrices of the first', async () => {
  server = await serve({ port: 0, workers: 2, memoryPerWorker: '16MiB' });
  const first = await owner(1);
  const second = await greeted(server.port);
  await second.ask((requests) => requests.requestWorkers(1));
  const library = (await second.ask((requests) => requests.loadLibrary('elemental', ''))).body.at(-1)!;
  const own = (await second.ask((requests) => requests.sendMatrixInfo(3, 3, 'MC_MR'))).answer.matrixInfo().id;
  expect(own).not.toBe(first.id);
  const norm = async (id: number): Promise<number> => (await second.ask((requests) => requests.runTask(library, 'norm', [{ name: 'A', type: 'MATRIX_ID', value: id }]))).header.error;
  expect([await norm(own), await norm(first.id)]).toEqual([0, ERRORS.INCONSISTENT_DATATYPES]);
});

test('messages that do not bear the ids of their connection are refused, on the driver and on a worker', async () => {
  server = await serve({ port: 0, workers: 1, memoryPerWorker: '16MiB' });
  const { driver, id } = await owner(1);
  const astray = (line: Line, change: Partial<ConnectionIds>): Requests => new Requests(PYTHON, { ...line.requests.ids, ...change });
  const other = astray(driver, { clientId: driver.requests.ids.clientId + 1 });
  expect((await driver.ask(() => other.plain('LIST_ALL_WORKERS'))).header.error).toBe(ERRORS.INVALID_CLIENT_ID);
  expect((await driver.ask((requests) => requests.plain('LIST_ALL_WORKERS'))).header.error).toBe(0);
  const worker = await greeted(server.workerPorts[0]);
  const wrong = astray(worker, { sessionId: worker.requests.ids.sessionId + 1 });
  expect((await worker.ask(() => wrong.requestMatrixBlocks(id, [WHOLE]))).header.error).toBe(ERRORS.INVALID_CLIENT_ID);
  expect((await worker.ask(() => wrong.sendMatrixBlocks(id, [{ ranges: WHOLE, entries: new Array<number>(9).fill(7) }]))).header.error).toBe(ERRORS.INVALID_CLIENT_ID);
  expect(await read(worker, id)).toBe('told');
});

test('a worker that no legacy client has shakes no hands', async () => {
  server = await serve({ port: 0, workers: 1, memoryPerWorker: '16MiB' });
  const idle = await silent(server.workerPorts[0]);
  expect((await idle.ask((requests) => requests.handshake())).header.error).toBe(ERRORS.INVALID_HANDSHAKE);
  await owner(1);
  expect((await idle.ask((requests) => requests.handshake())).header.error).toBe(0);
});

test("all addresses of this machine are one; other machines are told apart by theirs, and a worker takes data from the client's only", () => {
  const machine = (remoteAddress: string, localAddress = '10.0.0.1'): string => machineOf({ remoteAddress, localAddress });
  expect(machine('127.0.0.1', '127.0.0.1')).toBe(machine('10.0.0.1'));
  expect(machine('::ffff:127.0.0.3', '::ffff:127.0.0.1')).toBe(machine('::1', '::1'));
  expect(machine('::ffff:10.0.0.7')).toBe(machine('10.0.0.7'));
  expect(new Set([machine('10.0.0.1'), machine('10.0.0.7'), machine('10.0.0.8')]).size).toBe(3);
  const owner = { session: 1, secret: new Uint8Array(16), rank: (): never => { throw new Error('nobody asks for a matrix'); } };
  const admits = (client: string, comer: string) => () => new LegacyAccess(owner, machine(client)).admit({ remoteAddress: comer, localAddress: '10.0.0.1' });
  expect(admits('10.0.0.7', '::ffff:10.0.0.7')).not.toThrow();
  expect(admits('10.0.0.1', '10.0.0.1')).not.toThrow();
  expect(admits('10.0.0.7', '10.0.0.8')).toThrow('another machine');
  expect(admits('10.0.0.7', '127.0.0.1')).toThrow('another machine');
});

test('matrix ids are a permutation of 1 to 65535, another one for every secret', () => {
  const [ids, others] = [new MatrixIds(Uint8Array.of(1, 2, 3)), new MatrixIds(Uint8Array.of(1, 2, 4))];
  const shown = Array.from({ length: 65_535 }, (_, k) => ids.shown(k + 1));
  expect(new Set(shown).size).toBe(65_535);
  expect([Math.min(...shown), Math.max(...shown)]).toEqual([1, 65_535]);
  expect(shown.every((name, k) => ids.meant(name) === k + 1)).toBe(true);
  expect(ids.meant(0)).toBe(0);
  expect(shown.filter((name, k) => others.shown(k + 1) === name).length).toBeLessThan(20);
  expect(() => ids.shown(65_536)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
});
