import type { LegacyClient } from '#src/protocol/legacy/client.js';
import { COMMANDS, type Command, LAYOUTS } from '#src/protocol/legacy/codes.js';
import type { Parameter } from '#src/protocol/legacy/parameter.js';
import { decodeRequest, type LegacyRequest } from '#src/protocol/legacy/requests.js';
import { Writer } from '#src/protocol/legacy/writer.js';
import { errorOf, unhex } from '../bytes.js';
import { CLIENTS, NATIVE, parts, PYTHON, PYTHON_MID_2019, Requests, SPARK } from './legacy-client.js';

const decode = (message: Uint8Array, client: LegacyClient = PYTHON): LegacyRequest => {
  const { header, body } = parts(message);
  return decodeRequest(header.command, body, client);
};
const decodeHex = (command: Command, body: string, client: LegacyClient = PYTHON): LegacyRequest => decodeRequest(COMMANDS[command], unhex(body), client);

const RANGES = { rows: { start: 1, end: 7, step: 3 }, cols: { start: 0, end: 4, step: 1 } };

describe('requests', () => {
  test.each(Object.entries(CLIENTS))('of %s are read back', (_, client) => {
    const write = new Requests(client);
    expect(decode(write.sendTestString('naïve ☃'), client)).toEqual({ command: 'SEND_TEST_STRING', text: 'naïve ☃' });
    expect(decode(write.requestWorkers(65_535), client)).toEqual({ command: 'REQUEST_WORKERS', count: 65_535 });
    expect(decode(write.yieldWorkers([]), client)).toEqual({ command: 'YIELD_WORKERS', workers: [] });
    expect(decode(write.yieldWorkers([3, 4]), client)).toEqual({ command: 'YIELD_WORKERS', workers: [3, 4] });
    for (const layout of LAYOUTS) {
      expect(decode(write.sendMatrixInfo(2 ** 40, 3, layout), client)).toEqual({ command: 'SEND_MATRIX_INFO', name: '', height: 2 ** 40, width: 3, sparse: false, layout });
    }
    expect(decode(write.requestMatrixBlocks(5, [RANGES, RANGES]), client)).toEqual({ command: 'REQUEST_MATRIX_BLOCKS', matrix: 5, blocks: [RANGES, RANGES] });
    expect(decode(write.requestIndexedRows(5, [9, 0]), client)).toEqual({ command: 'REQUEST_INDEXED_ROWS', matrix: 5, rows: [9, 0] });
    const parameters: Parameter[] = [
      { name: 'A', type: 'MATRIX_ID', value: 5 }, { name: 'd', type: 'DOUBLE', value: -1.5 }, { name: 'f', type: 'FLOAT', value: 0.25 }, { name: 's', type: 'STRING', value: '' },
    ];
    expect(decode(write.runTask(3, 't', parameters), client)).toEqual({ command: 'RUN_TASK', library: 3, task: 't', parameters });
    expect(decode(write.plain('LIST_ALL_WORKERS'), client)).toEqual({ command: 'LIST_ALL_WORKERS' });
  });

  test('a client of the last dialect may ask by six numbers as well', () => {
    expect(decode(new Requests(PYTHON).requestMatrixBlocks(5, [RANGES], true))).toEqual({ command: 'REQUEST_MATRIX_BLOCKS', matrix: 5, blocks: [RANGES] });
  });

  test('ACISpark yields all workers by an empty body, and says two things in CLIENT_INFO', () => {
    expect(decodeHex('YIELD_WORKERS', '', SPARK)).toEqual({ command: 'YIELD_WORKERS', workers: [] });
    expect(decodeHex('CLIENT_INFO', '220002 2e0001 2f', SPARK)).toEqual({ command: 'CLIENT_INFO', logDirectory: '/' });
    expect(decodeHex('CLIENT_INFO', '2e0001 2f', SPARK)).toEqual({ command: 'CLIENT_INFO', logDirectory: '/' });
    expect(decodeHex('UNLOAD_LIBRARY', '3103', SPARK)).toEqual({ command: 'UNLOAD_LIBRARY', library: 3 });
  });

  test('integers are unsigned for Python and signed for the others; tags of unsigned types are unsigned for all', () => {
    const body = `3103 2e000174 64 2e000162 21ff  64 2e000173 22fffe  64 2e000169 23fffffffd  64 2e00016c 24fffffffffffffffc  64 2e000175 25ff  64 2e000176 28ffffffffffffffff`;
    const values = (client: LegacyClient) => {
      const request = decodeHex('RUN_TASK', body, client);
      return request.command === 'RUN_TASK' && request.parameters.map(({ value }) => value);
    };
    expect(values(PYTHON)).toEqual([255, 65_534, 2 ** 32 - 3, 2n ** 64n - 4n, 255, 2n ** 64n - 1n]);
    expect(values(SPARK)).toEqual([-1, -2, -3, -4, 255, 2n ** 64n - 1n]);
    expect(values(NATIVE)).toEqual([-1, -2, -3, -4, 255, 2n ** 64n - 1n]);
  });

  test('a text that ACIPython has cut in the middle of a character is read leniently', () => {
    expect(decodeHex('SEND_TEST_STRING', '2e0004 6e61c3af')).toMatchObject({ text: 'naï' });
    expect(decodeHex('SEND_TEST_STRING', '2e0003 6e61c3')).toMatchObject({ text: 'na\ufffd' });
  });

  test('a text longer than the protocol can say is cut at a character', () => {
    const written = new Writer(PYTHON).taggedString('☃'.repeat(30_000)).body;
    expect(written.length).toBe(3 + 65_535);
    expect(decodeRequest(COMMANDS.SEND_TEST_STRING, written, PYTHON)).toMatchObject({ text: '☃'.repeat(21_845) });
  });

  test.each<[string, Command, string, RegExp]>([
    ['an empty body', 'REQUEST_WORKERS', '', /a value is missing at the end/u],
    ['another type', 'REQUEST_WORKERS', '2300000002', /SHORT \(34\) was expected at byte 0, but there is INT \(35\)/u],
    ['an unknown tag', 'REQUEST_WORKERS', 'ee0002', /but there is the tag \(238\)/u],
    ['a value cut short', 'REQUEST_WORKERS', '2200', /2 bytes were expected at byte 1, but 1 are left/u],
    ['leftovers', 'REQUEST_WORKERS', '220002 00', /1 bytes are left behind the last value/u],
    ['a text longer than the message', 'SEND_TEST_STRING', '2effff 61', /65535 bytes were expected at byte 3, but 1 are left/u],
    ['more workers than the message holds', 'YIELD_WORKERS', '22ffff 220001', /a value is missing/u],
    ['an unknown layout', 'SEND_MATRIX_INFO', '2e0000 240000000000000003 240000000000000002 2100 210e', /the layout 14 is none from 0 to 13/u],
    ['a size past 2^53', 'SEND_MATRIX_INFO', '2e0000 247fffffffffffffff 240000000000000002 2100 210b', /too large/u],
    ['a parameter without a value', 'RUN_TASK', '3103 2e000174 64 2e000161', /1 bytes were expected/u],
    ['a parameter that is no value', 'RUN_TASK', '3103 2e000174 64 2e000161 36', /MATRIX_INFO \(54\) at byte 11 is not the value of a parameter/u],
    ['a block with data where one is asked for', 'REQUEST_MATRIX_BLOCKS', `350001 37 ${'0000000000000001'.repeat(6)} 01`, /comes with data/u],
    ['five numbers', 'REQUEST_MATRIX_BLOCKS', `350001 ${'240000000000000001'.repeat(5)}`, /a value is missing/u],
    ['a negative start', 'REQUEST_MATRIX_BLOCKS', `350001 24ffffffffffffffff ${'240000000000000001'.repeat(5)}`, /indices from -1 in steps of 1/u],
  ])('%s is refused', (_, command, body, message) => {
    const error = errorOf(() => decodeHex(command, body));
    expect([error.name, error.code]).toEqual(['AlchemistError', 'E_PROTOCOL']);
    expect(error.message).toMatch(message);
  });

  test('a block without data from a client whose blocks have no flag is read by its ranges', () => {
    expect(decodeHex('REQUEST_MATRIX_BLOCKS', `350001 37 ${'0000000000000001'.repeat(6)}`, PYTHON_MID_2019)).toMatchObject({ blocks: [{ rows: { start: 1, end: 1, step: 1 } }] });
  });

  test.each([0, 2, 7, 32, 34, 200])('the command %d is refused with its number, so that it can be answered', (code) => {
    const error = errorOf(() => decodeRequest(code, new Uint8Array(0), PYTHON));
    expect([error.code, error.fields]).toEqual(['E_ARGUMENT', { command: code }]);
  });
});
