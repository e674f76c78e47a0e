/** Anything at all on real sockets: valid beginnings, then mutated frames, on the driver's port and a worker's, in both protocols. The server goes on. */
import { readFileSync } from 'node:fs';
import { type AlchemistServer, connect, type Session } from '#src/index.js';
import { encodeMessage, type Message } from '#src/protocol/messages.js';
import { HEADER_BYTES } from '#src/protocol/legacy/header.js';
import { Sequence } from '../grids.js';
import { join, unhex } from '../protocol/bytes.js';
import { GOLDEN } from '../protocol/golden.js';
import { PYTHON, Requests, SPARK } from '../protocol/legacy/legacy-client.js';
import { Line } from './legacy-line.js';
import { HELLO, mustServe, RawClient, started, until } from './started.js';

const ROUNDS = 1500;
const AT_ONCE = 12;
const FRAMES = GOLDEN.map(({ hex }) => unhex(hex));
const VECTORS = JSON.parse(readFileSync('test/fixtures/protocol/legacy/vectors.json', 'utf8')) as { hex: string; from: string }[];
/** A HEAD handshake and its answer; an answer with blocks lies behind that. */
const HANDSHAKE_BYTES = HEADER_BYTES + 181;
const BLOCKS_AT = HEADER_BYTES + 19 + HEADER_BYTES + 53;
const MESSAGES = VECTORS.filter(({ from }) => from === 'client').map(({ hex }) => unhex(hex));

/** Some of the frames, with bytes changed, cut out or put in. */
function mangled(next: Sequence, frames: readonly Uint8Array[]): Uint8Array {
  let stream: Uint8Array = join(Array.from({ length: 1 + next.below(4) }, () => next.pick(frames)));
  for (let k = next.below(4); k > 0; k--) stream[next.below(Math.min(stream.length, next.pick([24, 600])))] = next.pick([0, 1, 0xff, 0x7f, 0x80, next.below(256)]);
  const at = next.below(stream.length);
  if (next.below(4) === 0) stream = join([stream.subarray(0, at), stream.subarray(at + next.below(40))]);
  if (next.below(4) === 0) stream = join([stream.subarray(0, at), Uint8Array.from({ length: next.below(9) }, () => next.below(256)), stream.subarray(at)]);
  return stream;
}

/** The sessions that a stray client knows of: a native one, and a legacy one with its matrix. */
interface Hosts {
  readonly native: { readonly session: number; readonly secret: Uint8Array };
  readonly legacy: { readonly port: number; readonly matrix: number };
}

/** What a client says before it goes astray, so that mutated frames reach every request. */
function beginning(next: Sequence, server: AlchemistServer, { native, legacy }: Hosts): { port: number; first: Uint8Array; frames: readonly Uint8Array[] } {
  const kind = next.pick([PYTHON, SPARK]);
  const shaken = new Requests(kind).handshake();
  switch (next.below(6)) {
    case 0:
      return { port: server.port, first: new Uint8Array(0), frames: next.pick([FRAMES, MESSAGES]) };
    case 1:
      return { port: server.port, first: join(encodeMessage('HELLO', HELLO)), frames: FRAMES };
    case 2:
      return { port: next.pick(server.workerPorts), first: join(encodeMessage('ATTACH', { id: 1, ...native })), frames: [...FRAMES, ...TRANSFERS] };
    case 3:
      return { port: server.port, first: shaken, frames: MESSAGES };
    case 4:
      return { port: next.pick(server.workerPorts), first: shaken, frames: MESSAGES };
    default: {
      // Without naming a matrix of the worker's client first, one mistake would be the last.
      const ask = new Requests(kind, NO_IDS).requestMatrixBlocks(legacy.matrix, [{ rows: { start: 0, end: 2, step: 1 }, cols: { start: 0, end: 1, step: 1 } }]);
      return { port: legacy.port, first: join([shaken, ask]), frames: [ask, ...MESSAGES.map((message) => renamed(message, legacy.matrix))] };
    }
  }
}

