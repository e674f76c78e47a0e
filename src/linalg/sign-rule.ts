/** One of the two signs of every singular triplet: the largest entry of its left vector is positive. */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { share } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import type { Matrix } from '../local/matrix.js';
import { overRanks } from './small-matrix.js';

/** Entries this close to the largest count as equally large: rounding then does not decide between them. */
const TIE = 1 - 2 ** -20;

/**
 * Multiplies column j of U and of V by -1 where the entry of largest modulus in column j of U is negative; of entries that are equally large
 * to six digits the first counts. Each row of U and of V lies whole on one rank. Collective.
 */
export function fixSigns(U: DistMatrix, V: DistMatrix): void {
  const { comm, rank } = U.grid;
  const rows = share(U.layout, rank)!.rows;
  const largest = Float64Array.from({ length: U.width }, (_, j) => blas.maxAbs(U.local.col(j)));
  overRanks(comm, largest, 'max');
  const local = Array.from(largest, (max, j) => firstLarge(U.local.col(j), TIE * max));
  const mine = Float64Array.from(local, (i) => (i < rows.count ? rows.start + i * rows.step : Infinity));
  const first = mine.slice();
  overRanks(comm, first, 'min');
  const negative = Float64Array.from(local, (i, j) => (mine[j] === first[j] && U.local.get(i, j) < 0 ? 1 : 0));
  overRanks(comm, negative, 'max');
  negative.forEach((flip, j) => {
    if (!flip) return;
    blas.scale(-1, U.local.col(j));
    blas.scale(-1, V.local.col(j));
  });
}

/** The first row of the column x whose entry has at least this modulus; x.height when none has. */
function firstLarge(x: Matrix, modulus: number): number {
  let i = 0;
  while (i < x.height && Math.abs(x.get(i, 0)) < modulus) i++;
  return i;
}
