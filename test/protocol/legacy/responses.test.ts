import { COMMANDS, ERRORS } from '#src/protocol/legacy/codes.js';
import { encodeEntries } from '#src/protocol/legacy/entries.js';
import { Reader } from '#src/protocol/legacy/reader.js';
import { encodeRefusal } from '#src/protocol/legacy/refusals.js';
import { encodeBlocks, encodeRows, encodeRowsReceived, encodeTaskResults, encodeText, type Addressee } from '#src/protocol/legacy/responses.js';
import { driverReceived, driverTestString, workerReceived, workerTestString } from '#src/protocol/legacy/test-strings.js';
import { errorOf, hex, join } from '../bytes.js';
import { Answer, CLIENTS, DASK, parts, PYTHON, SPARK } from './legacy-client.js';

const to = (client = PYTHON): Addressee => ({ clientId: 1, sessionId: 2, client });
const SIZE = { height: 6, width: 4 };
const entry = (i: number, j: number): number => 10 * i + j;
const bounds = (start: number, end: number, step = 1) => ({ start, end, step });

/** A long answer as it is written: every part's head, and its entries behind it. */
function written(answer: ReturnType<typeof encodeBlocks>, client = PYTHON): Uint8Array {
  return join(answer.flatMap(({ head, block: { rows, cols } }) => {
    const values = Array.from({ length: rows.count * cols.count }, (_, t) =>
      entry(rows.start + Math.floor(t / cols.count) * rows.step, cols.start + (t % cols.count) * cols.step));
    return [head, encodeEntries(Float64Array.from(values), client)];
  }));
}

describe('answers', () => {
  test.each(Object.entries(CLIENTS))('%s gets the blocks it asked for, ranges repeated exactly', (_, client) => {
    const asked = [{ rows: bounds(0, 5, 2), cols: bounds(1, 3) }, { rows: bounds(5, 5), cols: bounds(0, 0) }, { rows: bounds(3, 2), cols: bounds(0, 3) }];
    const message = written(encodeBlocks(to(client), 9, SIZE, asked), client);
    const { header, body } = parts(message);
    expect(header).toEqual({ clientId: 1, sessionId: 2, command: COMMANDS.REQUEST_MATRIX_BLOCKS, error: 0, bodyBytes: body.length });
    const { matrix, blocks } = new Answer(body, client).matrixBlocks();
    expect([matrix, blocks.map(({ ranges }) => ranges)]).toEqual([9, asked]);
    expect(blocks.map(({ entries }) => entries)).toEqual([[1, 2, 3, 21, 22, 23, 41, 42, 43], [50], []]);
  });

  test('no block at all is answered, too', () => {
    expect(hex(written(encodeBlocks(to(), 9, SIZE, [])))).toBe('000100022400' + '00000003' + '350009');
  });

  test('rows are answered whole', () => {
    const { body } = parts(written(encodeRows(to(SPARK), 9, SIZE, [5, 0]), SPARK));
    expect(new Answer(body, SPARK).indexedRows()).toEqual({ matrix: 9, rows: [{ row: 5, entries: [50, 51, 52, 53] }, { row: 0, entries: [0, 1, 2, 3] }] });
    expect(hex(parts(encodeRowsReceived(to(SPARK), 9, 2)).body)).toBe('350009' + '240000000000000002');
  });

  test('what lies outside of the matrix, or does not fit into a message, is refused', () => {
    expect(errorOf(() => encodeBlocks(to(), 1, SIZE, [{ rows: bounds(0, 6), cols: bounds(0, 3) }])).code).toBe('E_ARGUMENT');
    expect(errorOf(() => encodeRows(to(), 1, SIZE, [6])).message).toMatch(/row 6 was asked for/u);
    const large = { height: 2 ** 29, width: 1 };
    const all = [{ rows: bounds(0, 2 ** 28), cols: bounds(0, 0) }]; // 2 GiB and 8 bytes
    expect(encodeBlocks(to(DASK), 1, large, all)).toHaveLength(1);
    expect(errorOf(() => encodeBlocks(to(SPARK), 1, large, all)).message).toMatch(/a message has at most 2147483647/u);
    expect(errorOf(() => encodeBlocks(to(DASK), 1, large, [...all, ...all])).message).toMatch(/a message has at most 4294967295/u);
  });

  test('results of a task keep their types and order; negative and 64-bit integers their bits', () => {
    const results = [
      { name: 'l', type: 'LONG' as const, value: -(2n ** 63n) }, { name: 'i', type: 'INT' as const, value: -2 }, { name: 'c', type: 'CHAR' as const, value: 65 },
      { name: 'z', type: 'DOUBLE' as const, value: -0 }, { name: 's', type: 'STRING' as const, value: 'é' },
    ];
    expect(new Answer(parts(encodeTaskResults(to(SPARK), results)).body, SPARK).results()).toEqual(results);
    expect(hex(parts(encodeTaskResults(to(), [])).body)).toBe('');
  });

  test('texts are the sentences that clients show', () => {
    const text = (sentence: string): string => new Reader(parts(encodeText(to(), 'SEND_TEST_STRING', sentence)).body, PYTHON).taggedString();
    expect(text(driverReceived(1, 'x'))).toBe("The Alchemist driver for session 1 received: 'x'.");
    expect(text(driverTestString(1))).toBe('This is a test string from the Alchemist driver for session 1.');
    expect(text(workerReceived('x'))).toBe("Alchemist worker received: 'x'");
    expect(text(workerTestString(1))).toBe('This is a test string from Alchemist worker 001');
  });

  test('entries of a big-endian client are swapped in a copy, those of a little-endian one are not copied', () => {
    const entries = Float64Array.of(1, -0);
    expect(hex(encodeEntries(entries, SPARK))).toBe('3ff0000000000000' + '8000000000000000');
    expect(encodeEntries(entries, PYTHON).buffer).toBe(entries.buffer);
    expect([...entries]).toEqual([1, -0]);
  });
});

