/**
 * Looks for more bytes for a moment after some have come, before the event loop goes to sleep. Between the writes of a fast sender that is where they
 * come from; to wake a thread that has gone to sleep costs its sender tens of microseconds, on virtual processors above all, and soon more than
 * everything else.
 */

/** Bytes that make it worth while, since the loop last slept: whoever sends little at a time is not waited for. */
const WORTH_BYTES = 64 * 1024;
const LOOK_MS = 0.05;

export class Lookout {
  #bytes = 0;
  #until = 0;
  #looking = false;

  /** So many bytes have come. */
  came(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < WORTH_BYTES) return;
    this.#until = performance.now() + LOOK_MS;
    if (!this.#looking) this.#look();
  }

  // An event loop with something left to do looks at its sockets without waiting for them.
  readonly #look = (): void => {
    this.#looking = performance.now() < this.#until;
    if (this.#looking) setImmediate(this.#look);
    else this.#bytes = 0;
  };
}
