/**
 * The grid to describe to a legacy client, so that what it derives from it covers its matrix. The clients' derivation is right on
 * few grids only, but nothing in them checks the description: a 1 × p grid serves all layouts, as long as every worker takes and
 * gives any entry of the matrix, whoever holds it.
 */
import type { DistPair } from '../../layout/distribution.js';

/** Where a worker is said to be. */
export interface Place {
  readonly worker: number;
  readonly row: number;
  readonly col: number;
}

/** A grid of height × width workers. Clients read the places in their order. */
export interface GridDescription {
  readonly height: number;
  readonly width: number;
  readonly places: readonly Place[];
}

/**
 * Layouts whose columns a client deals to the workers: with fewer columns than workers, some would get none, and the client
 * divides by it.
 */
const CUTS_COLUMNS: ReadonlySet<DistPair> = new Set(['MC_MR', 'MC_STAR', 'MD_STAR', 'STAR_MD', 'STAR_MR', 'STAR_VC', 'STAR_VR']);

/**
 * The layout and the grid to report for a height × width matrix in `layout` on the workers with these ids, ascending. Clients
 * derive from it disjoint shares for MC_MR, MR_STAR, STAR_MR, STAR_VC, VC_STAR, VR_STAR, MR_MC and CIRC_CIRC, where no axis is
 * shorter than it is cut; whole copies or overlapping shares for the others.
 */
export function compatGrid(
  layout: DistPair,
  workers: readonly number[],
  height: number,
  width: number,
): { layout: DistPair; grid: GridDescription } {
  const p = workers.length;
  const place = (k: number): Place => {
    if (height === 1 && width === 1) return { worker: workers[k], row: 0, col: 0 };
    if (layout === 'MR_MC' && p > 1) return { worker: workers[k], row: k, col: 0 };
    return { worker: workers[k], row: 0, col: CUTS_COLUMNS.has(layout) && width > 0 && width < p ? k % width : k };
  };
  // Clients count the places up to the first in row 1 to learn the grid's width: for MR_MC it comes last.
  const order = layout === 'MR_MC' && p > 1 ? [0, ...range(2, p), 1] : range(0, p);
  return {
    layout: layout === 'CIRC_CIRC' ? 'VC_STAR' : layout, // clients cannot send [o,o] at all
    grid: { height: 1, width: p, places: order.map(place) },
  };
}

const range = (start: number, end: number): number[] => Array.from({ length: Math.max(0, end - start) }, (_, k) => start + k);
