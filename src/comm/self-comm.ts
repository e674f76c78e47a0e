/** The team of one: collectives without anybody to wait for. */
import type { Transfer } from '../layout/plan.js';
import type { Matrix } from '../local/matrix.js';
import type { Communicator, CommunicationCost } from './communicator.js';
import { noCost } from './communicator.js';
import { pullBlock } from './pull.js';

export class SelfComm implements Communicator {
  readonly rank = 0;
  readonly size = 1;
  #cost = noCost();

  barrier(): void {
    this.#cost.barriers++;
  }

  exchange(transfers: readonly Transfer[], from: Matrix | null, to: Matrix | null, alpha?: number): void {
    for (const { source, target } of transfers) this.#cost.bytesCopied += pullBlock(from!, source, to!, target, alpha);
    this.#cost.exchanges++;
  }

  allReduce(): void {}
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
