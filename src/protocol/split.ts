/** Cutting a block into pieces that fit the buffer of a session. */
import { AlchemistError } from '../errors.js';
import type { Block } from '../layout/block.js';
import { slice, type Slice } from '../layout/slice.js';
import type { Order } from './records.js';

/**
 * The pieces of a block, at most `bufferSize` bytes each, in the order of its payload: runs of whole rows (order 'row') or whole
 * columns ('column'), and parts of one when it is longer than the buffer. An empty block is one empty piece. Pieces cover every
 * entry once. E_ARGUMENT when not even one entry fits.
 */
export function* splitBlock(block: Block, itemBytes: number, bufferSize: number, order: Order = 'row'): Generator<Block, void, undefined> {
  const piece = new Piece(block, itemBytes, bufferSize, order);
  while (piece.next()) yield { rows: { ...piece.rows }, cols: { ...piece.cols } };
}

/** The pieces of {@link splitBlock} in turn, in one object for all of them: what is read of it changes with {@link next}. */
export class Piece implements Block {
  readonly rows: Slice;
  readonly cols: Slice;
  readonly #slow: Cut;
  readonly #fast: Cut;
  #begun = false;

  /** Before the first piece. E_ARGUMENT when not even one entry fits into a buffer. */
  constructor({ rows, cols }: Block, itemBytes: number, bufferSize: number, order: Order) {
    const itemsAtOnce = Math.floor(bufferSize / itemBytes);
    if (!(itemsAtOnce >= 1)) {
      throw new AlchemistError('E_ARGUMENT', `a buffer of ${bufferSize} bytes does not hold an entry of ${itemBytes}`, {
        fields: { bufferSize, itemBytes },
      });
    }
    const [slow, fast] = order === 'row' ? [rows, cols] : [cols, rows];
    const empty = slow.count === 0 || fast.count === 0;
    const fastAtOnce = empty ? fast.count : Math.min(fast.count, itemsAtOnce);
    this.#slow = new Cut(slow, empty ? slow.count : Math.max(1, Math.floor(itemsAtOnce / fastAtOnce)));
    this.#fast = new Cut(fast, fastAtOnce);
    [this.rows, this.cols] = order === 'row' ? [this.#slow.part, this.#fast.part] : [this.#fast.part, this.#slow.part];
  }

  /** Goes on to the next piece. @returns whether there was one. */
  next(): boolean {
    if (this.last) return false;
    if (!this.#begun) this.#begun = true;
    else if (!this.#fast.atEnd) this.#fast.advance();
    else {
      this.#slow.advance();
      this.#fast.moveTo(0);
    }
    return true;
  }

  /** Whether this is the last one. */
  get last(): boolean {
    return this.#begun && this.#slow.atEnd && this.#fast.atEnd;
  }
}

/** The block whose payload is that of a and then that of b, as of neighbouring pieces of {@link splitBlock}; undefined where there is none. */
export function joinBlocks(a: Block, b: Block, order: Order): Block | undefined {
  const [slow, fast, next, same] = order === 'row' ? [a.rows, a.cols, b.rows, b.cols] : [a.cols, a.rows, b.cols, b.rows];
  if (fast.start !== same.start || fast.count !== same.count || (fast.count > 1 && fast.step !== same.step)) return undefined;
  if (slow.count === 0 || next.count === 0) return undefined;
  const step = next.start - (slow.start + (slow.count - 1) * slow.step);
  if (step < 1 || (slow.count > 1 && slow.step !== step) || (next.count > 1 && next.step !== step)) return undefined;
  const both = slice(slow.start, step, slow.count + next.count);
  return order === 'row' ? { rows: both, cols: fast } : { rows: fast, cols: both };
}

/** An axis that is cut into parts, of which the last may be shorter; stands at the first one. */
class Cut {
  readonly part: { start: number; readonly step: number; count: number };
  #end = 0;

  constructor(
    readonly whole: Slice,
    readonly atOnce: number,
  ) {
    this.part = { start: whole.start, step: whole.step, count: 0 };
    this.moveTo(0);
  }

  /** Stands at the part that begins at this position of the whole. */
  moveTo(position: number): void {
    this.part.start = this.whole.start + position * this.whole.step;
    this.part.count = Math.min(this.atOnce, this.whole.count - position);
    this.#end = position + this.part.count;
  }

  advance(): void {
    this.moveTo(this.#end);
  }

  get atEnd(): boolean {
    return this.#end === this.whole.count;
  }
}
