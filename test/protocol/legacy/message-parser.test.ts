import { COMMANDS } from '#src/protocol/legacy/codes.js';
import { encodeHeader, HEADER_BYTES, type MessageHeader } from '#src/protocol/legacy/header.js';
import { type MessageHandlers, MessageParser } from '#src/protocol/legacy/message-parser.js';
import { cutAt, errorOf, hex, join, largestAllocation, unhex } from '../bytes.js';
import { PYTHON, Requests } from './legacy-client.js';

const client = new Requests(PYTHON, { clientId: 1, sessionId: 2 });
const BLOCK = { ranges: { rows: { start: 0, end: 0, step: 1 }, cols: { start: 0, end: 1, step: 1 } }, entries: [1, 2] };
const STREAM = join([client.plain('LIST_ALL_WORKERS'), client.sendTestString('hello'), client.sendMatrixBlocks(3, [BLOCK]), client.requestWorkers(2)]);

function handlers(lines: string[]): MessageHandlers {
  const show = ({ clientId, sessionId, command }: MessageHeader) => `${clientId}/${sessionId} ${command}`;
  return {
    stream: (header) => {
      if (header.command !== COMMANDS.SEND_MATRIX_BLOCKS) return undefined;
      const taken: Uint8Array[] = [];
      return { take: (bytes) => taken.push(bytes.slice()), end: () => lines.push(`${show(header)} streamed ${hex(join(taken))}`) };
    },
    message: (header, body) => lines.push(`${show(header)} ${hex(body)}`),
  };
}

const header = (command: number, bodyBytes: number): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES);
  encodeHeader({ clientId: 0, sessionId: 0, command, error: 0, bodyBytes }, bytes);
  return bytes;
};

describe('the parser of legacy messages', () => {
  const expected: string[] = [];
  new MessageParser(handlers(expected)).push(STREAM);

  test('gathers bodies or streams them', () => {
    expect(expected.map((line) => line.slice(0, 30))).toEqual(['1/2 14 ', '1/2 4 2e000568656c6c6f', '1/2 34 streamed 35000337000000', '1/2 11 220002']);
  });

  test('every split into two and three gives the same messages', () => {
    for (let a = 0; a <= STREAM.length; a++) {
      for (let b = a; b <= STREAM.length; b++) {
        const lines: string[] = [];
        const parser = new MessageParser(handlers(lines));
        for (const chunk of cutAt(STREAM, [a, b])) parser.push(chunk);
        if (lines.join() !== expected.join() || !parser.idle) throw new Error(`split at ${a} and ${b}: ${lines.join(' | ')}`);
      }
    }
  });

  test('byte by byte as well', () => {
    const lines: string[] = [];
    const parser = new MessageParser(handlers(lines));
    for (const byte of STREAM) parser.push(Uint8Array.of(byte));
    expect(lines).toEqual(expected);
  });

  test('a body over its limit is refused before any of it is taken', () => {
    const parser = new MessageParser(handlers([]), { gathered: 1000, streamed: 5000 });
    parser.push(header(COMMANDS.SEND_TEST_STRING, 1000));
    parser.push(new Uint8Array(1000));
    const error = errorOf(() => parser.push(header(COMMANDS.SEND_TEST_STRING, 1001)));
    expect([error.code, error.fields]).toEqual(['E_PROTOCOL', { command: 4, bytes: 1001, limit: 1000 }]);
    expect(errorOf(() => parser.push(new Uint8Array(1)))).toBe(error);

    const other = new MessageParser(handlers([]), { gathered: 1000, streamed: 5000 });
    other.push(header(COMMANDS.SEND_MATRIX_BLOCKS, 5000));
    other.push(new Uint8Array(5000));
    expect(errorOf(() => other.push(header(COMMANDS.SEND_MATRIX_BLOCKS, 5001))).fields).toMatchObject({ limit: 5000 });
  });

  test('limits can be raised when the handshake is over', () => {
    const parser = new MessageParser(handlers([]), { gathered: 10 });
    parser.limits.gathered = 100;
    parser.push(header(COMMANDS.SEND_TEST_STRING, 100));
    expect(parser.idle).toBe(false);
  });

  test('a body that is announced takes no memory before it comes', () => {
    const parser = new MessageParser(handlers([]));
    expect(largestAllocation(() => parser.push(join([header(COMMANDS.SEND_TEST_STRING, 2 ** 24), unhex('2e')])))).toBeLessThanOrEqual(1024);
    const streaming = new MessageParser({ stream: () => ({ take: () => {}, end: () => {} }), message: () => {} });
    const chunk = new Uint8Array(2 ** 20);
    expect(largestAllocation(() => {
      streaming.push(header(COMMANDS.SEND_MATRIX_BLOCKS, 2 ** 32 - 1));
      for (let k = 0; k < 4095; k++) streaming.push(chunk);
      streaming.push(chunk.subarray(1));
    })).toBeLessThan(1024);
    expect(streaming.idle).toBe(true);
  });

  test('what a handler throws comes out, again and again', () => {
    const parser = new MessageParser({ message: () => { throw new RangeError('no'); } });
    const first = errorOf(() => parser.push(header(COMMANDS.LIST_ALL_WORKERS, 0)));
    expect(errorOf(() => parser.push(header(COMMANDS.LIST_ALL_WORKERS, 0)))).toBe(first);
  });
});
