/** Reading NumPy's .npy files by bands. */
import fs from 'node:fs';
import { AlchemistError } from '../errors.js';
import { bytesOf, checkBand, copyBlock, directRun, pieceLimit, pieces } from './band.js';
import type { Floats } from './band.js';
import { describeForeignType, entryType } from './entry-type.js';
import type { EntryType } from './entry-type.js';
import { fileError, readFully } from './file.js';
import type { OpenFile } from './file.js';
import type { MatrixFile, Order } from './matrix-file.js';
import { readNpyHeader } from './npy-header.js';

/** A .npy file that was found valid: plain data. */
export interface NpyDescription {
  readonly format: 'npy';
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly height: number;
  readonly width: number;
  readonly dtype: string;
  readonly order: Order;
  /** position of the first entry */
  readonly dataOffset: number;
}

/**
 * Reads the header of a .npy file. A number is 1 × 1, a vector n × 1. Bytes behind the last entry are ignored, as NumPy does: they are
 * the next array's. E_FILE when the file is cut, its entries are not real numbers, or it has more than two axes.
 */
export function describeNpy(file: OpenFile): NpyDescription {
  const { descr, fortranOrder, shape, dataOffset } = readNpyHeader(file);
  const type = descr === undefined ? undefined : entryType(descr);
  if (!type) {
    const what = descr === undefined ? 'records (a structured dtype)' : `${describeForeignType(descr)} ('${descr}')`;
    throw fileError(file.path, `it holds ${what}, not real numbers`, { dtype: descr }, "in Python: numpy.save(path, a.astype('<f8'))");
  }
  if (shape.length > 2) {
    throw fileError(file.path, `it holds an array of shape ${shape.join(' × ')}; a matrix has two axes`, { shape },
      'in Python: numpy.save(path, a.reshape(len(a), -1))');
  }
  const [height = 1, width = 1] = shape;
  const expected = dataOffset + height * width * type.itemSize;
  if (file.size < expected) {
    throw fileError(file.path, `truncated: ${height} × ${width} entries of type '${type.descr}' need ${expected} bytes, found ${file.size}`,
      { expected, found: file.size });
  }
  return {
    format: 'npy', path: file.path, size: file.size, mtimeMs: file.mtimeMs,
    height, width, dtype: type.descr, order: fortranOrder && shape.length === 2 ? 'column' : 'row', dataOffset,
  };
}

/** A matrix in a .npy file, every real type, both byte orders and both axis orders. */
export class NpyFile implements MatrixFile {
  readonly format = 'npy';
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly dtype: string;
  readonly order: Order;
  private readonly type: EntryType;
  private isOpen = true;

  constructor(private readonly file: OpenFile, readonly description: NpyDescription) {
    ({ path: this.path, height: this.height, width: this.width, dtype: this.dtype, order: this.order } = description);
    this.type = entryType(description.dtype)!;
  }

  readBand(start: number, count: number, out: Floats, rowStride: number, colStride: number, offset = 0): void {
    if (!this.isOpen) throw new AlchemistError('E_CLOSED', `${this.path}: the file was closed`);
    const [lines, length] = this.order === 'row' ? [this.height, this.width] : [this.width, this.height];
    const [lineStride, entryStride] = this.order === 'row' ? [rowStride, colStride] : [colStride, rowStride];
    checkBand(lines, length, start, count, out, lineStride, entryStride, offset);
    const { file, type } = this;
    const matches = type.matches(out);
    const position = (line: number, entry: number) => this.description.dataOffset + ((start + line) * length + entry) * type.itemSize;

    const run = matches ? directRun(count, length, out, lineStride, entryStride) : 0;
    if (run > 0) {
      for (let line = 0; line < count; line += run / length) {
        readFully(file, bytesOf(out, offset + line * lineStride, run), position(line, 0));
      }
      return;
    }
    const limit = pieceLimit(count, length);
    const raw = new ArrayBuffer(limit * type.itemSize);
    const Values = out.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array;
    const values = matches ? new Values(raw) : new Values(limit);
    for (const { line, lines, entry, entries } of pieces(count, length)) {
      readFully(file, new Uint8Array(raw, 0, lines * entries * type.itemSize), position(line, entry));
      if (!matches) type.decode(raw, lines * entries, values);
      copyBlock(lines, entries, values, 0, entries, 1, out, offset + line * lineStride + entry * entryStride, lineStride, entryStride);
    }
  }

  close(): void {
    if (this.isOpen) fs.closeSync(this.file.fd);
    this.isOpen = false;
  }
}
