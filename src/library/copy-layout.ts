/** Tasks that give a matrix in a distribution of the caller's choice: the parameters that say which, its layout, and what moving costs. */
import { parseDistPair } from '../layout/distribution.js';
import { gridSize, inheritAlignment, type Layout, makeLayout } from '../layout/layout.js';
import { receivedEntries } from '../layout/plan.js';
import { type Dtype, itemBytes } from '../local/rank-memory.js';
import type { Arguments, Params } from './task.js';

export const copyLayoutParams = {
  dist: { type: 'text', optional: true, about: 'distribution of the result, such as MC_MR or VC_STAR; default: the one that moves nothing' },
  colAlign: { type: 'integer', optional: true, min: 0, about: 'default: inherited where that saves traffic' },
  rowAlign: { type: 'integer', optional: true, min: 0, about: 'default: inherited where that saves traffic' },
  root: { type: 'integer', optional: true, min: 0, about: 'default: inherited for the same distribution, else 0' },
} as const satisfies Params;

type Wanted = Arguments<typeof copyLayoutParams, never>;

/** The layout of a copy of a matrix in `from`: as wanted, and where nothing is wanted so that little moves. E_LAYOUT when it cannot be. */
export function copyLayout(from: Layout, { dist, colAlign, rowAlign, root }: Wanted): Layout {
  const { height, width, gridHeight, gridWidth } = from;
  const pair = dist === undefined ? ([from.colDist, from.rowDist] as const) : parseDistPair(dist);
  const inherited = inheritAlignment(from, pair);
  return makeLayout({
    height,
    width,
    dist: pair,
    colAlign: colAlign ?? inherited.colAlign,
    rowAlign: rowAlign ?? inherited.rowAlign,
    root: root ?? inherited.root,
    gridHeight,
    gridWidth,
  });
}

/** Bytes that the busiest rank receives when a matrix moves from one layout to another. */
export function bytesMoved(from: Layout, to: Layout, dtype: Dtype): number {
  let most = 0;
  for (let rank = 0; rank < gridSize(from); rank++) most = Math.max(most, receivedEntries(from, to, rank));
  return most * itemBytes(dtype);
}
