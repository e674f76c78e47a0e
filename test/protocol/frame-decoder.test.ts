import { encodeFrame, PRELUDE_BYTES } from '#src/protocol/frame.js';
import { type Frame, FrameDecoder, type PayloadSink } from '#src/protocol/frame-decoder.js';
import { cutAt, errorOf, hex, join, largestAllocation, unhex } from './bytes.js';

/** What a decoder delivers, as text. */
interface Log {
  readonly lines: string[];
  readonly onHeader: (frame: Frame) => PayloadSink | undefined;
}

/**
 * Payloads of frames of kind 1 are received in pieces, of kind 2 in place, of kind 3 skipped; `room` says how much memory is
 * offered.
 */
function log(room: (left: number) => number, spare?: number): Log {
  const lines: string[] = [];
  return {
    lines,
    onHeader: ({ kind, header, payloadBytes }) => {
      lines.push(`${kind} ${JSON.stringify(header)} ${payloadBytes}`);
      if (kind === 3) return undefined;
      const all = new Uint8Array(payloadBytes + 64);
      let have = 0;
      const sink: PayloadSink = {
        spare,
        take: (bytes) => {
          if (kind === 1) all.set(bytes, have);
          else if (bytes.buffer !== all.buffer) throw new Error('a payload was not received in place');
          have += bytes.length;
        },
        end: () => lines.push(`end ${hex(all.subarray(0, have))}`),
      };
      if (kind === 2) sink.room = (left) => all.subarray(have, have + room(left));
      return sink;
    },
  };
}

const payload = (length: number): Uint8Array => Uint8Array.from({ length }, (_, k) => k + 1);

const STREAM = join([
  ...encodeFrame(1, { id: 1 }, [payload(5), payload(3)]),
  ...encodeFrame(2, 'header', [payload(7)]),
  ...encodeFrame(3, [1], [payload(4)]),
  ...encodeFrame(9, null),
  ...encodeFrame(2, 0),
  ...encodeFrame(1, 1),
]);

const EXPECTED = [
  '1 {"id":1} 8', 'end 0102030405010203',
  '2 "header" 7', 'end 01020304050607',
  '3 [1] 4',
  '9 null 0', 'end ',
  '2 0 0', 'end ',
  '1 1 0', 'end ',
];

/** Feeds a decoder as a socket with `onread` does: fills the memory that it offers, at most `atOnce` bytes at a time. */
function receive(decoder: FrameDecoder, stream: Uint8Array, atOnce = Infinity): void {
  for (let at = 0; at < stream.length; ) {
    const buffer = decoder.buffer();
    expect(buffer.length).toBeGreaterThan(0);
    const count = Math.min(buffer.length, atOnce, stream.length - at);
    buffer.set(stream.subarray(at, at + count));
    decoder.received(count);
    at += count;
  }
}

const ROOMS: [string, (left: number) => number][] = [['all', (left) => left], ['one byte', () => 1], ['three bytes', () => 3], ['too many bytes', (left) => left + 50]];

describe.each(ROOMS.flatMap(([name, room]) => [undefined, 0, 1, 30].map((spare) => [name, spare, room] as const)))('the decoder of frames, when a sink offers room for %s, %s of it to spare', (_, spare, room) => {
  test('every split into two and three gives the same frames', () => {
    for (let a = 0; a <= STREAM.length; a++) {
      for (let b = a; b <= STREAM.length; b++) {
        const { lines, onHeader } = log(room, spare);
        const decoder = new FrameDecoder(onHeader);
        for (const chunk of cutAt(STREAM, [a, b])) decoder.push(chunk);
        if (lines.join() !== EXPECTED.join()) throw new Error(`split at ${a} and ${b}: ${lines.join(' | ')}`);
      }
    }
  });

  test.each([1, 2, 3, 7, 16, 17, 1000])('received at most %d bytes at a time, pushed or in place, the frames are the same', (atOnce) => {
    for (const feed of [receive, (decoder: FrameDecoder, stream: Uint8Array) => {
      for (let at = 0; at < stream.length; at += atOnce) decoder.push(stream.subarray(at, at + atOnce));
    }]) {
      const { lines, onHeader } = log(room, spare);
      const decoder = new FrameDecoder(onHeader);
      feed(decoder, STREAM, atOnce);
      expect(lines).toEqual(EXPECTED);
      expect(decoder.idle).toBe(true);
      decoder.finish();
    }
  });
});