const NO_IDS = { clientId: 0, sessionId: 0 };

/** The message about this matrix, if it is about matrix 1. */
function renamed(message: Uint8Array, matrix: number): Uint8Array {
  const copy = Uint8Array.from(message);
  if (copy[10] === 53 && copy[11] === 0 && copy[12] === 1) copy.set([matrix >> 8, matrix & 0xff], 11);
  return copy;
}

/** Blocks of matrix 1 of the session that lends its name to the guesses. */
const TRANSFERS = (['row', 'column'] as const).flatMap((order) => {
  const block = { matrix: 1, rows: { start: 1, step: 2, count: 3 }, cols: { start: 0, step: 1, count: 4 }, order, dtype: 'f64' } as const;
  return [join(encodeMessage('PUT', { id: 2, ...block, last: true }, [new Uint8Array(96)])), join(encodeMessage('GET', { id: 3, ...block, bufferSize: 4096 }))];
});

test(`${ROUNDS} connections that go astray: none of them ends the server, takes its memory, or disturbs a session that is at work`, async () => {
  const server = await started({ workers: 5, memoryPerWorker: '32MiB', greetingSeconds: 2 });
  const seed = Number(process.env.FUZZ_SEED ?? 20_240_607);
  const next = new Sequence(seed);
  const victim: Session = await connect(server.url, { workers: 2, grid: '2x1' });
  const A = await victim.send(Array.from({ length: 40 }, (_, i) => Array.from({ length: 40 }, (__, j) => i - j)));
  const legacy = await Line.greeted(server.port, PYTHON);
  const [worker] = (await legacy.ask((requests) => requests.requestWorkers(1))).answer.workers();
  const matrix = (await legacy.ask((requests) => requests.sendMatrixInfo(3, 2, 'MC_MR'))).answer.matrixInfo();
  const host = await RawClient.greeted(server, 1);
  await host.client.ask('CREATE', { id: 3, height: 40, width: 40, dtype: 'f64', dist: 'MC_MR' });
  // The legacy client's own connection, which has named its matrix before anybody guesses.
  const line = await Line.greeted(worker.port, PYTHON);
  const mine = { rows: { start: 0, end: 2, step: 1 }, cols: { start: 0, end: 1, step: 1 } };
  await line.ask((requests) => requests.requestMatrixBlocks(matrix.id, [mine]));
  const hosts: Hosts = { native: { session: host.welcome.session, secret: host.welcome.secret }, legacy: { port: worker.port, matrix: matrix.id } };
  const errors = new Map<string, number>();
  let legacyBlocks = 0;
  let hungUp = 0;
  const before = process.memoryUsage();
  const work = async (): Promise<void> => {
    const { port, first, frames } = beginning(next, server, hosts);
    const client = await RawClient.open(port);
    // Legacy messages bear the ids that the handshake is answered with.
    const isLegacy = first[0] === 0;
    if (isLegacy) {
      client.write(first.subarray(0, HANDSHAKE_BYTES));
      await until('the handshake is answered', () => client.ended || client.received.length >= HEADER_BYTES);
    }
    const ids = client.received.subarray(0, 4);
    const addressed = (message: Uint8Array): Uint8Array => (isLegacy ? join([ids, message.subarray(4)]) : message);
    const noise = mangled(next, frames.map(addressed));
    if (!isLegacy) client.write(first);
    else if (first.length > HANDSHAKE_BYTES) client.write(addressed(first.subarray(HANDSHAKE_BYTES)));
    if (next.below(3) === 0) {
      const cut = next.below(noise.length);
      client.write(noise.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 2));
      client.write(noise.subarray(cut));
    } else client.write(noise);
    const ended = next.below(2) === 0;
    if (ended) client.socket.end();
    await new Promise((resolve) => setTimeout(resolve, next.below(8)));
    for (const answer of client.answers as readonly Message[]) if (answer.kind === 'ERROR') errors.set(answer.code, (errors.get(answer.code) ?? 0) + 1);
    if (client.ended) hungUp++;
    if (port === hosts.legacy.port && isLegacy && client.received.length > BLOCKS_AT) legacyBlocks++;
    // A process of Node 20 in which a socket is reset while it is being ended never ends itself.
    if (!ended && next.below(2) === 0) client.socket.resetAndDestroy();
    else client.socket.destroy();
  };
  for (let round = 0; round < ROUNDS; round += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (round % 240 === 0) {
      expect([seed, round, await victim.norm(A, 'max'), (await victim.fetch(A)).get(39, 0)]).toEqual([seed, round, 39, 39]);
    }
  }
  const after = process.memoryUsage();
  // The inputs have reached what they were meant to reach.
  for (const code of ['E_PROTOCOL', 'E_VERSION', 'E_AUTH']) expect([code, (errors.get(code) ?? 0) > 2]).toEqual([code, true]);
  expect(hungUp).toBeGreaterThan(ROUNDS / 20);
  expect((after.rss - before.rss) / 2 ** 20).toBeLessThan(250);
  expect((await victim.fetch(A)).toArray()[3][5]).toBe(-2);
  // And the legacy worker has answered with blocks. Damaged ids count as guesses, and may have shut out new connections; its client works on.
  expect(legacyBlocks).toBeGreaterThan(ROUNDS / 20);
  expect((await line.ask((requests) => requests.plain('REQUEST_TEST_STRING'))).header.error).toBe(0);
  for (const { socket } of [line, legacy]) socket.destroy();
  host.client.socket.destroy();
  await victim.close();
  await mustServe(server);
});

