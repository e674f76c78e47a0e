import fc from 'fast-check';
import { FrameDecoder } from '#src/protocol/frame-decoder.js';
import { decodeMessage, requestId } from '#src/protocol/messages.js';
import { cutAt, join, largestAllocation, unhex } from './bytes.js';
import { GOLDEN } from './golden.js';

const RUNS = 60_000;
/** The payload of one frame may be as long as this here, a header as long as the limit below. */
const LIMITS = { headerBytes: 65_536, payloadBytes: 2 ** 30 };

const frames = GOLDEN.map(({ hex }) => unhex(hex));

/** Golden frames one after another, with bytes changed, cut out or put in, and a bias to the bytes that are lengths. */
const mangled = fc
  .record({
    which: fc.array(fc.nat(frames.length - 1), { minLength: 1, maxLength: 3 }),
    changes: fc.array(fc.record({ at: fc.oneof(fc.nat(20), fc.nat(600)), byte: fc.oneof(fc.constantFrom(0, 0xff, 0x7f, 0x80), fc.nat(255)) }), { maxLength: 4 }),
    cut: fc.option(fc.record({ at: fc.nat(600), length: fc.nat(40) }), { freq: 4 }),
    insert: fc.option(fc.record({ at: fc.nat(600), bytes: fc.uint8Array({ maxLength: 9 }) }), { freq: 4 }),
  })
  .map(({ which, changes, cut, insert }) => {
    let stream = join(which.map((k) => frames[k]));
    for (const { at, byte } of changes) stream[at % stream.length] = byte;
    if (cut) stream = join([stream.subarray(0, cut.at), stream.subarray(cut.at + cut.length)]);
    if (insert) stream = join([stream.subarray(0, insert.at), insert.bytes, stream.subarray(insert.at)]);
    return stream;
  });

/** Noise behind a prelude that is right but for its lengths. */
const noise = fc
  .record({ kind: fc.nat(80), body: fc.uint8Array({ maxLength: 60 }), more: fc.integer({ min: -3, max: 3 }), payload: fc.nat(8) })
  .map(({ kind, body, more, payload }) => {
    const prelude = new Uint8Array(16);
    prelude.set([0x41, 0x4c, 1, kind, Math.max(1, body.length + more - payload)]);
    prelude[8] = payload;
    return join([prelude, body]);
  });

const input = fc.oneof({ weight: 5, arbitrary: mangled }, { weight: 3, arbitrary: noise }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) });

const CODES = new Set(['E_PROTOCOL', 'E_VERSION']);

/** What becomes of a stream: its frames, messages and errors. Anything but a typed error fails. */
function outcome(feed: (decoder: FrameDecoder) => void): string {
  const events: string[] = [];
  const typed = (error: unknown): string => {
    const { name, code } = error as { name: string; code: string };
    if (name !== 'AlchemistError' || !CODES.has(code)) throw error;
    return code;
  };
  let payloadBytes = 0;
  const decoder = new FrameDecoder((frame) => {
    try {
      events.push(`${decodeMessage(frame).kind} ${requestId(frame)}`);
    } catch (error) {
      events.push(`${typed(error)} ${requestId(frame)}`);
    }
    return { take: ({ length }) => (payloadBytes += length), end: () => events.push(`end ${payloadBytes}`) };
  }, LIMITS);
  try {
    feed(decoder);
    decoder.finish();
  } catch (error) {
    events.push(typed(error));
  }
  return events.join();
}

describe('any bytes at all', () => {
  test(`${RUNS} streams give frames or typed errors, the same ones however they are split`, () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(input, fc.array(fc.nat(600), { maxLength: 4 }), (stream, places) => {
        const whole = outcome((decoder) => decoder.push(stream));
        const pieces = outcome((decoder) => cutAt(stream, places).forEach((chunk) => decoder.push(chunk)));
        if (whole !== pieces) throw new Error(`${whole} in one piece, ${pieces} in several`);
        for (const event of new Set(whole.split(',').map((text) => text.split(' ')[0]))) seen.set(event, (seen.get(event) ?? 0) + 1);
      }),
      { numRuns: RUNS },
    );
    // The inputs reach everywhere: messages that are right, malformed ones, ends of payloads, and both errors, each often.
    for (const event of ['RUN', 'PUT', 'REPLY', 'end', 'E_PROTOCOL', 'E_VERSION']) expect([event, (seen.get(event) ?? 0) > RUNS / 500]).toEqual([event, true]);
  });

  test('none of them takes memory on its word', () => {
    fc.assert(
      fc.property(input, (stream) => {
        const largest = largestAllocation(() => outcome((decoder) => decoder.push(stream)));
        if (largest > 16_384) throw new Error(`${largest} bytes were allocated for a stream of ${stream.length}`);
      }),
      { numRuns: 5000 },
    );
  });
});
