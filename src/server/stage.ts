/** Some bytes of a rank's memory through which entries pass between a socket and the matrices. */
import type { Block } from '../layout/block.js';
import { Matrix } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';
import type { Order } from '../protocol/records.js';

/** Bytes received at a time, and the most that are gathered: they stay in the second-level cache between the socket and their places. */
export const STAGE_BYTES = 1024 * 1024;

export class Stage {
  readonly bytes: Uint8Array;
  readonly #ptr: number;

  constructor(readonly memory: Matrix['memory'], size = STAGE_BYTES) {
    this.#ptr = memory.heap.alloc(size);
    this.bytes = new Uint8Array(memory.region.memory.buffer, this.#ptr, size);
  }

  /** The first bytes as the entries of a block. */
  as({ rows, cols }: Block, dtype: Dtype, order: Order): Matrix {
    const [rowStride, colStride] = order === 'row' ? [cols.count, 1] : [1, rows.count];
    return new Matrix(this.memory, dtype, rows.count, cols.count, this.#ptr, rowStride, colStride);
  }

  free(): void {
    this.memory.heap.free(this.#ptr);
  }
}
