/** Whose turn it is: the calls of a session keep the order in which they were made, wherever their bytes travel. */

const settled = (work: Promise<unknown>): Promise<void> => work.then(() => {}, () => {});

/**
 * Calls go to the driver, which runs them in order: they need not wait for each other. Transfers go to the workers, past the driver: one waits for
 * all that came before it, and all that come after wait for it.
 */
export class Turns {
  #lastTransfer: Promise<void> = Promise.resolve();
  #everything: Promise<void> = Promise.resolve();

  call<R>(work: () => Promise<R>): Promise<R> {
    const mine = this.#lastTransfer.then(work);
    this.#everything = Promise.all([this.#everything, settled(mine)]).then(() => {});
    return mine;
  }

  transfer<R>(work: () => Promise<R>): Promise<R> {
    const mine = this.#everything.then(work);
    this.#lastTransfer = this.#everything = settled(mine);
    return mine;
  }
}
