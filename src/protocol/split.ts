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
  const [slow, fast] = order === 'row' ? [block.rows, block.cols] : [block.cols, block.rows];
  const itemsAtOnce = Math.floor(bufferSize / itemBytes);
  if (!(itemsAtOnce >= 1)) {
    throw new AlchemistError('E_ARGUMENT', `a buffer of ${bufferSize} bytes does not hold an entry of ${itemBytes}`, {
      fields: { bufferSize, itemBytes },
    });
  }
  const fastAtOnce = Math.max(1, Math.min(fast.count, itemsAtOnce));
  const slowAtOnce = Math.max(1, Math.floor(itemsAtOnce / fastAtOnce));
  const piece = (slowPart: Slice, fastPart: Slice): Block =>
    order === 'row' ? { rows: slowPart, cols: fastPart } : { rows: fastPart, cols: slowPart };

  if (slow.count === 0 || fast.count === 0) yield block;
  else
    for (const slowPart of cut(slow, slowAtOnce)) {
      for (const fastPart of cut(fast, fastAtOnce)) yield piece(slowPart, fastPart);
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

function* cut(whole: Slice, atOnce: number): Generator<Slice, void, undefined> {
  for (let t = 0; t < whole.count; t += atOnce) {
    yield { start: whole.start + t * whole.step, step: whole.step, count: Math.min(atOnce, whole.count - t) };
  }
}
