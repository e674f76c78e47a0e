import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { BlockStream } from '#src/protocol/legacy/block-stream.js';
import type { LegacyClient } from '#src/protocol/legacy/client.js';
import { COMMANDS } from '#src/protocol/legacy/codes.js';
import { recogniseHandshake } from '#src/protocol/legacy/handshake.js';
import { MessageParser } from '#src/protocol/legacy/message-parser.js';
import { decodeRequest } from '#src/protocol/legacy/requests.js';
import { cutAt, join, largestAllocation, unhex } from '../bytes.js';
import { CLIENTS } from './legacy-client.js';

const RUNS = 60_000;
const SIZE = { height: 3, width: 2 };

const VECTORS = JSON.parse(readFileSync('test/fixtures/protocol/legacy/vectors.json', 'utf8')) as { hex: string; from: string }[];
const messages = VECTORS.filter(({ from }) => from === 'client').map(({ hex }) => unhex(hex));

/**
 * Captured messages one after another, with bytes changed, cut out or put in. Lengths are mostly kept right, so that bodies are
 * reached.
 */
const mangled = fc
  .record({
    which: fc.array(fc.nat(messages.length - 1), { minLength: 1, maxLength: 3 }),
    changes: fc.array(fc.record({ at: fc.nat(600), byte: fc.oneof(fc.constantFrom(0, 1, 0xff, 0x7f, 0x80, 36, 53, 55, 56), fc.nat(255)) }), { maxLength: 4 }),
    cut: fc.option(fc.record({ at: fc.nat(600), length: fc.nat(40) }), { freq: 4 }),
    insert: fc.option(fc.record({ at: fc.nat(600), bytes: fc.uint8Array({ maxLength: 9 }) }), { freq: 4 }),
  })
  .map(({ which, changes, cut, insert }) => {
    let stream = join(which.map((k) => messages[k]));
    for (const { at, byte } of changes) stream[at % stream.length] = byte;
    if (cut) stream = join([stream.subarray(0, cut.at), stream.subarray(cut.at + cut.length)]);
    if (insert) stream = join([stream.subarray(0, insert.at), insert.bytes, stream.subarray(insert.at)]);
    return stream;
  });

/** A header that fits, with noise as its body. */
const noise = fc
  .record({ command: fc.constantFrom(...Object.values(COMMANDS)), body: fc.uint8Array({ maxLength: 80 }), tag: fc.constantFrom(33, 34, 36, 46, 49, 53, 55, 100) })
  .map(({ command, body, tag }) => {
    if (body.length > 0) body[0] = tag;
    return join([Uint8Array.of(0, 1, 0, 1, command, 0, 0, 0, 0, body.length), body]);
  });

const input = fc.oneof({ weight: 5, arbitrary: mangled }, { weight: 3, arbitrary: noise }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) });

const CODES = new Set(['E_PROTOCOL', 'E_ARGUMENT']);

function typed(error: unknown): string {
  const { name, code } = error as { name: string; code: string };
  if (name !== 'AlchemistError' || !CODES.has(code)) throw error;
  return code;
}

/** What becomes of a stream from this client: requests, placed entries and errors. Anything but a typed error fails. */
function outcome(client: LegacyClient, feed: (parser: MessageParser) => void): string {
  const events: string[] = [];
  let entries = 0;
  const parser = new MessageParser({
    stream: ({ command, bodyBytes }) => {
      if (command !== COMMANDS.SEND_MATRIX_BLOCKS && command !== COMMANDS.SEND_INDEXED_ROWS) return undefined;
      const target = {
        matrix: () => SIZE,
        place: ({ rows, cols }: { rows: { start: number; step: number; count: number }; cols: typeof rows }, values: Float64Array) => {
          const last = (s: typeof rows): number => s.start + (s.count - 1) * s.step;
          if (values.length !== rows.count * cols.count || last(rows) >= SIZE.height || last(cols) >= SIZE.width) throw new Error('placed outside of the matrix');
          entries += values.length;
        },
      };
      const blocks = new BlockStream(bodyBytes, client, target);
      return {
        take: (bytes) => blocks.take(bytes),
        end: () => {
          blocks.end();
          events.push(blocks.failure === undefined ? `blocks ${blocks.received.blocks} ${entries}` : typed(blocks.failure));
        },
      };
    },
    message: ({ command }, body) => {
      try {
        events.push(command === COMMANDS.HANDSHAKE ? `handshake ${recogniseHandshake(body).dialect}` : decodeRequest(command, body, client).command);
      } catch (error) {
        events.push(typed(error));
      }
    },
  });
  try {
    feed(parser);
  } catch (error) {
    events.push(`stopped ${typed(error)}`);
  }
  return events.join();
}

const client = fc.constantFrom(...Object.values(CLIENTS));

describe('any bytes at all', () => {
  test(`${RUNS} streams give requests or typed errors, the same ones however they are split`, () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(client, input, fc.array(fc.nat(600), { maxLength: 4 }), (from, stream, places) => {
        const whole = outcome(from, (parser) => parser.push(stream));
        const pieces = outcome(from, (parser) => cutAt(stream, places).forEach((chunk) => parser.push(chunk)));
        if (whole !== pieces) throw new Error(`${whole} in one piece, ${pieces} in several`);
        for (const event of new Set(whole.split(',').map((text) => text.split(' ')[0]))) seen.set(event, (seen.get(event) ?? 0) + 1);
      }),
      { numRuns: RUNS },
    );
    const often = ['handshake', 'RUN_TASK', 'SEND_MATRIX_INFO', 'REQUEST_MATRIX_BLOCKS', 'blocks', 'E_PROTOCOL', 'E_ARGUMENT', 'stopped'];
    for (const event of often) expect([event, (seen.get(event) ?? 0) > RUNS / 500]).toEqual([event, true]);
  });

  test('none of them takes memory on its word', () => {
    fc.assert(
      fc.property(client, input, (from, stream) => {
        const largest = largestAllocation(() => outcome(from, (parser) => parser.push(stream)));
        if (largest > 4096) throw new Error(`${largest} bytes were allocated for a stream of ${stream.length}`);
      }),
      { numRuns: 5000 },
    );
  });
});
