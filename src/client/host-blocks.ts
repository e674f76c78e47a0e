/** Blocks of the caller's arrays as payloads of frames: where their bytes lie, or copies where they lie apart. */
import { types } from 'node:util';
import { type Block, entries } from '../layout/block.js';
import type { Range } from '../layout/layout.js';
import type { PayloadSink } from '../protocol/frame-decoder.js';
import type { Dtype, Order } from '../protocol/records.js';
import { copyStrided, type Strided, type WritableStrided } from '../session/strided-copy.js';
import type { BlockSource } from './data-link.js';

type TypedArray = Float64Array | Float32Array;

interface Area {
  readonly rows: Range;
  readonly cols: Range;
}

/** The part of a host array that a block of global indices names, where the array holds rows × cols. */
export function part(array: Strided, block: Block, rows: Range, cols: Range): Strided {
  const { data, offset, rowStride, colStride } = array;
  return { data, offset: offset + (block.rows.start - rows.start) * rowStride + (block.cols.start - cols.start) * colStride, rowStride, colStride };
}

/** Lines of a block: along the contiguous axis of its payload. */
function linesOf({ rows, cols }: Area, { rowStride, colStride }: Strided, order: Order) {
  return order === 'row'
    ? { lines: rows.count, length: cols.count, step: rowStride, contiguous: colStride === 1 || cols.count === 1 }
    : { lines: cols.count, length: rows.count, step: colStride, contiguous: rowStride === 1 || rows.count === 1 };
}

/** The entries as the matrix' own type, if the array holds them so. */
function typed(data: unknown, dtype: Dtype): TypedArray | undefined {
  return dtype === 'f64' ? (types.isFloat64Array(data) ? data : undefined) : types.isFloat32Array(data) ? data : undefined;
}

const arrayOf = (dtype: Dtype, count: number): TypedArray => (dtype === 'f64' ? new Float64Array(count) : new Float32Array(count));

/** A view; a Buffer, since sockets make one of anything else. */
const bytesOf = (data: TypedArray, start: number, count: number): Uint8Array => Buffer.from(data.buffer, data.byteOffset + start * data.BYTES_PER_ELEMENT, count * data.BYTES_PER_ELEMENT);

/** Below this many entries, lines of their own cost more than a copy. */
const WORTH_A_PIECE = 1024;

/** The entries of rows × cols: views of the caller's own memory where its lines are contiguous there, otherwise packed copies. */
export function sourceOf(source: Strided, area: Area, dtype: Dtype, order: Order): BlockSource {
  const data = typed(source.data, dtype);
  const { lines, length, step, contiguous } = linesOf(area, source, order);
  const offsetOf = ({ rows, cols }: Block): number =>
    source.offset + (rows.start - area.rows.start) * source.rowStride + (cols.start - area.cols.start) * source.colStride;
  if (data && contiguous && (step === length || lines === 1)) {
    return {
      copies: false,
      payload(block, pieces) {
        pieces.push(bytesOf(data, offsetOf(block), entries(block)));
      },
    };
  }
  if (data && contiguous && length >= WORTH_A_PIECE) {
    return {
      copies: false,
      payload(block, pieces) {
        const inBlock = linesOf(block, source, order);
        for (let k = 0; k < inBlock.lines; k++) pieces.push(bytesOf(data, offsetOf(block) + k * step, inBlock.length));
      },
    };
  }
  let buffer: TypedArray | undefined;
  return {
    copies: true,
    payload(block, pieces) {
      const count = entries(block);
      buffer ??= arrayOf(dtype, count); // The first block is the longest.
      copyStrided(block.rows.count, block.cols.count, { ...source, offset: offsetOf(block) }, densely(buffer, block, order));
      pieces.push(bytesOf(buffer, 0, count));
    },
  };
}

/** Receives a block straight into the caller's memory where it is dense there, otherwise by way of a buffer. */
export function sinkOf(target: WritableStrided, block: Block, dtype: Dtype, order: Order): PayloadSink {
  const data = typed(target.data, dtype);
  const { lines, length, step, contiguous } = linesOf(block, target, order);
  const inPlace = data && contiguous && (step === length || lines === 1);
  const buffer = inPlace ? undefined : arrayOf(dtype, lines * length);
  const bytes = inPlace ? bytesOf(data, target.offset, lines * length) : bytesOf(buffer!, 0, buffer!.length);
  let filled = 0;
  return {
    room: () => bytes.subarray(filled),
    take: (received) => {
      filled += received.length;
    },
    end: () => {
      if (buffer) copyStrided(block.rows.count, block.cols.count, densely(buffer, block, order), target);
    },
  };
}

function densely(data: TypedArray, { rows, cols }: Block, order: Order): WritableStrided {
  return order === 'row' ? { data, offset: 0, rowStride: cols.count, colStride: 1 } : { data, offset: 0, rowStride: 1, colStride: rows.count };
}
