/** Pulls Blocks from peers' matrices into one's own: one kernel call each where both lie in one address space, staged otherwise. */
import { type Block, entries } from '../layout/block.js';
import type { Transfer } from '../layout/plan.js';
import { type Slice, slice } from '../layout/slice.js';
import type { Matrix } from '../local/matrix.js';
import { Matrix as LocalMatrix } from '../local/matrix.js';
import * as blas from '../local/blas.js';
import { itemBytes, type RankMemory, STAGE_BYTES } from '../local/rank-memory.js';
import { moveTogether, strided, type Strand } from './weave.js';

/** Bytes of the target that all peers fill before the next panel is begun: a part of a core's second-level cache. */
const PANEL_BYTES = 512 * 1024;

/**
 * to := the blocks of all transfers (or += alpha times them, in the order of the transfers). Peers' blocks interleave in the target, so it
 * is filled panel by panel: each cache line is brought in once, not once for every peer.
 * @param matrixOf the matrix that a peer pulls from, and
 * @param moved is told the payload bytes of each transfer.
 */
export function pullAll(all: readonly Transfer[], matrixOf: (transfer: Transfer) => Matrix, to: Matrix | null, alpha: number | undefined, moved: (peer: number, bytes: number) => void): void {
  if (!to) return;
  for (const { peer, target } of all) moved(peer, entries(target) * itemBytes(to.dtype));
  const transfers = alpha === undefined ? pullTogether(all, matrixOf, to) : all;
  const sources = transfers.map(matrixOf);
  const axis = to.colStride >= to.rowStride ? 'cols' : 'rows';
  const [lines, length] = axis === 'cols' ? [to.width, to.height] : [to.height, to.width];
  const step = transfers.length === 1 ? lines : Math.max(1, Math.floor(PANEL_BYTES / (length * itemBytes(to.dtype))));
  for (let line = 0; line < lines; line += step) {
    for (const [t, transfer] of transfers.entries()) {
      const piece = cut(transfer, axis, line, Math.min(lines, line + step));
      if (piece) pullBlock(sources[t], piece.source, to, piece.target, alpha);
    }
  }
}

/** Pulls blocks that interleave in the target all at once. @returns what is left. */
function pullTogether(transfers: readonly Transfer[], matrixOf: (transfer: Transfer) => Matrix, to: Matrix): readonly Transfer[] {
  const strands = transfers.map(({ peer, source, target }) => ({ peer, part: source, whole: target }));
  const rest = moveTogether('weave', strands, to, ({ peer, part, whole }) => matrixOf({ peer, source: part, target: whole }));
  return rest.map(({ peer, part, whole }) => ({ peer, source: part, target: whole }));
}

/**
 * The other way round: puts every block of `from` where its receiver, the transfer's peer, wants it.
 * @param actor as for {@link pullBlock}.
 */
export function pushAll(deliveries: readonly Transfer[], from: Matrix, matrixOf: (transfer: Transfer) => Matrix, actor: RankMemory = from.memory): void {
  const strands = deliveries.map(({ peer, source, target }) => ({ peer, part: target, whole: source }));
  const ownerOf = ({ peer, part, whole }: Strand): Matrix => matrixOf({ peer, source: whole, target: part });
  for (const strand of moveTogether('deal', strands, from, ownerOf)) pullBlock(from, strand.whole, ownerOf(strand), strand.part, undefined, actor);
}

/** The part of a transfer whose target lies in [low, high) on an axis; null where there is none. */
function cut({ peer, source, target }: Transfer, axis: 'rows' | 'cols', low: number, high: number): Transfer | null {
  const { start, step, count } = target[axis];
  const first = Math.max(0, Math.ceil((low - start) / step));
  const end = Math.min(count, Math.ceil((high - start) / step));
  if (first >= end) return null;
  const part = (s: Slice): Slice => slice(s.start + first * s.step, s.step, end - first);
  const piece = { peer, source: { ...source, [axis]: part(source[axis]) }, target: { ...target, [axis]: part(target[axis]) } };
  return entries(piece.target) > 0 ? piece : null;
}

/**
 * to[target] := from[source], or += alpha from[source]. Either side may lie in another rank's memory.
 * @param actor the memory of the rank that calls: its staging slots are used.
 * @returns the payload bytes.
 */
export function pullBlock(from: Matrix, source: Block, to: Matrix, target: Block, alpha?: number, actor: RankMemory = to.memory): number {
  const theirs = strided(from, source);
  const mine = strided(to, target);
  const bytes = theirs.size * itemBytes(theirs.dtype);
  if (bytes === 0) return 0;
  if (from.memory.sameSpace(to.memory)) put(new LocalMatrix(to.memory, theirs.dtype, theirs.height, theirs.width, theirs.ptr, theirs.rowStride, theirs.colStride), mine, alpha);
  else if (mine.order === 'row') pullStaged(theirs.transposed, mine.transposed, alpha, actor);
  else pullStaged(theirs, mine, alpha, actor);
  return bytes;
}

function put(A: Matrix, B: Matrix, alpha: number | undefined): void {
  if (alpha === undefined) blas.copy(A, B);
  else blas.add(alpha, A, B);
}

/**
 * Across address spaces no kernel sees both sides. Pieces of the block are packed in the source's memory by a kernel bound to it, into the
 * staging slot that belongs to the acting rank, copied across as plain bytes, and unpacked there: three passes, of which two stay in cache. Pieces are
 * packed by columns, as the target has its entries.
 */
function pullStaged(theirs: Matrix, mine: Matrix, alpha: number | undefined, actor: RankMemory): void {
  const { dtype } = theirs;
  const slot = theirs.memory.stageFor(actor);
  const own = mine.memory.stageFor(actor);
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
