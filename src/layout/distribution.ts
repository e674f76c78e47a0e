/**
 * The distributions: seven ways to deal the indices of one axis to processes, and the fourteen pairs that make a matrix layout.
 *
 * In [U,V], U says how a column is cut (it governs i) and V how a row is cut (it governs j). Index i goes to the process
 * whose rank in U is (i + align) mod stride. On an r × c grid, with p = r·c:
 *
 *   MC    down a grid column               stride r      MR   along a grid row                 stride c
 *   VC    all processes, column by column  stride p      VR   all processes, row by row        stride p
 *   MD    one diagonal of the grid         stride lcm(r, c)
 *   STAR  (*) not cut: every process of the team has all of it
 *   CIRC  (o) not cut: one process has all of it
 */

import { AlchemistError } from '../errors.js';
import { diagonalLength, gridCol, gridRow, mdToVC, vcAt, vcToMD, vcToVR, vrToVC } from './grid-shape.js';

export type Dist = 'MC' | 'MD' | 'MR' | 'VC' | 'VR' | 'STAR' | 'CIRC';

export type DistPair =
  | 'MC_MR' | 'MC_STAR' | 'MD_STAR' | 'MR_MC' | 'MR_STAR' | 'VC_STAR' | 'VR_STAR'
  | 'STAR_MC' | 'STAR_MD' | 'STAR_MR' | 'STAR_VC' | 'STAR_VR' | 'STAR_STAR' | 'CIRC_CIRC';

/** How many processes share an axis on an r × c grid, and which of them a VC rank is. */
interface Axis {
  stride(r: number, c: number): number;
  rank(vc: number, r: number, c: number): number;
}

const whole: Axis = { stride: () => 1, rank: () => 0 };

export const AXES: Readonly<Record<Dist, Axis>> = {
  MC: { stride: (r) => r, rank: (vc, r) => gridRow(vc, r) },
  MR: { stride: (_, c) => c, rank: (vc, r) => gridCol(vc, r) },
  VC: { stride: (r, c) => r * c, rank: (vc) => vc },
  VR: { stride: (r, c) => r * c, rank: vcToVR },
  MD: { stride: diagonalLength, rank: vcToMD },
  STAR: whole,
  CIRC: whole,
};

/**
 * Where to look for a share: the ranks i and j within the two axes, which of its copies, the diagonal of an MD axis or the one
 * process of [o,o] (root), and the grid, r × c.
 */
export interface Place {
  readonly i: number;
  readonly j: number;
  readonly copy: number;
  readonly root: number;
  readonly r: number;
  readonly c: number;
}

/** The fourteen pairs, each by the VC rank that holds a share. */
export const HOLDERS: Readonly<Record<DistPair, (place: Place) => number>> = {
  MC_MR: ({ i, j, r }) => vcAt(i, j, r),
  MR_MC: ({ i, j, r }) => vcAt(j, i, r),
  MC_STAR: ({ i, copy, r }) => vcAt(i, copy, r),
  STAR_MC: ({ j, copy, r }) => vcAt(j, copy, r),
  MR_STAR: ({ i, copy, r }) => vcAt(copy, i, r),
  STAR_MR: ({ j, copy, r }) => vcAt(copy, j, r),
  VC_STAR: ({ i }) => i,
  STAR_VC: ({ j }) => j,
  VR_STAR: ({ i, r, c }) => vrToVC(i, r, c),
  STAR_VR: ({ j, r, c }) => vrToVC(j, r, c),
  MD_STAR: ({ i, root, r, c }) => mdToVC(i, root, r, c),
  STAR_MD: ({ j, root, r, c }) => mdToVC(j, root, r, c),
  STAR_STAR: ({ copy }) => copy,
  CIRC_CIRC: ({ root }) => root,
};

/** The fourteen legal pairs. */
export const DIST_PAIRS = Object.keys(HOLDERS) as readonly DistPair[];

/** The pair's name, 'VC_STAR'; E_LAYOUT unless it is one of the fourteen. */
export function distPair(colDist: Dist, rowDist: Dist): DistPair {
  const pair = `${colDist}_${rowDist}` as DistPair;
  if (!Object.hasOwn(HOLDERS, pair)) throw noSuchPair(`[${colDist},${rowDist}]`);
  return pair;
}

/** The two axes of a pair: 'VC_STAR' → ['VC', 'STAR']. */
export function splitDistPair(pair: DistPair): [Dist, Dist] {
  return pair.split('_') as [Dist, Dist];
}

/** Reads 'MC_MR', '[MC,MR]', 'VC,*', 'vc_star' or 'o,o'; E_LAYOUT, listing the fourteen, for anything else. */
export function parseDistPair(text: string): [Dist, Dist] {
  const axes = text
    .trim()
    .toUpperCase()
    .replace(/^\[(.*)\]$/u, '$1')
    .split(/[\s,_]+/u)
    .map((axis) => (axis === '*' ? 'STAR' : axis === 'O' ? 'CIRC' : axis));
  const pair = axes.join('_');
  if (axes.length !== 2 || !Object.hasOwn(HOLDERS, pair)) throw noSuchPair(`'${text}'`);
  return axes as [Dist, Dist];
}

/** '[VC,*]' */
export function formatDistPair(colDist: Dist, rowDist: Dist): string {
  return `[${SYMBOLS[colDist] ?? colDist},${SYMBOLS[rowDist] ?? rowDist}]`;
}

/** The coarser axis that an axis refines: VC is MC cut further, VR is MR cut further, the others stand for themselves. */
export function partial(dist: Dist): Dist {
  return dist === 'VC' ? 'MC' : dist === 'VR' ? 'MR' : dist;
}

const SYMBOLS: Partial<Record<Dist, string>> = { STAR: '*', CIRC: 'o' };

function noSuchPair(text: string): AlchemistError {
  return new AlchemistError('E_LAYOUT', `${text} is not a distribution`, {
    hint: `one of ${DIST_PAIRS.map((pair) => formatDistPair(...splitDistPair(pair))).join(' ')}`,
    fields: { distributions: DIST_PAIRS },
  });
}
