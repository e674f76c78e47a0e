/** A run of a block's entries, in row order, as blocks: at most a part of a row, whole rows, and a part of a row. */
import type { Block } from '../../layout/block.js';
import type { Slice } from '../../layout/slice.js';

export interface RunPart {
  readonly block: Block;
  readonly entries: Float64Array;
}

/** The parts of the entries first, first + 1, …, first + run.length - 1 of the block, each with its values. */
export function* runBlocks(block: Block, first: number, run: Float64Array): Generator<RunPart, void, undefined> {
  const width = block.cols.count;
  for (let done = 0; done < run.length; ) {
    const row = Math.floor((first + done) / width);
    const col = (first + done) % width;
    const left = run.length - done;
    const rows = col === 0 ? Math.max(1, Math.floor(left / width)) : 1;
    const cols = Math.min(width - col, left);
    const count = rows * cols;
    yield { block: { rows: part(block.rows, row, rows), cols: part(block.cols, col, cols) }, entries: run.subarray(done, done + count) };
    done += count;
  }
}

const part = ({ start, step }: Slice, first: number, count: number): Slice => ({ start: start + first * step, step, count });
