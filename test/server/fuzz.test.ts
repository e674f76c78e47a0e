/** Anything at all on real sockets: valid beginnings, then mutated frames, on the driver's port and a worker's, in both protocols. The server goes on. */
import { readFileSync } from 'node:fs';
import { type AlchemistServer, connect, type Session } from '#src/index.js';
import { encodeMessage, type Message } from '#src/protocol/messages.js';
import { Sequence } from '../grids.js';
import { join, unhex } from '../protocol/bytes.js';
import { GOLDEN } from '../protocol/golden.js';
import { PYTHON, Requests, SPARK } from '../protocol/legacy/legacy-client.js';
import { HELLO, mustServe, RawClient, started } from './started.js';

const ROUNDS = 1500;
const AT_ONCE = 12;
const FRAMES = GOLDEN.map(({ hex }) => unhex(hex));
const VECTORS = JSON.parse(readFileSync('test/fixtures/protocol/legacy/vectors.json', 'utf8')) as { hex: string; from: string }[];
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

/** What a client says before it goes astray, so that mutated frames reach every request. */
async function beginning(next: Sequence, server: AlchemistServer, host: { id: number; secret: Uint8Array }): Promise<{ port: number; first: Uint8Array; frames: readonly Uint8Array[] }> {
  const worker = next.pick(server.workerPorts);
  const legacy = next.pick([PYTHON, SPARK]);
  const say = (...messages: Uint8Array[][]): Uint8Array => join(messages.flat());
  switch (next.below(5)) {
    case 0:
      return { port: server.port, first: new Uint8Array(0), frames: next.pick([FRAMES, MESSAGES]) };
    case 1:
      return { port: server.port, first: say(encodeMessage('HELLO', HELLO)), frames: FRAMES };
    case 2:
      return { port: worker, first: say(encodeMessage('ATTACH', { id: 1, session: host.id, secret: host.secret })), frames: [...FRAMES, ...TRANSFERS] };
    case 3:
      return { port: server.port, first: new Requests(legacy).handshake(), frames: MESSAGES };
    default:
      return { port: worker, first: new Requests(legacy).handshake(), frames: MESSAGES };
  }
}

/** Blocks of matrix 1 of the session that lends its name to the guesses. */
const TRANSFERS = (['row', 'column'] as const).flatMap((order) => {
  const block = { matrix: 1, rows: { start: 1, step: 2, count: 3 }, cols: { start: 0, step: 1, count: 4 }, order, dtype: 'f64' } as const;
  return [join(encodeMessage('PUT', { id: 2, ...block, last: true }, [new Uint8Array(96)])), join(encodeMessage('GET', { id: 3, ...block, bufferSize: 4096 }))];
});

test(`${ROUNDS} connections that go astray: none of them ends the server, takes its memory, or disturbs a session that is at work`, async () => {
  const server = await started({ workers: 4, memoryPerWorker: '32MiB', greetingSeconds: 2 });
  const seed = Number(process.env.FUZZ_SEED ?? 20_240_607);
  const next = new Sequence(seed);
  const victim: Session = await connect(server.url, { workers: 2, grid: '2x1' });
  const A = await victim.send(Array.from({ length: 40 }, (_, i) => Array.from({ length: 40 }, (__, j) => i - j)));
  const host = await RawClient.greeted(server, 1);
  await host.client.ask('CREATE', { id: 3, height: 40, width: 40, dtype: 'f64', dist: 'MC_MR' });
  const errors = new Map<string, number>();
  let hungUp = 0;
  const before = process.memoryUsage();
  const work = async (): Promise<void> => {
    const { port, first, frames } = await beginning(next, server, { id: host.welcome.session, secret: host.welcome.secret });
    const client = await RawClient.open(port);
    const noise = mangled(next, frames);
    client.write(first);
    if (next.below(3) === 0) {
      const cut = next.below(noise.length);
      client.write(noise.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 2));
      client.write(noise.subarray(cut));
    } else client.write(noise);
    if (next.below(2) === 0) client.socket.end();
    await new Promise((resolve) => setTimeout(resolve, next.below(8)));
    for (const answer of client.answers as readonly Message[]) if (answer.kind === 'ERROR') errors.set(answer.code, (errors.get(answer.code) ?? 0) + 1);
    if (client.ended) hungUp++;
    if (next.below(2) === 0) client.socket.resetAndDestroy();
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
