/** Memory as large as a matrix, up to a limit far beyond the caches, through which bytes go again and again. */

/** Bytes handed to the system at a time, and taken from it. */
export const CHUNK_BYTES = 1 << 20;
const LIMIT_BYTES = 512 << 20;

export class Ring {
  #memory = new Uint8Array(CHUNK_BYTES);
  #length = CHUNK_BYTES;
  #at = 0;

  /** Goes through `bytes` bytes from now on, all of them touched before. */
  resize(bytes: number): void {
    this.#length = Math.max(CHUNK_BYTES, Math.min(bytes, LIMIT_BYTES));
    this.#at = 0;
    if (this.#length > this.#memory.length) this.#memory = new Uint8Array(this.#length).fill(1);
  }

  /** The next chunk: never empty. */
  room(): Uint8Array {
    return this.#memory.subarray(this.#at, Math.min(this.#at + CHUNK_BYTES, this.#length));
  }

  advance(count: number): void {
    this.#at = (this.#at + count) % this.#length;
  }
}