test('a frame that comes a byte at a time is a frame; one that never ends holds nothing but its bytes', async () => {
  const server = await started({ workers: 1, greetingSeconds: 2 });
  const slow = await RawClient.open(server.port);
  for (const byte of join(encodeMessage('HELLO', HELLO))) {
    slow.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await slow.answer(1)).toMatchObject({ kind: 'WELCOME' });
  const before = process.memoryUsage().rss;
  const stuck = await Promise.all(Array.from({ length: 200 }, () => RawClient.open(server.port)));
  // Each announces a header of a megabyte, and sends a few bytes of it.
  for (const client of stuck) client.write(Buffer.from('414c01010000100000000000000000008342', 'hex'));
  await Promise.all(stuck.map((client) => client.closed()));
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(64);
  expect(await slow.ask('LIST_WORKERS', { id: 2, which: 'all' })).toMatchObject({ kind: 'REPLY' });
  slow.socket.destroy();
  await mustServe(server);
});

test('a legacy client that asks and never listens is cut off before its answers fill the memory', async () => {
  const server = await started({ workers: 1 });
  const { socket, requests } = await Line.greeted(server.port, PYTHON);
  socket.pause();
  const question = requests.sendTestString('x'.repeat(60_000));
  let sent = 0;
  for (; sent < 10_000 && !socket.destroyed; sent++) {
    socket.write(question);
    if (sent % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(socket.destroyed).toBe(true);
  // The limit, and what the operating system holds for both ends.
  expect((sent * 60_000) / 2 ** 20).toBeLessThan(200);
  await mustServe(server);
});

test('a client that asks and never listens is cut off before its answers fill the memory', async () => {
  const server = await started({ workers: 1 });
  const { client } = await RawClient.greeted(server);
  client.socket.pause();
  const before = process.memoryUsage().rss;
  const broken = new Promise<void>((resolve) => client.socket.once('close', () => resolve()));
  let over = false;
  void broken.then(() => (over = true));
  for (let id = 10; id < 60_000 && !over; id++) {
    client.send('LIST_TASKS', { id, library: 'elemental' });
    if (id % 60 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(over).toBe(true);
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
  await mustServe(server);
});
