/** Moves one Block from a peer's matrix into one's own: one kernel call when both lie in one address space, staged otherwise. */
import type { Block } from '../layout/block.js';
import type { Matrix } from '../local/matrix.js';
import { Matrix as LocalMatrix } from '../local/matrix.js';
import * as blas from '../local/blas.js';
import { itemBytes, STAGE_BYTES } from '../local/rank-memory.js';

/** The entries of A that a block of local coordinates names, as a view with wider strides. */
export function strided(A: Matrix, block: Block): Matrix {
  const { rows, cols } = block;
  return new LocalMatrix(A.memory, A.dtype, rows.count, cols.count, A.address(rows.start, cols.start), A.rowStride * rows.step, A.colStride * cols.step);
}

/**
 * to[target] := from[source], or += alpha from[source]. `from` may lie in another rank's memory.
 * @returns the payload bytes.
 */
export function pullBlock(from: Matrix, source: Block, to: Matrix, target: Block, alpha?: number): number {
  const theirs = strided(from, source);
  const mine = strided(to, target);
  const bytes = theirs.size * itemBytes(theirs.dtype);
  if (bytes === 0) return 0;
  if (from.memory.sameSpace(to.memory)) put(new LocalMatrix(to.memory, theirs.dtype, theirs.height, theirs.width, theirs.ptr, theirs.rowStride, theirs.colStride), mine, alpha);
  else pullStaged(theirs, mine, alpha);
  return bytes;
}

function put(A: Matrix, B: Matrix, alpha: number | undefined): void {
  if (alpha === undefined) blas.copy(A, B);
  else blas.add(alpha, A, B);
}

/**
 * Across address spaces no kernel sees both sides. Pieces of the block are packed in the peer's memory by a kernel bound to it, into the
 * staging slot that belongs to this rank, copied across as plain bytes, and unpacked here: three passes, of which two stay in cache.
 */
function pullStaged(theirs: Matrix, mine: Matrix, alpha: number | undefined): void {
  const { dtype } = theirs;
  const slot = theirs.memory.stageFor(mine.memory);
  const own = mine.memory.stageFor(mine.memory);
  const capacity = Math.floor(STAGE_BYTES / itemBytes(dtype));
  const rowsAtOnce = Math.min(theirs.height, capacity);
  const colsAtOnce = Math.max(1, Math.floor(capacity / rowsAtOnce));
  const remote = theirs.memory.array(dtype);
  const local = mine.memory.array(dtype);
  for (let j = 0; j < theirs.width; j += colsAtOnce) {
    const w = Math.min(colsAtOnce, theirs.width - j);
    for (let i = 0; i < theirs.height; i += rowsAtOnce) {
      const h = Math.min(rowsAtOnce, theirs.height - i);
      const packed = new LocalMatrix(theirs.memory, dtype, h, w, slot, 1, h);
      blas.copy(theirs.view(i, j, h, w), packed);
      const from = slot / itemBytes(dtype);
      local.set(remote.subarray(from, from + h * w), own / itemBytes(dtype));
      put(new LocalMatrix(mine.memory, dtype, h, w, own, 1, h), mine.view(i, j, h, w), alpha);
    }
  }
}
