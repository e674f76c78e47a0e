/** Entries on their way from a data connection into the matrices: gathered in a stage, across frames where these go on from each other. */
import { entries, type Block } from '../layout/block.js';
import type { Matrix } from '../local/matrix.js';
import { itemBytes } from '../local/rank-memory.js';
import type { PayloadSink } from '../protocol/frame-decoder.js';
import type { Header } from '../protocol/messages.js';
import { joinBlocks, splitBlock } from '../protocol/split.js';
import { Stage, STAGE_BYTES } from './stage.js';

/** Behind a payload, a header may be received along with it. */
const SPARE_BYTES = 256;

type Put = Pick<Header<'PUT'>, 'id' | 'matrix' | 'dtype' | 'order' | 'rows' | 'cols'>;

export class Intake {
  #stage: Stage | undefined;
  /** What the stage holds: the block of the frames that have come since it was last emptied. */
  #held: Put | undefined;
  /** What it will hold when the piece that is coming is complete. */
  #next: Put | undefined;

  /** `place` puts entries where they belong: looked up then, since a matrix may have been freed in the meantime. It must not throw. */
  constructor(readonly place: (put: Put, entries: Matrix) => void) {}

  /** Takes the payload of a PUT into a stage in `memory`; calls `complete` when all of it has come, placed or held. */
  sink(put: Put, memory: Matrix['memory'], complete: () => void): PayloadSink {
    if (this.#stage?.memory !== memory) {
      // The worker has been started anew: what was held belonged to matrices that are gone.
      this.#held = undefined;
      this.#stage = new Stage(memory);
    }
    const { bytes } = this.#stage;
    const size = (block: Block): number => entries(block) * itemBytes(put.dtype);
    let coming = size(put);
    const more = coming > STAGE_BYTES ? splitBlock(put, itemBytes(put.dtype), STAGE_BYTES, put.order) : undefined;
    let piece: Block = more ? (more.next().value as Block) : put;
    let length = size(piece);
    let start = this.#startOf(put, piece, length);
    let filled = 0;
    return {
      spare: SPARE_BYTES,
      room: () => bytes.subarray(start + filled, start + length + (coming === length ? SPARE_BYTES : 0)),
      take: (received) => {
        filled += received.length;
        if (filled < length) return;
        this.#held = this.#next;
        coming -= length;
        if (coming === 0) return;
        piece = more!.next().value as Block;
        length = size(piece);
        start = this.#startOf(put, piece, length);
        filled = 0;
      },
      end: complete,
    };
  }

  /** Where in the stage a piece goes: behind what is held if it goes on from there, else, when that has been placed, at the beginning. */
  #startOf({ id, matrix, dtype, order }: Put, piece: Block, size: number): number {
    const held = this.#held;
    if (held && held.id === id && held.matrix === matrix && held.dtype === dtype && held.order === order) {
      const end = entries(held) * itemBytes(dtype);
      const both = end + size <= STAGE_BYTES ? joinBlocks(held, piece, order) : undefined;
      if (both) {
        this.#next = { id, matrix, dtype, order, rows: both.rows, cols: both.cols };
        return end;
      }
    }
    this.flush();
    this.#next = { id, matrix, dtype, order, rows: piece.rows, cols: piece.cols };
    return 0;
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
