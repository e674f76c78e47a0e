/** Writing matrices as separated text, by bands of rows from the first to the last. */
import { AlchemistError } from '../errors.js';
import { checkBand } from './band.js';
import type { Floats } from './band.js';
import { Draft } from './file.js';
import type { MatrixWriter } from './matrix-file.js';

/** Text is written in pieces of about this many characters. */
const PIECE_CHARACTERS = 1 << 18;

/** A CSV file in the making: a line per row, each number with the fewest digits that read back as the same bits. */
export class CsvWriter implements MatrixWriter {
  readonly format = 'csv';
  readonly order = 'row';
  readonly path: string;
  private rows = 0;
  private position = 0;

  private constructor(
    private readonly draft: Draft, readonly height: number, readonly width: number, private readonly separator: string,
  ) {
    this.path = draft.names.path;
  }

  /** Starts a height × width file. E_SHAPE when it would have no entries, which text cannot say; E_FILE. */
  static create(path: string, { height, width, separator = ',' }: { height: number; width: number; separator?: string }): CsvWriter {
    if (height === 0 || width === 0) {
      throw new AlchemistError('E_SHAPE', `${path}: a ${height} × ${width} matrix has no entries to write as text`, { hint: 'use .npy' });
    }
    return new CsvWriter(Draft.create(path), height, width, separator);
  }

  /** Appends rows [start, start + count); `start` is how many were written before. E_SHAPE, E_FILE. */
  writeBand(start: number, count: number, data: Floats, rowStride: number, colStride: number, offset = 0): void {
    checkBand(this.height, this.width, start, count, data, rowStride, colStride, offset);
    if (start !== this.rows) {
      throw new AlchemistError('E_SHAPE', `${this.path}: row ${this.rows} comes next, not row ${start}`,
        { hint: 'text is written from top to bottom' });
    }
    const format = data.BYTES_PER_ELEMENT === 8 ? formatDouble : formatSingle;
    let text = '';
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < this.width; j++) {
        text += format(data[offset + i * rowStride + j * colStride]);
        text += j + 1 < this.width ? this.separator : '\n';
      }
      if (text.length >= PIECE_CHARACTERS || i + 1 === count) {
        this.append(text);
        text = '';
      }
    }
    this.rows += count;
  }

  /** E_SHAPE when rows are missing. */
  finish(): void {
    if (this.rows !== this.height) {
      throw new AlchemistError('E_SHAPE', `${this.path}: ${this.rows} of ${this.height} rows were written`);
    }
    this.draft.finish();
  }

  discard(): void {
    this.draft.discard();
  }

  private append(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.draft.write(bytes, this.position);
    this.position += bytes.length;
  }
}

/** The shortest decimal that reads back as this float64; 'NaN', 'inf' and '-inf' as Python, R and MATLAB read them. */
function formatDouble(x: number): string {
  if (Number.isFinite(x)) return x === 0 && 1 / x < 0 ? '-0' : String(x);
  return x > 0 ? 'inf' : x < 0 ? '-inf' : 'NaN';
}

/** The shortest decimal that reads back as this float32. Nine digits always do. */
function formatSingle(x: number): string {
  if (x === 0 || !Number.isFinite(x)) return formatDouble(x);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}
