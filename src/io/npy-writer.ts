/** Writing NumPy's .npy files by bands, from as many threads as there are bands. */
import { bytesOf, checkBand, copyBlock, directRun, pieceLimit, pieces } from './band.js';
import type { Floats } from './band.js';
import { Draft } from './file.js';
import type { DraftNames } from './file.js';
import type { MatrixWriter, Order } from './matrix-file.js';
import { formatNpyHeader } from './npy-header.js';

/** What another thread needs to write its bands of the same file: plain data. */
export interface NpyTicket {
  readonly names: DraftNames;
  readonly height: number;
  readonly width: number;
  readonly dtype: 'f8' | 'f4';
  readonly order: Order;
}

/**
 * A .npy file in the making. One thread creates it: header and final size. It and others, which join by the ticket, write bands in any
 * order; when all have closed theirs, one of them finishes it. Bands that nobody wrote are zeros.
 */
export class NpyWriter implements MatrixWriter {
  readonly format = 'npy';
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly order: Order;

  private constructor(private readonly draft: Draft, readonly ticket: NpyTicket, private readonly dataOffset: number) {
    this.path = draft.names.path;
    ({ height: this.height, width: this.width, order: this.order } = ticket);
  }

  /** Starts a height × width file of float64 or float32, little-endian, in C ('row') or Fortran ('column') order. E_FILE. */
  static create(path: string, shape: { height: number; width: number; dtype: 'f8' | 'f4'; order: Order }): NpyWriter {
    const { height, width, dtype, order } = shape;
    const draft = Draft.create(path);
    const header = headerOf(shape);
    try {
      draft.write(header, 0);
      draft.resize(header.length + height * width * Number(dtype[1]));
    } catch (error) {
      draft.discard();
      throw error;
    }
    return new NpyWriter(draft, { names: draft.names, height, width, dtype, order }, header.length);
  }

  /** Joins in the writing of a file that another thread created. */
  static join(ticket: NpyTicket): NpyWriter {
    return new NpyWriter(Draft.join(ticket.names), ticket, headerOf(ticket).length);
  }

  writeBand(start: number, count: number, data: Floats, rowStride: number, colStride: number, offset = 0): void {
    const [lines, length] = this.order === 'row' ? [this.height, this.width] : [this.width, this.height];
    const [lineStride, entryStride] = this.order === 'row' ? [rowStride, colStride] : [colStride, rowStride];
    checkBand(lines, length, start, count, data, lineStride, entryStride, offset);
    const itemSize = Number(this.ticket.dtype[1]);
    const position = (line: number, entry: number) => this.dataOffset + ((start + line) * length + entry) * itemSize;

    const run = data.BYTES_PER_ELEMENT === itemSize ? directRun(count, length, data, lineStride, entryStride) : 0;
    if (run > 0) {
      for (let line = 0; line < count; line += run / length) {
        this.draft.write(bytesOf(data, offset + line * lineStride, run), position(line, 0));
      }
      return;
    }
    const limit = pieceLimit(count, length);
    const values = itemSize === 8 ? new Float64Array(limit) : new Float32Array(limit);
    for (const { line, lines, entry, entries } of pieces(count, length)) {
      copyBlock(lines, entries, data, offset + line * lineStride + entry * entryStride, lineStride, entryStride, values, 0, entries, 1);
      this.draft.write(bytesOf(values, 0, lines * entries), position(line, entry));
    }
  }

  /** Leaves the file to the thread that finishes it. */
  close(): void {
    this.draft.close();
  }

  finish(): void {
    this.draft.finish();
  }

  discard(): void {
    this.draft.discard();
  }
}

/** Writes numbers as an array of one axis, which NumPy multiplies entry by entry. E_FILE. */
export function writeVector(path: string, values: Float64Array): void {
  const draft = Draft.create(path);
  try {
    const header = formatNpyHeader('<f8', false, values.length);
    draft.write(header, 0);
    draft.write(bytesOf(values, 0, values.length), header.length);
    draft.finish();
  } catch (error) {
    draft.discard();
    throw error;
  }
}

function headerOf({ dtype, order, height, width }: { dtype: 'f8' | 'f4'; order: Order; height: number; width: number }): Buffer {
  return formatNpyHeader(`<${dtype}`, order === 'column', height, width);
}
