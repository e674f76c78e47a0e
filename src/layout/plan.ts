/** Plans: what a rank must pull from its peers so that it holds its share of another layout, as at most one block from each. */

import { AlchemistError } from '../errors.js';
import { entries, meetBlocks, type Block } from './block.js';
import {
  colStride, copies, describe, gridSize, holder, redundantRank, rowStride, sameGrid, share, type Layout,
} from './layout.js';
import { gcd, mod, type Slice } from './slice.js';

/** Entries to read from the local matrix of VC rank `peer` at `source`, to be written to one's own local matrix at `target`. */
export interface Transfer {
  readonly peer: number;
  readonly source: Block;
  readonly target: Block;
}

/**
 * What `rank` must pull so that it holds its share of `to`, given that all ranks hold theirs of `from`: each entry once, at
 * most one block per peer. Of several copies it reads its own, else the one in the team of its own copy, so that every copy
 * serves its own team. Peers come in the order rank, rank + 1, …, rank - 1, so that ranks that start together read from
 * different memories. E_LAYOUT unless both layouts have the same size and grid. At most p transfers.
 */
export function plan(from: Layout, to: Layout, rank: number): Transfer[] {
  const size = gridSize(from);
  const copy = redundantRank(from, rank);
  return pulls(from, to, rank, copy, copy + 1).sort((a, b) => mod(a.peer - rank, size) - mod(b.peer - rank, size));
}

/** {@link plan} from the other side: what each rank, here the `peer`, pulls from `rank`. */
export function deliveries(from: Layout, to: Layout, rank: number): Transfer[] {
  const receivers = Array.from({ length: gridSize(from) }, (_, receiver) => receiver);
  return receivers.flatMap((peer) => plan(from, to, peer).filter((transfer) => transfer.peer === rank).map((transfer) => ({ ...transfer, peer })));
}

/**
 * What `rank` must pull and add to contract `from` into `to`, when every copy of `from` holds a partial sum: its share of
 * `to` from all the copies, in ascending rank order, so that the sum has the same bits every time. E_LAYOUT as {@link plan}.
 */
export function contraction(from: Layout, to: Layout, rank: number): Transfer[] {
  return pulls(from, to, rank, 0, copies(from)).sort((a, b) => a.peer - b.peer);
}

/** How many entries `rank` receives from others in {@link plan}: those of its target share that it does not hold already. */
export function receivedEntries(from: Layout, to: Layout, rank: number): number {
  return wantedEntries(to, rank) - heldEntries(from, to, rank);
}

/** How many entries `rank` receives from others in {@link contraction}. */
export function contractedEntries(from: Layout, to: Layout, rank: number): number {
  return wantedEntries(to, rank) * copies(from) - heldEntries(from, to, rank);
}

/** How many entries all ranks together receive from others in {@link plan}. */
export function totalMoved(from: Layout, to: Layout): number {
  let total = 0;
  for (let rank = 0; rank < gridSize(from); rank++) total += receivedEntries(from, to, rank);
  return total;
}

/** One axis of the transfers: which rank of the source's axis has these positions, and where they lie on either side. */
interface Piece {
  readonly axisRank: number;
  readonly source: Slice;
  readonly target: Slice;
}

function pulls(from: Layout, to: Layout, rank: number, firstCopy: number, endCopy: number): Transfer[] {
  requireAlike(from, to);
  const wanted = share(to, rank);
  const transfers: Transfer[] = [];
  if (!wanted) return transfers;
  const colPieces = pieces(wanted.cols, from.rowAlign, rowStride(from));
  for (const rows of pieces(wanted.rows, from.colAlign, colStride(from))) {
    for (const cols of colPieces) {
      const source = { rows: rows.source, cols: cols.source };
      const target = { rows: rows.target, cols: cols.target };
      for (let copy = firstCopy; copy < endCopy; copy++) {
        transfers.push({ peer: holder(from, rows.axisRank, cols.axisRank, copy), source, target });
      }
    }
  }
  return transfers;
}

/**
 * Cuts the wanted indices by their owners on an axis dealt over `stride` ranks. Owners repeat with a period: the wanted
 * index t and the wanted index t + period have the same owner, and lie wanted.step·period / stride apart in its memory.
 */
function pieces(wanted: Slice, align: number, stride: number): Piece[] {
  const period = stride / gcd(wanted.step, stride);
  return Array.from({ length: Math.min(period, wanted.count) }, (_, t) => {
    const index = wanted.start + t * wanted.step;
    const count = Math.ceil((wanted.count - t) / period);
    return {
      axisRank: mod(index + align, stride),
      source: { start: Math.floor(index / stride), step: count > 1 ? (wanted.step * period) / stride : 1, count },
      target: { start: t, step: count > 1 ? period : 1, count },
    };
  });
}

function wantedEntries(to: Layout, rank: number): number {
  const wanted = share(to, rank);
  return wanted ? entries(wanted) : 0;
}

function heldEntries(from: Layout, to: Layout, rank: number): number {
  requireAlike(from, to);
  const [held, wanted] = [share(from, rank), share(to, rank)];
  const both = held && wanted && meetBlocks(held, wanted);
  return both ? entries(both) : 0;
}

function requireAlike(from: Layout, to: Layout): void {
  if (from.height === to.height && from.width === to.width && sameGrid(from, to)) return;
  throw new AlchemistError('E_LAYOUT', `cannot redistribute ${describe(from)} to ${describe(to)}`, {
    hint: 'the sizes and the grids must be equal',
    fields: { from, to },
  });
}
