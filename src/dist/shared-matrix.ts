/**
 * A distributed matrix as one thread sees it who knows where every rank's share lies: reads and writes any block of it alone, without a
 * collective call. What the data port of a worker is made of.
 */
import { pushAll } from '../comm/pull.js';
import { type Block, meetBlocks } from '../layout/block.js';
import { gridSize, type Layout, redundantRank, share } from '../layout/layout.js';
import { positionIn } from '../layout/slice.js';
import { Matrix, type Placement, storageOrder, type StorageOrder } from '../local/matrix.js';
import type { Dtype, RankMemory } from '../local/rank-memory.js';
import { BlockReader } from './block-reader.js';

export class SharedMatrix {
  constructor(
    readonly layout: Layout,
    readonly dtype: Dtype,
    /** Where each rank's share lies, by VC rank. */
    readonly shares: readonly Placement[],
    /** Every rank's memory as seen from this thread, by VC rank. */
    readonly memories: readonly RankMemory[],
    /** The memory of the rank that this thread is. */
    readonly actor: RankMemory,
  ) {}

  /** this(block) := A, on every rank that holds a copy of an entry. `block` is in global indices; A, of its shape, lies in any rank's memory. */
  put(A: Matrix, block: Block): void {
    const found = this.#overlaps(block, () => true);
    const deliveries = [...found].map(([peer, { inLocal, inBlock }]) => ({ peer, source: inBlock, target: inLocal }));
    pushAll(deliveries, A, ({ peer }) => found.get(peer)!.local, this.actor);
  }

  /** A := this(block), each entry from the first rank that holds it. A lies in the memory of the rank that this thread is. */
  get(block: Block, A: Matrix): void {
    this.reader(block, storageOrder(A)).read(block, A);
  }

  /** Reads a block in pieces that are wanted in an order. */
  reader(block: Block, order: StorageOrder): BlockReader {
    const sources = this.#overlaps(block, (rank) => redundantRank(this.layout, rank) === 0);
    const strands = [...sources].map(([peer, { inLocal, inBlock }]) => ({ peer, part: inLocal, whole: inBlock }));
    return new BlockReader(block, order, strands, ({ peer }) => sources.get(peer)!.local, this.actor);
  }

  /** What a block has in common with the shares of some ranks, by rank. */
  #overlaps(block: Block, wanted: (rank: number) => boolean): Map<number, { local: Matrix; inLocal: Block; inBlock: Block }> {
    const found = new Map<number, { local: Matrix; inLocal: Block; inBlock: Block }>();
    for (let rank = 0; rank < gridSize(this.layout); rank++) {
      const both = wanted(rank) && this.#overlap(rank, block);
      if (both) found.set(rank, both);
    }
    return found;
  }

  /** What a rank's share and a block have in common, in the coordinates of both. */
  #overlap(rank: number, block: Block): { local: Matrix; inLocal: Block; inBlock: Block } | null {
    const held = share(this.layout, rank);
    const both = held && meetBlocks(held, block);
    if (!both) return null;
    const { ptr, rowStride, colStride } = this.shares[rank];
    const local = new Matrix(this.memories[rank], this.dtype, held.rows.count, held.cols.count, ptr, rowStride, colStride);
    const within = (whole: Block): Block => ({ rows: positionIn(both.rows, whole.rows), cols: positionIn(both.cols, whole.cols) });
    return { local, inLocal: within(held), inBlock: within(block) };
  }
}
