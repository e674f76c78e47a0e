/** One worker thread that can be lent to a team as a rank: a Piscina pool of exactly one thread, so that what it holds stays with it. */
import { Piscina } from 'piscina';

export class RankThread {
  readonly #worker: URL;
  #pool: Piscina;
  #closed = false;
  #dead: Error | undefined;
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
    const died = (cause: Error): void => {
      if (pool === this.#pool) this.#died(cause);
    };
    pool.on('error', died);
    // Also a thread that ends between two messages is missed. Whoever knows why it ended says so in this turn of the event loop.
    pool.on('workerDestroy', () => setImmediate(died, new Error('it ended')));
    return pool;
  }

  /** Why the thread has died, if it has. */
  get dead(): Error | undefined {
    return this.#dead;
  }

  /** Sends a message and waits for the answer. A rejection means that the thread is gone: its module answers errors as data. */
  async run<R>(message: unknown, transfer: readonly unknown[] = []): Promise<R> {
    // Piscina has started another thread by itself, but without what the dead one held that is of no use.
    if (this.#dead) throw this.#dead;
    const pool = this.#pool;
    try {
      return (await pool.run(message, { transferList: transfer as never })) as R;
    } catch (error) {
      if (pool === this.#pool) this.#died(error as Error);
      throw this.#dead ?? error;
    }
  }

  #died(cause: Error): void {
    if (this.#closed || this.#dead) return;
    this.#dead = cause;
    this.onDeath?.(cause);
  }

  /** Ends the thread at once, whatever it does; it counts as dead until it is replaced. */
  kill(cause: Error): void {
    this.#died(cause);
    void this.#pool.destroy();
  }

  /** A fresh thread in the place of a dead one. */
  async replace(): Promise<void> {
    await this.#pool.destroy().catch(() => {});
    this.#pool = this.#startPool();
    this.#dead = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.destroy();
  }
}