describe('the decoder of frames', () => {
  test('once the header is there, payload is received in place: no byte of it is copied', () => {
    const all = new Uint8Array(100_000);
    let have = 0;
    const decoder = new FrameDecoder(() => ({ room: () => all.subarray(have), take: ({ length }) => (have += length) }));
    const [head, body] = encodeFrame(1, {}, [payload(100_000)]);
    receive(decoder, head);
    const offered = decoder.buffer();
    expect(offered.buffer).toBe(all.buffer);
    expect(offered.length).toBe(100_000);
    offered.set(body);
    decoder.received(100_000);
    expect(decoder.idle).toBe(true);
    expect(hex(all)).toBe(hex(body));
  });

  test('memory that is offered ends where the payload ends, so that the next frame cannot get into it', () => {
    const decoder = new FrameDecoder(() => ({ room: () => new Uint8Array(1000), take: () => {} }));
    const [head] = encodeFrame(1, {}, [payload(10)]);
    decoder.push(head);
    expect(decoder.buffer()).toHaveLength(10);
  });

  describe('what a sink has to spare takes the next head in the same read', () => {
    /** Sinks that put one payload behind the other, so that each overwrites the head that came along with the one before. */
    function gathered(stream: Uint8Array): { offers: number[]; result: number[]; heads: unknown[] } {
      const all = new Uint8Array(new SharedArrayBuffer(4096));
      let have = 0;
      const heads: unknown[] = [];
      const decoder = new FrameDecoder(({ kind, header }) => {
        heads.push([kind, header]);
        return { room: (left) => all.subarray(have, have + left + 256), take: ({ length }) => (have += length), spare: 256 };
      });
      const offers: number[] = [];
      const head = 16 + stream[4];
      decoder.push(stream.subarray(0, head));
      for (let at = head; at < stream.length; ) {
        const offered = decoder.buffer();
        const count = Math.min(offered.length, stream.length - at);
        offers.push(count);
        offered.set(stream.subarray(at, at + count));
        decoder.received(count);
        at += count;
      }
      expect(decoder.idle).toBe(true);
      return { offers, result: [...all.subarray(0, have)], heads };
    }

    const frames = (headers: readonly unknown[]): Uint8Array => join(headers.flatMap((header, k) => encodeFrame(k + 1, header, [payload(10 + k)])));
    const expected = (headers: readonly unknown[]): unknown => ({ result: headers.flatMap((_, k) => [...payload(10 + k)]), heads: headers.map((header, k) => [k + 1, header]) });

    test('all of it if it is as long as the one before, so that there is one read for every frame', () => {
      const headers = [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }];
      const { offers, ...rest } = gathered(frames(headers));
      expect(rest).toEqual(expected(headers));
      const head = encodeFrame(1, headers[0])[0].length;
      expect(offers).toEqual([10 + head, 11 + head, 12 + head, 13]);
    });

    test.each([
      ['longer ones', [{ id: 1 }, { id: 1000 }, { id: 2 ** 30, text: 'long'.repeat(50) }, 0]],
      ['shorter ones', [{ id: 1, text: 'long'.repeat(50) }, { id: 1000 }, 0, 0]],
      ['other messages', [{ id: 1 }, [1, null], 'text', { bytes: Uint8Array.of(1, 2) }]],
    ])('%s in several', (_, headers) => {
      const { result, heads } = gathered(frames(headers));
      expect({ result, heads }).toEqual(expected(headers));
    });
  });

  test('the end of the stream is an error in the middle of a frame, wherever that is', () => {
    const [head, body] = encodeFrame(1, { id: 5 }, [payload(9)]);
    const frame = join([head, body]);
    for (let length = 0; length <= frame.length; length++) {
      const decoder = new FrameDecoder(() => undefined);
      decoder.push(frame.subarray(0, length));
      if (length === 0 || length === frame.length) decoder.finish();
      else {
        const part = length < PRELUDE_BYTES ? 'prelude' : length < head.length ? 'header' : 'payload';
        const end = { prelude: PRELUDE_BYTES, header: head.length, payload: frame.length }[part];
        const error = errorOf(() => decoder.finish());
        expect([error.code, error.fields]).toEqual(['E_PROTOCOL', { part, missing: end - length }]);
      }
    }
  });

  test('after an error every call throws it again', () => {
    const decoder = new FrameDecoder(() => undefined);
    const first = errorOf(() => decoder.push(unhex('00000000')));
    expect(first.code).toBe('E_PROTOCOL');
    expect(errorOf(() => decoder.push(encodeFrame(1, {})[0]))).toBe(first);
    expect(errorOf(() => decoder.buffer())).toBe(first);
    expect(errorOf(() => decoder.finish())).toBe(first);
  });

  test('what a handler throws comes out, and the stream is lost', () => {
    const decoder = new FrameDecoder(() => {
      throw new RangeError('no such matrix');
    });
    const first = errorOf(() => decoder.push(encodeFrame(1, {})[0]));
    expect(first.message).toBe('no such matrix');
    expect(errorOf(() => decoder.push(Uint8Array.of(1)))).toBe(first);
  });

  test('two wrong bytes are enough to be refused', () => {
    const decoder = new FrameDecoder(() => undefined);
    decoder.push(Uint8Array.of(0x41));
    expect(errorOf(() => decoder.push(Uint8Array.of(0x4d))).message).toMatch(/expected a frame/u);
  });

  test('a header that is announced takes no memory before it comes', () => {
    const decoder = new FrameDecoder(() => undefined);
    const prelude = unhex('414c0101 00001000 0000004000000000'); // 1 MiB of header, 1 GiB of payload
    expect(largestAllocation(() => decoder.push(join([prelude, Uint8Array.of(0xa1)])))).toBeLessThanOrEqual(1024);
  });

  test('a payload without a sink is skipped without memory', () => {
    const decoder = new FrameDecoder(() => undefined);
    const [head] = encodeFrame(1, {}, [{ length: 2 ** 30 } as Uint8Array]);
    const chunk = new Uint8Array(2 ** 20);
    expect(largestAllocation(() => {
      decoder.push(head);
      for (let k = 0; k < 1024; k++) decoder.push(chunk);
    })).toBeLessThan(1024);
    expect(decoder.idle).toBe(true);
  });

  test('a sink without room, and more bytes than were asked for, are errors of the program', () => {
    const decoder = new FrameDecoder(() => ({ room: () => new Uint8Array(0), take: () => {} }));
    decoder.push(encodeFrame(1, {}, [payload(10)])[0]);
    expect(errorOf(() => decoder.buffer()).message).toMatch(/no room was given for 10 bytes/u);
    const other = new FrameDecoder(() => undefined);
    const offered = other.buffer().length;
    expect(errorOf(() => other.received(offered + 1)).name).toBe('RangeError');
  });
});
