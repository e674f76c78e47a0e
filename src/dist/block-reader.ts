/**
 * Reads one block of a distributed matrix piece by piece. Which entries come from whom, and which ranks' entries interleave, is worked out
 * once; what remains for each piece is to cut that to size, and a kernel call or two.
 */
import { pullBlock } from '../comm/pull.js';
import { bundles, interleave, strided, type Strand } from '../comm/weave.js';
import type { Block } from '../layout/block.js';
import { type Slice, slice } from '../layout/slice.js';
import { copy } from '../local/blas.js';
import { type Matrix, storageOrder, type StorageOrder } from '../local/matrix.js';
import type { RankMemory } from '../local/rank-memory.js';

/** What a rank's share and the block have in common, and the positions of that in the block. */
interface Source {
  readonly entries: Matrix;
  readonly at: Block;
}

/** Sources whose entries take turns along the lines of the block: position q of a line is the next entry of source q mod sources. */
type Woven = readonly Source[];

export class BlockReader {
  readonly #woven: readonly Woven[];
  readonly #single: readonly Source[];

  /**
   * @param order the order in which pieces are wanted; its lines are the rows or the columns that lie contiguously then. All is kept as if
   * lines were columns, so that there is one way to read.
   * @param strands where the entries of the block lie: in whose share (`part`), and where in the block (`whole`).
   * @param actor the memory of the rank that reads.
   */
  constructor(
    readonly block: Block,
    readonly order: StorageOrder,
    strands: readonly Strand[],
    shareOf: (strand: Strand) => Matrix,
    readonly actor: RankMemory,
  ) {
    const source = (strand: Strand): Source => {
      const entries = strided(shareOf(strand), strand.part);
      return { entries: this.#upright(entries), at: this.#turned(strand.whole) };
    };
    const near = strands.filter((strand) => shareOf(strand).memory.sameSpace(actor));
    const woven = bundles(near, order === 'row' ? 'cols' : 'rows').filter((bundle) => bundle.every((strand) => source(strand).entries.rowStride === 1));
    const together = new Set(woven.flat());
    this.#woven = woven.map((bundle) => bundle.map(source));
    this.#single = strands.filter((strand) => !together.has(strand)).map(source);
  }

  /** Whether entries that follow each other in a line lie apart in the shares, since these are stored in the other order. */
  get crosses(): boolean {
    return this.#single.some(({ entries }) => storageOrder(entries) === 'row');
  }

  /** A := a piece of the block, made of whole runs of its rows and columns. A lies in the memory of the rank that reads. */
  read(piece: Block, A: Matrix): void {
    const position = (part: Slice, whole: Slice): Slice => slice((part.start - whole.start) / whole.step, 1, part.count);
    const wanted = this.#turned({ rows: position(piece.rows, this.block.rows), cols: position(piece.cols, this.block.cols) });
    const target = this.#upright(A);
    for (const source of this.#single) this.#copy(source, wanted, target);
    for (const sources of this.#woven) this.#weave(sources, wanted, target);
  }

  #upright(A: Matrix): Matrix {
    return this.order === 'row' ? A.transposed : A;
  }

  #turned({ rows, cols }: Block): Block {
    return this.order === 'row' ? { rows: cols, cols: rows } : { rows, cols };
  }

  /** target := what the source has of the wanted positions. */
  #copy({ entries, at }: Source, wanted: Block, target: Matrix): void {
    const rows = shared(at.rows, wanted.rows);
    const cols = shared(at.cols, wanted.cols);
    pullBlock(entries, { rows: rows.part, cols: cols.part }, target, { rows: rows.whole, cols: cols.whole }, undefined, this.actor);
  }

  /** The same of sources that take turns: in one pass as long as it is everyone's turn again, then from those that have one more. */
  #weave(sources: Woven, wanted: Block, target: Matrix): void {
    const cols = shared(sources[0].at.cols, wanted.cols);
    if (cols.part.count === 0) return;
    const { start, count } = wanted.rows;
    const turns = Math.floor(count / sources.length);
    const lines = strided(target, { rows: slice(0, 1, count), cols: cols.whole });
    const parts = sources.map((_, k) => {
      const next = sources[(start + k) % sources.length].entries;
      return next.view(Math.floor((start + k) / sources.length), cols.part.start, Math.ceil((count - k) / sources.length), cols.part.count);
    });
    interleave('weave', parts, turns, lines);
    for (let row = turns * sources.length; row < count; row++) {
      const last = parts[row - turns * sources.length];
      copy(last.view(turns, 0, 1, last.width), lines.view(row, 0, 1, last.width));
    }
  }
}

/** What a slice of positions has in common with a run of them: which of the slice's members, and where in the run. */
function shared({ start, step, count }: Slice, run: Slice): { readonly part: Slice; readonly whole: Slice } {
  const first = Math.max(0, Math.ceil((run.start - start) / step));
  const end = Math.min(count, Math.ceil((run.start + run.count - start) / step));
  const common = Math.max(0, end - first);
  return { part: slice(first, 1, common), whole: slice(start + first * step - run.start, step, common) };
}
