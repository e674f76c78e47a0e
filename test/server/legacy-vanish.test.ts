/** Legacy clients that are gone in the middle of something, with a reset or without a word: workers, memory and sessions come back. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type AlchemistServer, connect } from '#src/index.js';
import type { LegacyClient } from '#src/protocol/legacy/client.js';
import { DASK, PYTHON, PYTHON_MID_2019, SPARK } from '../protocol/legacy/legacy-client.js';
import { LegacySession } from './legacy-session.js';
import { mustBeFree, mustServe, started, until } from './started.js';

const WORKERS = 2;
/** 32 MB: more than the system keeps for a client that does not read. */
const ORDER = 2000;
const WHOLE = { rows: { start: 0, end: ORDER - 1, step: 1 }, cols: { start: 0, end: ORDER - 1, step: 1 } };
const BAND = { rows: { start: 0, end: 99, step: 1 }, cols: WHOLE.cols };
const BAND_ENTRIES = new Array<number>(100 * ORDER).fill(1);

/** HEAD twice: the JVM's bytes are in the other order, and it is answered packet by packet. */
const KINDS: [name: string, kind: LegacyClient][] = [['HEAD', PYTHON], ['HEAD, Scala', SPARK], ['L2', PYTHON_MID_2019], ['L1', DASK]];

/** What a client is in the middle of. Each resolves when all has been said that will be. */
const MOMENTS: Record<string, (client: LegacySession) => Promise<void>> = {
  async 'sending'(client) {
    const { id } = await matrix(client);
    for (const { socket, requests } of client.data.values()) {
      const message = requests.sendMatrixBlocks(id, [{ ranges: BAND, entries: BAND_ENTRIES }]);
      await new Promise((resolve) => socket.write(message.subarray(0, message.length / 2), resolve));
    }
  },
  async 'fetching'(client) {
    const { id } = await matrix(client);
    for (const { socket, requests } of client.data.values()) {
      socket.write(requests.requestMatrixBlocks(id, [WHOLE]));
      await once(socket, 'data');
      socket.pause();
    }
  },
  async 'a task'(client) {
    await matrix(client);
    const library = (await client.driver.ask((requests) => requests.loadLibrary('trial.js', ''))).body.at(-1)!;
    client.driver.socket.write(client.driver.requests.runTask(library, 'wait', [{ name: 'milliseconds', type: 'DOUBLE', value: 600 }]));
  },
};

const matrix = async ({ driver }: LegacySession) => (await driver.ask((requests) => requests.sendMatrixInfo(ORDER, ORDER, 'VC_STAR'))).answer.matrixInfo();

const sockets = ({ driver, data }: LegacySession) => [driver, ...data.values()].map(({ socket }) => socket);

/** Nobody has a worker any more, a new client has all of them, and as much of their memories as the first one had. */
async function allBack(server: AlchemistServer, fresh: number): Promise<void> {
  await mustServe(server);
  expect(await freeMemory(server)).toBe(fresh);
}

/** Bytes that a new client of all workers finds free in their memories. */
async function freeMemory(server: AlchemistServer): Promise<number> {
  await mustBeFree(server);
  await using al = await connect(server.url, { workers: WORKERS });
  return (await al.memory()).free;
}

describe.each(KINDS)('a client of the dialect %s', (_, kind) => {
  test.each(Object.entries(MOMENTS))('is reset in the middle of %s, again and again', async (__, moment) => {
    const server = await started({ workers: WORKERS });
    const fresh = await freeMemory(server);
    const resident: number[] = [];
    for (let round = 0; round < 8; round++) {
      const client = await LegacySession.open(server, kind, WORKERS);
      await moment(client);
      // A reset takes along what the server has not read yet.
      await delay(20);
      for (const socket of sockets(client)) socket.resetAndDestroy();
      await allBack(server, fresh);
      resident.push(process.memoryUsage().rss / 2 ** 20);
    }
    // Each round touches some 32 MiB in the workers' memories.
    expect(Math.min(...resident.slice(-3)) - Math.min(...resident.slice(1, 4))).toBeLessThan(64);
    await server.close();
  });

  test.each(Object.entries(MOMENTS))('falls silent in the middle of %s, and is ended by the idle limit', async (__, moment) => {
    const server = await started({ workers: WORKERS, idleSeconds: 0.3 });
    const fresh = await freeMemory(server);
    const client = await LegacySession.open(server, kind, WORKERS);
    await moment(client);
    // A peer that is there no more: nothing is read, nothing is answered, no end is sent.
    for (const socket of sockets(client)) socket.pause();
    await allBack(server, fresh);
    for (const socket of sockets(client)) socket.destroy();
    await server.close();
  });

  test('loses its connections to workers in the middle of sending and fetching, and goes on over new ones', async () => {
    const server = await started({ workers: WORKERS });
    const client = await LegacySession.open(server, kind, WORKERS);
    const kept = await client.send(13, 9, 'MC_MR', (i, j) => i - j);
    for (const moment of [MOMENTS.sending, MOMENTS.fetching]) {
      await moment(client);
      await delay(20);
      for (const { socket } of client.data.values()) socket.resetAndDestroy();
      client.data.clear();
      await client.request(1);
      expect((await client.fetch(kept))[12][0]).toBe(12);
    }
    client.close();
    await mustServe(server);
    await server.close();
  });
});

test('only the connection to the driver is lost: those to the workers are closed', async () => {
  const server = await started({ workers: WORKERS });
  const client = await LegacySession.open(server, DASK, WORKERS);
  await MOMENTS.sending(client);
  client.driver.socket.resetAndDestroy();
  await until('the workers hang up', () => [...client.data.values()].every(({ socket }) => socket.closed));
  await mustServe(server);
  await server.close();
});
