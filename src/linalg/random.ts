/** Random distributed matrices: entry (i, j) depends on the seed, i and j only, so every grid and distribution gives the same bits. */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { share } from '../layout/layout.js';
import { fillRandom } from '../local/random.js';

/** A(i,j) := uniform on [low, high). In f32 the largest may round up to high. No communication. */
export function uniform(seed: number, low: number, high: number, A: DistMatrix): void {
  random('uniform', seed, low, high, A);
}

/** A(i,j) := normal with the given mean and standard deviation. No communication. */
export function normal(seed: number, mean: number, stddev: number, A: DistMatrix): void {
  random('normal', seed, mean, stddev, A);
}

function random(distribution: 'uniform' | 'normal', seed: number, a: number, b: number, A: DistMatrix): void {
  const mine = share(A.layout, A.grid.rank);
  if (mine) fillRandom(distribution, seed, a, b, mine.rows, mine.cols, A.local);
}
