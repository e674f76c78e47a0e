/** MATRIX_BLOCK: a block of a matrix as legacy clients write it, each axis with an inclusive bound. */
import { AlchemistError } from '../../errors.js';
import type { Block } from '../../layout/block.js';
import type { Slice } from '../../layout/slice.js';
import { hasFlag } from './client.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

export const ENTRY_BYTES = 8;

/** The indices start, start + step, … up to `end`, which is a bound, not necessarily one of them. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** A block as it stands on the wire. Answers repeat it exactly, since clients place entries by it. */
export interface Ranges {
  readonly rows: Bounds;
  readonly cols: Bounds;
}

/** The size of a matrix. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** How many indices there are up to the bound. */
export function countOf({ start, end, step }: Bounds): number {
  return end < start ? 0 : Math.floor((end - start) / step) + 1;
}

/** The six numbers behind the tag. E_PROTOCOL for a negative start or a step below 1. */
export function readRanges(from: Reader): Ranges {
  return { rows: readBounds(() => from.index()), cols: readBounds(() => from.index()) };
}

/** The six numbers as tagged LONGs, which is how the older clients ask for a block. */
export function readTaggedRanges(from: Reader): Ranges {
  return { rows: readBounds(() => from.taggedIndex()), cols: readBounds(() => from.taggedIndex()) };
}

/** Tag, ranges and, where the client knows it, the flag that data follow. */
export function writeBlockHead(to: Writer, { rows, cols }: Ranges): Writer {
  to.tag('MATRIX_BLOCK');
  for (const { start, end, step } of [rows, cols]) to.u64(start).u64(end).u64(step);
  return hasFlag(to.client) ? to.u8(1) : to;
}

/**
 * The block that a client asks for. E_ARGUMENT when one of its indices is outside of the matrix.
 */
export function requestedBlock({ rows, cols }: Ranges, { height, width }: Size): Block {
  return { rows: inside('row', rows, height), cols: inside('column', cols, width) };
}

/**
 * The block whose entries follow, in the `bytesLeft` of the message. ACIPython writes a bound of 0 as 1 when it attaches data:
 * bounds are clipped to the matrix, and rows 0 to 1 with data for one row only are row 0. E_PROTOCOL when the data are not there.
 */
export function attachedBlock({ rows, cols }: Ranges, { height, width }: Size, bytesLeft: number): Block {
  const clippedCols = slice({ ...cols, end: Math.min(cols.end, width - 1) });
  let clippedRows = slice({ ...rows, end: Math.min(rows.end, height - 1) });
  const isRowPair = rows.start === 0 && rows.end === 1 && rows.step === 1;
  const oneRow = clippedCols.count * ENTRY_BYTES;
  if (isRowPair && clippedRows.count * oneRow > bytesLeft && oneRow === bytesLeft) clippedRows = { ...clippedRows, count: 1 };
  const bytes = clippedRows.count * oneRow;
  if (bytes > bytesLeft) {
    const shape = `${clippedRows.count}×${clippedCols.count}`;
    throw new AlchemistError('E_PROTOCOL', `a block of ${shape} entries takes ${bytes} bytes, but ${bytesLeft} are left in the message`, {
      fields: { bytes, bytesLeft },
    });
  }
  return { rows: clippedRows, cols: clippedCols };
}

const slice = (bounds: Bounds): Slice => ({ start: bounds.start, step: bounds.step, count: countOf(bounds) });

function inside(axis: 'row' | 'column', bounds: Bounds, size: number): Slice {
  const indices = slice(bounds);
  const last = indices.start + (indices.count - 1) * indices.step;
  if (indices.count === 0 || last < size) return indices;
  throw new AlchemistError('E_ARGUMENT', `${axis} ${last} was asked for, but the matrix has ${size} ${axis}s`, {
    fields: { axis, last, size },
  });
}

function readBounds(next: () => number): Bounds {
  const bounds = { start: next(), end: next(), step: next() };
  if (bounds.start >= 0 && bounds.step >= 1) return bounds;
  throw new AlchemistError('E_PROTOCOL', `the indices from ${bounds.start} in steps of ${bounds.step} are none of a matrix`, {
    fields: { ...bounds },
  });
}
