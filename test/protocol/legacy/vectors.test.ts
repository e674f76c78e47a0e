/** Messages captured from the clients, and what a server should answer: two workers on 127.0.0.1, ports 24961 and 24962. */
import { readFileSync } from 'node:fs';
import type { ConnectionIds, Dialect } from '#src/protocol/legacy/client.js';
import { compatGrid } from '#src/protocol/legacy/compat-grid.js';
import { encodeHandshakeReply, recogniseHandshake } from '#src/protocol/legacy/handshake.js';
import type { MatrixInfo } from '#src/protocol/legacy/matrix-info.js';
import type { Parameter } from '#src/protocol/legacy/parameter.js';
import { decodeRequest } from '#src/protocol/legacy/requests.js';
import {
  encodeBlocks, encodeBlocksReceived, encodeLibraryId, encodeMatrixInfo, encodeTaskResults, encodeWorkers, type Addressee,
} from '#src/protocol/legacy/responses.js';
import { BlockStream } from '#src/protocol/legacy/block-stream.js';
import { encodeEntries } from '#src/protocol/legacy/entries.js';
import type { DistPair } from '#src/layout/distribution.js';
import { hex, join, unhex } from '../bytes.js';
import { Answer, DASK, parts, PYTHON, PYTHON_MID_2019, Requests } from './legacy-client.js';

interface Vector {
  readonly name: string;
  readonly dialect: Dialect;
  readonly from: 'client' | 'server';
  readonly on: 'driver' | 'worker';
  readonly hex: string;
}

const VECTORS = JSON.parse(readFileSync('test/fixtures/protocol/legacy/vectors.json', 'utf8')) as Vector[];

const vector = (name: string, from: Vector['from'], dialect: Dialect = 'HEAD', on?: Vector['on']): string =>
  VECTORS.find((v) => v.name === name && v.from === from && v.dialect === dialect && (!on || v.on === on))!.hex;

const CLIENT = { HEAD: PYTHON, L2: PYTHON_MID_2019, L1: DASK };
const DRIVER: ConnectionIds = { clientId: 1, sessionId: 1 };
const WORKER: ConnectionIds = { clientId: 1, sessionId: 2 };
const to = (ids: ConnectionIds, dialect: Dialect = 'HEAD'): Addressee => ({ ...ids, client: CLIENT[dialect] });

/** A captured request: the client of these tests writes the same bytes, and they are read as the fields expected. */
function request(name: string, written: Uint8Array, fields: object, dialect: Dialect = 'HEAD'): void {
  expect(hex(written)).toBe(vector(name, 'client', dialect));
  const { header, body } = parts(written);
  expect(decodeRequest(header.command, body, CLIENT[dialect])).toEqual(fields);
}

const WORKERS = [1, 2].map((id) => ({ id, hostname: '127.0.0.1', address: '127.0.0.1', port: 24960 + id, group: 1 }));
const matrix = (id: number, name: string, height: number, width: number, layout: DistPair): MatrixInfo =>
  ({ id, name, height, width, ...compatGrid(layout, [1, 2], height, width) });
const RANGES = { rows: { start: 0, end: 2, step: 2 }, cols: { start: 0, end: 1, step: 1 } };
const BLOCK = { rows: { start: 0, step: 2, count: 2 }, cols: { start: 0, step: 1, count: 2 } };

