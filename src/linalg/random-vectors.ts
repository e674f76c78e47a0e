/** Random vectors that depend on the seed and on global indices only, so that every grid starts from the same ones. */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { share } from '../layout/layout.js';
import { fillRandom } from '../local/random.js';

/** A stream of vectors with independent standard normal entries. */
export class RandomVectors {
  #drawn = 0;

  constructor(readonly seed: number) {}

  /** X := the next X.width vectors. No communication, but every rank has to call it. */
  fill(X: DistMatrix): void {
    const { rows, cols } = share(X.layout, X.grid.rank)!;
    fillRandom('normal', this.seed, 0, 1, rows, { start: this.#drawn + cols.start, step: cols.step }, X.local);
    this.#drawn += X.width;
  }
}
