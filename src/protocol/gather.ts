/** Gathers an announced number of bytes from pieces. Memory grows with what has come, never with what was announced. */

const FIRST_BYTES = 1024;

export class Gather {
  #bytes: Uint8Array = new Uint8Array(0);
  #have = 0;

  constructor(readonly size: number) {}

  /** Takes what is missing from `piece`. @returns how many bytes it took. */
  take(piece: Uint8Array): number {
    const count = Math.min(piece.length, this.size - this.#have);
    if (this.#have === 0 && count === this.size) this.#bytes = piece.subarray(0, count);
    else {
      this.#reserve(this.#have + count);
      this.#bytes.set(piece.subarray(0, count), this.#have);
    }
    this.#have += count;
    return count;
  }

  /** What has come so far: a part of the piece, while it has not been written again, when everything came in one; else a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#have);
  }

  get missing(): number {
    return this.size - this.#have;
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.min(this.size, Math.max(needed, 2 * this.#bytes.length, FIRST_BYTES)));
    grown.set(this.#bytes.subarray(0, this.#have));
    this.#bytes = grown;
  }
}