describe('refusals', () => {
  const refuse = (code: number, error?: number) => {
    const message = encodeRefusal(to(), code, 'why', error)!;
    const { header, body } = parts(message);
    expect([header.command, header.bodyBytes]).toEqual([code, body.length]);
    return `${header.error} ${hex(body)}`;
  };
  const WHY = '2e0003776879';

  test.each<[keyof typeof COMMANDS, string]>([
    ['HANDSHAKE', `1 ${WHY}`],
    ['REQUEST_WORKERS', '5 220000'],
    ['YIELD_WORKERS', '4 220000'],
    ['LIST_ALL_WORKERS', '4 220000'],
    ['LIST_ACTIVE_WORKERS', '4 220000'],
    ['LIST_INACTIVE_WORKERS', '4 220000'],
    ['LIST_ASSIGNED_WORKERS', '4 220000'],
    ['LOAD_LIBRARY', '4 3100'],
    ['SEND_MATRIX_INFO', `4 ${WHY}`],
    ['RUN_TASK', `4 642e0005${'6572726f72'}${WHY}`],
    ['SEND_MATRIX_BLOCKS', `255 ${WHY}`],
    ['REQUEST_MATRIX_BLOCKS', `4 ${WHY}`],
    ['SEND_MATRIX_LAYOUT', `4 ${WHY}`],
    ['REQUEST_ID', `4 ${WHY}`],
  ])('%s: its client reports it, or reads nothing wrong', (command, expected) => {
    expect(refuse(COMMANDS[command])).toBe(expected);
  });

  test('an unknown command is refused under its own number', () => {
    expect(refuse(200)).toBe(`4 ${WHY}`);
  });

  test('a request for no workers has a code of its own', () => {
    expect(refuse(COMMANDS.REQUEST_WORKERS, ERRORS.NONPOS_WORKER_REQUEST)).toBe('6 220000');
  });

  test('all commands are answered but the two whose clients do not read', () => {
    const silent = Object.entries(COMMANDS).filter(([, code]) => encodeRefusal(to(), code, 'why') === undefined);
    expect(silent.map(([name]) => name)).toEqual(['CLOSE_CONNECTION', 'SHUTDOWN']);
  });
});
