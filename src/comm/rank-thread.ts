/** One worker thread that can be lent to a team as a rank: a Piscina pool of exactly one thread, so that what it holds stays with it. */
import { Piscina } from 'piscina';

export class RankThread {
  readonly #worker: URL;
  #pool: Piscina;
  #closed = false;
  /** Told when the thread has died; set by whoever uses the thread at the moment. */
  onDeath: ((cause: Error) => void) | undefined;

  /** @param worker the module whose default export answers the thread's messages. */
  constructor(worker: URL) {
    this.#worker = worker;
    this.#pool = this.#startPool();
  }

  #startPool(): Piscina {
    const pool = new Piscina({
      filename: this.#worker.href,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      // Otherwise an idle worker's event loop is frozen.
      atomics: 'disabled',
      recordTiming: false,
    });
    pool.on('error', (error: Error) => this.#died(error));
    return pool;
  }

  /** Sends a message and waits for the answer. A rejection means that the thread is gone: its module answers errors as data. */
  async run<R>(message: unknown, transfer: readonly unknown[] = []): Promise<R> {
    try {
      return (await this.#pool.run(message, { transferList: transfer as never })) as R;
    } catch (error) {
      this.#died(error as Error);
      throw error;
    }
  }

  #died(cause: Error): void {
    if (!this.#closed) this.onDeath?.(cause);
  }

  /** A fresh thread in the place of a dead one. */
  async replace(): Promise<void> {
    await this.#pool.destroy().catch(() => {});
    this.#pool = this.#startPool();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.destroy();
  }
}
