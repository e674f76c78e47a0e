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
    const { id, matrix, dtype, order } = put;
    const size = (block: Block): number => entries(block) * itemBytes(put.dtype);
    const pieces = splitBlock(put, itemBytes(put.dtype), STAGE_BYTES, put.order);
    let piece = pieces.next().value as Block;
    let start = this.#startOf(put, piece, size(piece));
    let filled = 0;
    let coming = size(put);
    return {
      spare: SPARE_BYTES,
      room: () => bytes.subarray(start + filled, start + size(piece) + (coming === size(piece) ? SPARE_BYTES : 0)),
      take: (received) => {
        filled += received.length;
        if (filled < size(piece)) return;
        const { rows, cols } = (this.#held && joinBlocks(this.#held, piece, order)) ?? piece;
        this.#held = { id, matrix, dtype, order, rows, cols };
        filled = 0;
        coming -= size(piece);
        const next = pieces.next();
        if (next.done) return;
        piece = next.value;
        start = this.#startOf(put, piece, size(piece));
      },
      end: complete,
    };
  }

  /** Where in the stage a piece goes: behind what is held if it goes on from there, else, when that has been placed, at the beginning. */
  #startOf({ id, matrix, dtype, order }: Put, piece: Block, size: number): number {
    const held = this.#held;
    if (!held) return 0;
    const end = entries(held) * itemBytes(held.dtype);
    const goesOn = held.id === id && held.matrix === matrix && held.dtype === dtype && held.order === order && joinBlocks(held, piece, order);
    if (goesOn && end + size <= STAGE_BYTES) return end;
    this.flush();
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
