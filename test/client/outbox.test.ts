/** An outbox before a system that takes everything at once, as a fast server on the same machine does. */
import { Outbox } from '#src/client/outbox.js';
import type { Wire } from '#src/client/wire.js';
import { FrameDecoder } from '#src/protocol/frame-decoder.js';
import { BLOCK_HEAD_BYTES, decodeMessage, type Message } from '#src/protocol/messages.js';

/** Bytes that it writes at a time, at most. */
const AT_ONCE = 12 * 65_483;

const range = (count: number) => ({ start: 0, step: 1, count });
const put = (rows: number, cols: number) => ({ id: 1, matrix: 1, rows: range(rows), cols: range(cols), dtype: 'f32' as const, order: 'row' as const, last: false });

/** Takes what is written; `taking` is called with the size of each write. */
function takingAll(taking: (bytes: number) => void): { wire: Wire; written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  const write = (pieces: readonly Uint8Array[]): undefined => {
    written.push(...pieces.map((piece) => Uint8Array.from(piece)));
    taking(pieces.reduce((sum, { length }) => sum + length, 0));
  };
  return { wire: { write } as unknown as Wire, written };
}

/** The payloads of the frames in some bytes. */
function payloads(bytes: readonly Uint8Array[]): { message: Message; payload: Buffer }[] {
  const frames: { message: Message; payload: Buffer }[] = [];
  const decoder = new FrameDecoder((frame) => {
    const pieces: Buffer[] = [];
    return { take: (piece) => pieces.push(Buffer.from(piece)), end: () => frames.push({ message: decodeMessage(frame), payload: Buffer.concat(pieces) }) };
  });
  for (const piece of bytes) decoder.push(piece);
  decoder.finish();
  return frames;
}

test('leaves the event loop its turns', async () => {
  const { wire } = takingAll(() => {
    for (const end = performance.now() + 0.2; performance.now() < end; );
  });
  const outbox = new Outbox(wire);
  const payload = new Uint8Array(4);
  let turns = 0;
  let sending = true;
  const count = (): void => {
    turns++;
    if (sending) setImmediate(count);
  };
  setImmediate(count);
  for (let k = 0; k < 500; k++) {
    outbox.begin(put(1, 1), payload.length);
    outbox.pieces.push(payload);
    await outbox.send();
  }
  sending = false;
  expect(turns).toBeGreaterThan(5);
});

test.each([0, 8, AT_ONCE - 64, AT_ONCE, AT_ONCE + 4, 3_000_000, 12_345_672])('writes a frame of %d bytes whole, in equal parts', async (bytes) => {
  const sizes: number[] = [];
  const { wire, written } = takingAll((size) => sizes.push(size));
  const outbox = new Outbox(wire);
  const payload = Uint8Array.from({ length: bytes }, (_, k) => k * 31 + (k >> 8));
  outbox.begin(put(1, bytes / 4), bytes);
  // In two pieces, as lines that lie apart are.
  outbox.pieces.push(payload.subarray(0, bytes / 2), payload.subarray(bytes / 2));
  await outbox.send();
  const [frame, ...others] = payloads(written);
  expect(others).toEqual([]);
  expect(frame.message).toMatchObject({ kind: 'PUT', cols: { count: bytes / 4 } });
  expect(Buffer.compare(frame.payload, payload)).toBe(0);
  // The head comes on top where the payload alone fits.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(AT_ONCE + BLOCK_HEAD_BYTES);
  expect(Math.min(...sizes)).toBeGreaterThan(Math.max(...sizes) / 2);
});

test('gathers short frames, and forgets them once they are written', async () => {
  const { wire, written } = takingAll(() => {});
  const outbox = new Outbox(wire);
  for (let round = 0; round < 3; round++) {
    let frames = 0;
    for (const payload = new Uint8Array(100_000).fill(round); outbox.takes(payload.length); frames++) {
      outbox.begin(put(1, 25_000), payload.length);
      outbox.pieces.push(payload);
    }
    expect(frames).toBe(7);
    await outbox.send();
    expect(outbox.pieces).toEqual([]);
  }
  expect(payloads(written).map(({ payload }) => payload[99_999])).toEqual(Array.from({ length: 21 }, (_, k) => Math.floor(k / 7)));
});