describe('captured messages', () => {
  test.each<[string, Dialect, Vector['on'], number | undefined]>([
    ['ACIPython to the driver', 'HEAD', 'driver', 10_010],
    ['ACIPython to a worker', 'HEAD', 'worker', 10_000_010],
    ['ACIPython of mid-2019', 'L2', 'driver', 10_010],
    ['ACIDask', 'L1', 'driver', undefined],
  ])('the handshake of %s', (_, dialect, on, bufferBytes) => {
    const client = { ...CLIENT[dialect], bufferBytes };
    const bytes = unhex(vector('handshake', 'client', dialect, on));
    expect(recogniseHandshake(parts(bytes).body)).toEqual(client);
    expect(hex(new Requests(client).handshake())).toBe(hex(bytes));
  });

  test('the answer to the handshake', () => {
    expect(hex(encodeHandshakeReply(DRIVER, PYTHON))).toBe(vector('handshake', 'server', 'HEAD', 'driver'));
    expect(hex(encodeHandshakeReply(WORKER, PYTHON))).toBe(vector('handshake', 'server', 'HEAD', 'worker'));
  });

  test('a test string', () => {
    const text = 'This is a test message from client 1';
    request('sendTestString', new Requests(PYTHON, DRIVER).sendTestString(text), { command: 'SEND_TEST_STRING', text });
  });

  test('workers asked for, granted and given back', () => {
    const client = new Requests(PYTHON, DRIVER);
    request('requestWorkers', client.requestWorkers(2), { command: 'REQUEST_WORKERS', count: 2 });
    const granted = encodeWorkers(to(DRIVER), 'REQUEST_WORKERS', WORKERS);
    expect(hex(granted)).toBe(vector('requestWorkers', 'server'));
    expect(new Answer(parts(granted).body, PYTHON).workers()).toEqual(WORKERS);
    request('yieldWorkers', client.yieldWorkers([2]), { command: 'YIELD_WORKERS', workers: [2] });
    expect(hex(encodeWorkers(to(DRIVER), 'YIELD_WORKERS', [{ ...WORKERS[1], group: 0 }]))).toBe(vector('yieldWorkers', 'server'));
  });

  test('a library', () => {
    const written = new Requests(PYTHON, DRIVER).loadLibrary('TestLib', '/x/testlib.so');
    request('loadLibrary', written, { command: 'LOAD_LIBRARY', name: 'TestLib', path: '/x/testlib.so' });
    expect(hex(encodeLibraryId(to(DRIVER), 'LOAD_LIBRARY', 3))).toBe(vector('loadLibrary', 'server'));
  });

  test('a matrix announced and described', () => {
    const written = new Requests(PYTHON, DRIVER).sendMatrixInfo(3, 2, 'VC_STAR');
    request('sendMatrixInfo', written, { command: 'SEND_MATRIX_INFO', name: '', height: 3, width: 2, sparse: false, layout: 'VC_STAR' });
    for (const dialect of ['HEAD', 'L1'] as const) {
      const answer = encodeMatrixInfo(to(DRIVER, dialect), matrix(1, '', 3, 2, 'VC_STAR'));
      expect(hex(answer)).toBe(vector('sendMatrixInfo', 'server', dialect));
      expect(new Answer(parts(answer).body, CLIENT[dialect]).matrixInfo()).toEqual(matrix(1, '', 3, 2, 'VC_STAR'));
    }
  });

  test.each(['HEAD', 'L1'] as const)('rows 0 and 2 of [[1, 2], [3, 4], [5, 6]] sent, dialect %s', (dialect) => {
    const client = CLIENT[dialect];
    const written = new Requests(client, WORKER).sendMatrixBlocks(1, [{ ranges: RANGES, entries: [1, 2, 5, 6] }]);
    expect(hex(written)).toBe(vector('sendMatrixBlocks', 'client', dialect));
    const placed: [object, number[]][] = [];
    const { header, body } = parts(written);
    const stream = new BlockStream(header.bodyBytes, client, {
      matrix: () => ({ height: 3, width: 2 }),
      place: (block, entries) => placed.push([block, [...entries]]),
    });
    stream.take(body);
    stream.end();
    expect(stream.failure).toBeUndefined();
    expect(placed).toEqual([[BLOCK, [1, 2, 5, 6]]]);
    const { matrix: id, blocks } = stream.received;
    expect(hex(encodeBlocksReceived(to(WORKER), id, blocks))).toBe(vector('sendMatrixBlocks', 'server'));
  });

  test.each(['HEAD', 'L1'] as const)('the same rows fetched, dialect %s', (dialect) => {
    const client = CLIENT[dialect];
    const written = new Requests(client, WORKER).requestMatrixBlocks(1, [RANGES]);
    request('requestMatrixBlocks', written, { command: 'REQUEST_MATRIX_BLOCKS', matrix: 1, blocks: [RANGES] }, dialect);
    const [part, ...more] = encodeBlocks(to(WORKER, dialect), 1, { height: 3, width: 2 }, [RANGES]);
    expect([part.block, more]).toEqual([BLOCK, []]);
    const answer = join([part.head, encodeEntries(Float64Array.of(1, 2, 5, 6), client)]);
    expect(hex(answer)).toBe(vector('requestMatrixBlocks', 'server', dialect));
    expect(new Answer(parts(answer).body, client).matrixBlocks()).toEqual({ matrix: 1, blocks: [{ ranges: RANGES, entries: [1, 2, 5, 6] }] });
  });

  test('truncated_svd', () => {
    const parameters: Parameter[] = [{ name: 'A', type: 'MATRIX_ID', value: 1 }, { name: 'rank', type: 'INT', value: 1 }];
    const written = new Requests(PYTHON, DRIVER).runTask(3, 'truncated_svd', parameters);
    request('runTruncatedSvd', written, { command: 'RUN_TASK', library: 3, task: 'truncated_svd', parameters });
    const results = [matrix(2, 'S', 1, 1, 'VR_STAR'), matrix(3, 'U', 3, 1, 'VR_STAR'), matrix(4, 'V', 2, 1, 'VR_STAR')]
      .map((value) => ({ name: value.name, type: 'MATRIX_INFO' as const, value }));
    const answer = encodeTaskResults(to(DRIVER), results);
    expect(hex(answer)).toBe(vector('runTruncatedSvd', 'server'));
    expect(new Answer(parts(answer).body, PYTHON).results()).toEqual(results);
  });

  test('greet, whose values go back as they came', () => {
    const given: Parameter[] = [
      { name: 'in_byte', type: 'BYTE', value: 9 },
      { name: 'in_char', type: 'CHAR', value: 0x79 },
      { name: 'in_short', type: 'SHORT', value: 9876 },
      { name: 'in_int', type: 'INT', value: 987654321 },
      { name: 'in_long', type: 'LONG', value: 98765432123456789n },
      { name: 'in_float', type: 'FLOAT', value: Math.fround(77.777778) },
      { name: 'in_double', type: 'DOUBLE', value: 88.88888888888889 },
      { name: 'in_string', type: 'STRING', value: 'test string' },
    ];
    const written = new Requests(PYTHON, DRIVER).runTask(3, 'greet', given);
    request('runGreet', written, { command: 'RUN_TASK', library: 3, task: 'greet', parameters: given });
    const back = given.map((parameter) => ({ ...parameter, name: parameter.name.replace('in_', 'out_') }));
    expect(new Answer(parts(encodeTaskResults(to(DRIVER), back)).body, PYTHON).results()).toEqual(back);
  });

  test('every vector is used by a test above', () => {
    const source = readFileSync('test/protocol/legacy/vectors.test.ts', 'utf8');
    for (const { name } of VECTORS) expect([name, source.includes(`'${name}'`)]).toEqual([name, true]);
  });
});
