/** Frames of a PUT that go to the socket in one write: a short one costs a view of its payload, and hardly anything else to clear away. */
import { BLOCK_HEAD_BYTES, type Header, writeBlockHead } from '../protocol/messages.js';

/** Bytes of payload behind which no further frame is taken; a frame that is longer goes alone. */
const BATCH_BYTES = 2 ** 19;
/** Frames in a batch. */
const MAX_FRAMES = 16;

export class PutBatch {
  /** Heads and payloads, one after another. */
  readonly pieces: Uint8Array[] = [];
  #bytes = 0;
  #frames = 0;
  /** A place for the head of every frame, and views of those that have been used: heads of neighbouring frames are equally long, mostly. */
  readonly #heads = Buffer.allocUnsafeSlow(MAX_FRAMES * BLOCK_HEAD_BYTES);
  readonly #views: Buffer[] = [];

  get empty(): boolean {
    return this.#frames === 0;
  }

  /** Whether there is room for a frame with so many bytes of payload. */
  takes(payloadBytes: number): boolean {
    return this.#frames === 0 || (this.#frames < MAX_FRAMES && this.#bytes + payloadBytes <= BATCH_BYTES);
  }

  /** Begins a frame, whose payload the caller adds to the pieces. @throws AlchemistError E_PROTOCOL when its header cannot be written. */
  begin(header: Header<'PUT'>, payloadBytes: number): void {
    const slot = this.#frames++;
    const at = slot * BLOCK_HEAD_BYTES;
    const length = writeBlockHead('PUT', header, this.#heads, at);
    if (this.#views[slot]?.length !== length) this.#views[slot] = this.#heads.subarray(at, at + length);
    this.pieces.push(this.#views[slot]);
    this.#bytes += payloadBytes;
  }

  /** Forgets the frames: they have been written. */
  clear(): void {
    this.pieces.length = 0;
    this.#bytes = 0;
    this.#frames = 0;
  }
}
