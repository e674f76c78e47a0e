/** The legacy protocol on real sockets: every dialect and layout on every number of workers, by clients that derive rows and columns as the real ones do. */
import type { AlchemistServer } from '#src/index.js';
import type { DistPair } from '#src/layout/distribution.js';
import { COMMANDS, LAYOUTS } from '#src/protocol/legacy/codes.js';
import type { MatrixInfo } from '#src/protocol/legacy/matrix-info.js';
import { CLIENTS, PYTHON } from '../protocol/legacy/legacy-client.js';
import { LegacySession } from './legacy-session.js';
import { started, until } from './started.js';

let server: AlchemistServer;
beforeAll(async () => {
  server = await started({ workers: 8, memoryPerWorker: '16MiB' });
});
afterEach(() => until('all workers are back', () => server.sessions === 0));

const SENT = LAYOUTS.filter((layout): layout is DistPair => layout !== 'CIRC_CIRC');

describe.each(Object.entries(CLIENTS))('a client of the kind %s', (_, kind) => {
  test.each([1, 2, 3, 4, 6, 8])('on %d workers sends and fetches every layout, and runs TestLib', async (workers) => {
    const client = await LegacySession.open(server, kind, workers);
    expect(client.data.size).toBe(workers);
    const entry = (i: number, j: number): number => 10 * i + j + 0.5;
    const wanted = Array.from({ length: 13 }, (__, i) => Array.from({ length: 9 }, (___, j) => entry(i, j)));
    for (const layout of SENT) expect([layout, await client.fetch(await client.send(13, 9, layout, entry))]).toEqual([layout, wanted]);
    const library = (await client.driver.ask((requests) => requests.loadLibrary('TestLib', '/usr/lib/testlib.so'))).answer.body.at(-1)!;
    const A = await client.send(13, 9, 'MC_MR', (i, j) => (i === j ? 9 - i : 0));
    const results = (await client.driver.ask((requests) => requests.runTask(library, 'truncated_svd', [{ name: 'A', type: 'MATRIX_ID', value: A.id }, { name: 'rank', type: 'INT', value: 3 }]))).answer.results();
    const S = results.find(({ name }) => name === 'S')!;
    (await client.fetch(S.value as MatrixInfo)).forEach(([value], k) => expect(value).toBeCloseTo(7 + k, 10));
    const greeting = (await client.driver.ask((requests) => requests.runTask(library, 'greet', [{ name: 'in_long', type: 'LONG', value: 98_765_432_123_456_789n }, { name: 'in_double', type: 'DOUBLE', value: 77.25 }, { name: 'in_string', type: 'STRING', value: 'hello' }]))).answer.results();
    const out = Object.fromEntries(greeting.map(({ name, value }) => [name, value]));
    expect(out).toMatchObject({ out_long: 98_765_432_123_456_789n, out_double: 77.25, out_string: 'hello' });
    client.close();
  });
});

test('workers are listed, yielded, requested again, and refusals leave the client usable', async () => {
  const client = await LegacySession.open(server, PYTHON, 2);
  const ids = async (command: keyof typeof COMMANDS): Promise<number[]> => (await client.driver.ask((requests) => requests.plain(command))).answer.workers().map(({ id }) => id);
  expect([await ids('LIST_ALL_WORKERS'), await ids('LIST_ACTIVE_WORKERS'), await ids('LIST_INACTIVE_WORKERS'), await ids('LIST_ASSIGNED_WORKERS')]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8], [1, 2], [3, 4, 5, 6, 7, 8], [1, 2]]);
  const A = await client.send(5, 4, 'MC_MR', (i, j) => i - j);
  expect((await client.driver.ask((requests) => requests.runTask(77, 'nosuch', []))).header.error).not.toBe(0);
  expect((await client.fetch(A))[4][0]).toBe(4);
  expect((await client.request(2)).length).toBe(4);
  expect((await client.driver.ask((requests) => requests.yieldWorkers([]))).answer.workers().map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  expect(await ids('LIST_INACTIVE_WORKERS')).toHaveLength(8);
  client.close();
});
