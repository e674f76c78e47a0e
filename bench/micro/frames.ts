/** Frames of the protocol: writing and reading them, by the size of their payload, beside a plain copy of as many bytes. */
import { FrameDecoder } from '#src/protocol/frame-decoder.js';
import { decodeMessage, encodeMessage } from '#src/protocol/messages.js';
import { mustBeRight } from '#bench/report.js';
import type { Subject } from './drive.js';

/** Frames that one call handles, so that the clock does not matter. */
const FRAMES = 64;
/** What a socket delivers at a time. */
const SOCKET_BYTES = 65_536;

export function frameSubjects(): Subject[] {
  return [1e3, 1e5, 1e6].flatMap((payloadBytes) => {
    const cols = payloadBytes / 8;
    const payload = new Uint8Array(payloadBytes).map((_, k) => k);
    const header = { id: 1, matrix: 7, rows: { start: 0, step: 1, count: 1 }, cols: { start: 0, step: 1, count: cols }, dtype: 'f64', order: 'row', last: false } as const;
    const encode = (): Uint8Array[] => encodeMessage('PUT', header, [payload]);
    const stream = Buffer.concat(Array.from({ length: FRAMES }, encode).flat());
    const target = new Uint8Array(payloadBytes);
    let frames = 0;
    const decode = (): void => {
      let filled = 0;
      const decoder = new FrameDecoder((frame) => {
        decodeMessage(frame);
        filled = 0;
        return { take: (bytes) => (target.set(bytes, filled), void (filled += bytes.length)), end: () => void frames++ };
      });
      for (let at = 0; at < stream.length; at += SOCKET_BYTES) decoder.push(stream.subarray(at, at + SOCKET_BYTES));
    };
    decode();
    mustBeRight(frames === FRAMES && Buffer.compare(target, payload) === 0, 'decoding frames');
    const copied = Buffer.alloc(stream.length);
    const size = `${payloadBytes / 1e3} KB`;
    const copy = `copy of ${FRAMES} × ${size}`;
    return [
      { name: copy, bytes: stream.length, run: () => void copied.set(stream) },
      { name: `encode frames of ${size}`, bytes: stream.length, run: () => { for (let k = 0; k < FRAMES; k++) encode(); }, against: copy },
      { name: `decode frames of ${size}`, bytes: stream.length, run: decode, against: copy },
    ];
  });
}
