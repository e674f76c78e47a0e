/** The team of one: collectives without anybody to wait for. */
import type { Transfer } from '../layout/plan.js';
import type { Matrix } from '../local/matrix.js';
import type { Communicator, CommunicationCost } from './communicator.js';
import { mustFitSlot, noCost } from './communicator.js';
import { pullAll } from './pull.js';

export class SelfComm implements Communicator {
  readonly rank = 0;
  readonly size = 1;
  #cost = noCost();

  barrier(): void {
    this.#cost.barriers++;
  }

  exchange(transfers: readonly Transfer[], from: Matrix | null, to: Matrix | null, alpha?: number): void {
    pullAll(transfers, () => from!, to, alpha, (_, bytes) => (this.#cost.bytesCopied += bytes));
    this.#cost.exchanges++;
  }

  allReduce(x: Float64Array): void {
    mustFitSlot(x);
  }

  allReduceMatrix(): void {}
  broadcast(): void {}
  abort(): void {}
  checkCancelled(): void {}

  takeCost(): CommunicationCost {
    const cost = this.#cost;
    this.#cost = noCost();
    return cost;
  }
}
