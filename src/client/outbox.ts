/** Frames of PUTs on their way to a socket, several short ones in one write: each costs a view of its payload, and hardly anything else to clear away. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BLOCK_HEAD_BYTES, type Header, writeBlockHead } from '../protocol/messages.js';
import type { Wire } from './wire.js';

/**
 * Bytes that are handed to the system at a time: short frames go together up to here, a longer one goes alone, in parts. More of them leave the
 * processor's caches before they are received; these are twelve of the loopback device's segments.
 */
const BYTES_AT_ONCE = 12 * 65_483;
const FRAMES_AT_ONCE = 16;
/** Milliseconds after which the event loop has a turn, for a system that takes everything at once leaves it none. */
const TURN_MS = 4;

export class Outbox {
  /** Heads and payloads of the frames that are being gathered, one after another. */
  readonly pieces: Uint8Array[] = [];
  #frames = 0;
  #bytes = 0;
  /** Memory for heads, and the views of it: heads of neighbouring frames are equally long, mostly. */
  readonly #heads = Buffer.allocUnsafeSlow(FRAMES_AT_ONCE * BLOCK_HEAD_BYTES);
  readonly #views: Buffer[] = [];
  /** When the event loop had its last turn. */
  #turned = 0;

  constructor(readonly wire: Wire) {}

  /** Whether there is room for a frame with so many bytes of payload. */
  takes(payloadBytes: number): boolean {
    return this.#frames === 0 || (this.#frames < FRAMES_AT_ONCE && this.#bytes + payloadBytes <= BYTES_AT_ONCE);
  }

  /** Begins a frame, whose payload the caller adds to the pieces. @throws AlchemistError E_PROTOCOL when its header cannot be written. */
  begin(header: Header<'PUT'>, payloadBytes: number): void {
    const slot = this.#frames;
    const at = slot * BLOCK_HEAD_BYTES;
    const length = writeBlockHead('PUT', header, this.#heads, at);
    if (this.#views[slot]?.length !== length) this.#views[slot] = this.#heads.subarray(at, at + length);
    this.pieces.push(this.#views[slot]);
    this.#frames++;
    this.#bytes += payloadBytes;
  }

  /** Writes what has been gathered. Resolves when the system has all of it, so that its memory may change. */
  async send(): Promise<void> {
    for (const part of this.#bytes <= BYTES_AT_ONCE ? [this.pieces] : inParts(this.pieces)) {
      // No wait that can be spared: a worker that finds nothing to read goes to sleep, and has to be woken.
      const written = this.wire.write(part);
      if (written) await written;
      if (performance.now() - this.#turned < TURN_MS) continue;
      await nextTurn();
      this.#turned = performance.now();
    }
    this.discard();
  }

  /** Forgets what has been gathered. */
  discard(): void {
    this.pieces.length = 0;
    this.#frames = 0;
    this.#bytes = 0;
  }
}

/** The same bytes in equal parts of at most BYTES_AT_ONCE. */
function* inParts(pieces: readonly Uint8Array[]): Generator<Uint8Array[]> {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const most = Math.ceil(total / Math.ceil(total / BYTES_AT_ONCE));
  let part: Uint8Array[] = [];
  let room = most;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const length = Math.min(piece.length - at, room);
      part.push(piece.subarray(at, at + length));
      at += length;
      room -= length;
      if (room > 0) continue;
      yield part;
      part = [];
      room = most;
    }
  }
  if (part.length > 0) yield part;
}
