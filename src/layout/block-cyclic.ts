/**
 * Block-cyclic shares, the way of ScaLAPACK and of Elemental's BLOCK wrap: an axis is cut into blocks, and the blocks are dealt out. Such a
 * share is several slices, so no matrix here is laid out like that; but what another program holds can be named, sent and fetched block by block.
 */
import { AlchemistError } from '../errors.js';
import { mod, slice, type Slice } from './slice.js';

/** How an axis is dealt to `stride` processes. */
export interface BlockDeal {
  /** Indices in a block. */
  readonly blockSize: number;
  readonly stride: number;
  /** The process that gets the first block; 0 when omitted. */
  readonly align?: number;
  /** How many indices of the first block are missing, fewer than blockSize; 0 when omitted. */
  readonly cut?: number;
}

/**
 * The indices below n that process `rank` holds, ascending, one slice of step 1 for every block: index i goes to process
 * (⌊(i + cut) / blockSize⌋ + align) mod stride. Throws E_LAYOUT for a deal that cannot be.
 */
export function blockCyclic(n: number, rank: number, { blockSize, stride, align = 0, cut = 0 }: BlockDeal): Slice[] {
  const below = (value: number, limit: number): boolean => Number.isSafeInteger(value) && value >= 0 && value < limit;
  if (!below(blockSize - 1, Infinity) || !below(n, Infinity) || ![rank, align].every((process) => below(process, stride)) || !below(cut, blockSize)) {
    throw new AlchemistError('E_LAYOUT', `no block-cyclic share of ${n} indices: blocks of ${blockSize} cut by ${cut}, process ${rank} of ${stride}, the first being ${align}`, {
      hint: 'expected are blockSize ≥ 1, 0 ≤ cut < blockSize, and rank and align from 0 to stride - 1',
    });
  }
  const slices: Slice[] = [];
  for (let block = mod(rank - align, stride); ; block += stride) {
    const start = Math.max(0, block * blockSize - cut);
    if (start >= n) return slices;
    slices.push(slice(start, 1, Math.min(n, (block + 1) * blockSize - cut) - start));
  }
}
