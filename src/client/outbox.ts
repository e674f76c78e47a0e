/** Frames of PUTs on their way to a socket, several short ones in one write: each costs a view of its payload, and hardly anything else to clear away. */
import { BLOCK_HEAD_BYTES, type Header, writeBlockHead } from '../protocol/messages.js';
import type { Wire } from './wire.js';

/** Bytes of payload behind which no further frame is taken; a frame that is longer goes alone. */
const BYTES_AT_ONCE = 2 ** 19;
const FRAMES_AT_ONCE = 16;
/** Heads of the frames that are being gathered, and of those that are being written. */
const SLOTS = 2 * FRAMES_AT_ONCE;

export class Outbox {
  /** Heads and payloads of the frames that are being gathered, one after another. */
  readonly pieces: Uint8Array[] = [];
  #frames = 0;
  #bytes = 0;
  #written = Promise.resolve();
  /** Memory for heads, used in turn, and the views of it: heads of neighbouring frames are equally long, mostly. */
  readonly #heads = Buffer.allocUnsafeSlow(SLOTS * BLOCK_HEAD_BYTES);
  readonly #views: Buffer[] = [];
  #slot = 0;

  constructor(readonly wire: Wire) {}

  /** Whether there is room for a frame with so many bytes of payload. */
  takes(payloadBytes: number): boolean {
    return this.#frames === 0 || (this.#frames < FRAMES_AT_ONCE && this.#bytes + payloadBytes <= BYTES_AT_ONCE);
  }

  /** Begins a frame, whose payload the caller adds to the pieces. @throws AlchemistError E_PROTOCOL when its header cannot be written. */
  begin(header: Header<'PUT'>, payloadBytes: number): void {
    const slot = (this.#slot = (this.#slot + 1) % SLOTS);
    const at = slot * BLOCK_HEAD_BYTES;
    const length = writeBlockHead('PUT', header, this.#heads, at);
    if (this.#views[slot]?.length !== length) this.#views[slot] = this.#heads.subarray(at, at + length);
    this.pieces.push(this.#views[slot]);
    this.#frames++;
    this.#bytes += payloadBytes;
  }

  /** Hands what has been gathered to the socket, as soon as everything before has been written. */
  async send(): Promise<void> {
    await this.#written;
    this.#written = this.wire.send(this.pieces);
    this.#written.catch(() => {}); // Told to those who wait.
    this.discard();
  }

  /** Resolves when everything that was sent has been written, so that its memory may change. */
  written(): Promise<void> {
    return this.#written;
  }

  /** Forgets what has been gathered. */
  discard(): void {
    this.pieces.length = 0;
    this.#frames = 0;
    this.#bytes = 0;
  }
}
