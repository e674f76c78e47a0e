/** Entries on their way from a data connection into the matrices: gathered in a stage, across frames where these go on from each other. */
import { entries, type Block } from '../layout/block.js';
import type { Matrix } from '../local/matrix.js';
import { itemBytes } from '../local/rank-memory.js';
import type { PayloadSink } from '../protocol/frame-decoder.js';
import type { Header } from '../protocol/messages.js';
import { joinBlocks, splitBlock } from '../protocol/split.js';
import { Stage, STAGE_BYTES } from './stage.js';

/** Behind a payload, the next head may be received along with it. */
const SPARE_BYTES = 256;

type Put = Header<'PUT'>;
/** What a stage holds: a block of one stream. */
type Held = Pick<Put, 'id' | 'matrix' | 'dtype' | 'order' | 'rows' | 'cols'>;

/** Takes the payload of one PUT after another; one object for all of them, since there may be ten thousand to a gigabyte. */
export class Intake implements PayloadSink {
  readonly spare = SPARE_BYTES;
  #stage: Stage | undefined;
  /** The block of the frames that have come since the stage was last emptied. */
  #held: Held | undefined;
  /** What it will be when the piece that is coming is complete. */
  #next: Held | undefined;
  /** The frame whose payload is coming, and its further pieces if the stage does not hold all of it. */
  #put: Put | undefined;
  #more: Iterator<Block, void> | undefined;
  /** Bytes of the frame that no complete piece has brought. */
  #coming = 0;
  /** Where in the stage the piece that is coming begins, how long it is, and how much of it has come. */
  #start = 0;
  #length = 0;
  #filled = 0;

  /**
   * @param place puts entries where they belong: looked up then, since a matrix may have been freed in the meantime. It must not throw.
   * @param complete is told when all of a frame has come, placed or held.
   */
  constructor(
    readonly place: (held: Held, entries: Matrix) => void,
    readonly complete: (put: Put) => void,
  ) {}

  /** The payload that comes next is that of `put`, and passes through a stage in `memory`. */
  begin(put: Put, memory: Matrix['memory']): PayloadSink {
    if (this.#stage?.memory !== memory) {
      // The worker has been started anew: what was held belonged to matrices that are gone.
      this.#held = undefined;
      this.#stage = new Stage(memory);
    }
    this.#put = put;
    this.#coming = entries(put) * itemBytes(put.dtype);
    this.#more = this.#coming > STAGE_BYTES ? splitBlock(put, itemBytes(put.dtype), STAGE_BYTES, put.order) : undefined;
    this.#expect(put, this.#more ? (this.#more.next().value as Block) : put);
    return this;
  }

  room(): Uint8Array {
    const spare = this.#coming === this.#length ? SPARE_BYTES : 0;
    return this.#stage!.bytes.subarray(this.#start + this.#filled, this.#start + this.#length + spare);
  }

  take({ length }: Uint8Array): void {
    this.#filled += length;
    if (this.#filled < this.#length) return;
    this.#held = this.#next;
    this.#coming -= this.#length;
    if (this.#coming > 0) this.#expect(this.#put!, this.#more!.next().value as Block);
  }

  end(): void {
    this.complete(this.#put!);
  }

  /** A piece goes behind what is held if it goes on from there, else, when that has been placed, to the beginning of the stage. */
  #expect({ id, matrix, dtype, order }: Put, piece: Block): void {
    this.#filled = 0;
    this.#length = entries(piece) * itemBytes(dtype);
    const held = this.#held;
    if (held && held.id === id && held.matrix === matrix && held.dtype === dtype && held.order === order) {
      this.#start = entries(held) * itemBytes(dtype);
      const both = this.#start + this.#length <= STAGE_BYTES ? joinBlocks(held, piece, order) : undefined;
      if (both) {
        this.#next = { id, matrix, dtype, order, rows: both.rows, cols: both.cols };
        return;
      }
    }
    this.flush();
    this.#start = 0;
    this.#next = { id, matrix, dtype, order, rows: piece.rows, cols: piece.cols };
  }

  /** Places what is held. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held) this.place(held, this.#stage!.as(held, held.dtype, held.order));
  }

  /** Nothing more comes: what is held is dropped. */
  close(): void {
    this.#held = undefined;
    this.#stage?.free();
    this.#stage = undefined;
  }
}
