/** Reading matrices from CSV and other separated text, by bands of rows. */
import fs from 'node:fs';
import { AlchemistError } from '../errors.js';
import { checkBand } from './band.js';
import type { Floats } from './band.js';
import { BLANKS, RowReader } from './csv-row.js';
import { fileError, readUpTo } from './file.js';
import type { OpenFile } from './file.js';
import { LineReader } from './line-reader.js';
import type { MatrixFile } from './matrix-file.js';

/** What is not to be guessed from the content. */
export interface CsvOptions {
  /** one character; ' ' stands for any run of blanks and tabs. Guessed: the one of `;` `,` tab blank that most of the first lines have. */
  separator?: string;
  /** whether the first line names the columns. Guessed: when it has text and not one number. */
  header?: boolean;
}

/** A CSV file that was scanned: plain data. */
export interface CsvDescription {
  readonly format: 'csv';
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly height: number;
  readonly width: number;
  readonly separator: string;
  /** row, position in the file, and lines before it, for the first row and then one row every 256 KiB */
  readonly checkpoints: Float64Array;
}

const CHECKPOINT_BYTES = 1 << 18;
const SAMPLE_LINES = 20;
const UTF8_MARK = Buffer.from('\ufeff');
/** In the order of preference when several are in all lines: a comma may also be in a number, and blanks around any of them. */
const SEPARATORS = [';', ',', '\t', BLANKS];

/** Finds separator, header and width, and counts the lines in one pass over the file. E_FILE when the first row is not numeric. */
export function describeCsv(file: OpenFile, options: CsvOptions = {}): CsvDescription {
  const begin = Buffer.alloc(UTF8_MARK.length);
  readUpTo(file, begin, 0);
  const start = begin.equals(UTF8_MARK) ? UTF8_MARK.length : 0;
  const separator = options.separator === undefined ? guessSeparator(file, start) : checkSeparator(options.separator);

  const lines = new LineReader(file, start);
  const row = new RowReader(separator);
  let more = lines.next();
  if (more && (options.header ?? isHeader(lines, row))) more = lines.next();
  if (!more) throw fileError(file.path, 'it has no row of numbers');
  const width = countCells(lines, row);
  readRow(file, lines, row, new Float64Array(width), width, 0, 1);

  const checkpoints: number[] = [];
  let height = 0;
  for (let due = 0; more; more = lines.next(), height++) {
    if (lines.position < due) continue;
    checkpoints.push(height, lines.position, lines.number - 1);
    due = lines.position + CHECKPOINT_BYTES;
  }
  return {
    format: 'csv', path: file.path, size: file.size, mtimeMs: file.mtimeMs,
    height, width, separator, checkpoints: Float64Array.from(checkpoints),
  };
}

/** A matrix in separated text. Missing values and all spellings of NaN are NaN. */
export class CsvFile implements MatrixFile {
  readonly format = 'csv';
  readonly dtype = 'text';
  readonly order = 'row';
  readonly path: string;
  readonly height: number;
  readonly width: number;
  private readonly row: RowReader;
  private lines: LineReader | undefined; // before row `nextRow`, when the last band ended well
  private nextRow = 0;
  private isOpen = true;

  constructor(private readonly file: OpenFile, readonly description: CsvDescription) {
    ({ path: this.path, height: this.height, width: this.width } = description);
    this.row = new RowReader(description.separator);
  }

  readBand(start: number, count: number, out: Floats, rowStride: number, colStride: number, offset = 0): void {
    if (!this.isOpen) throw new AlchemistError('E_CLOSED', `${this.path}: the file was closed`);
    checkBand(this.height, this.width, start, count, out, rowStride, colStride, offset);
    const lines = this.seek(start);
    this.lines = undefined;
    for (let i = 0; i < count; i++) {
      advance(this.file, lines);
      readRow(this.file, lines, this.row, out, this.width, offset + i * rowStride, colStride);
    }
    this.lines = lines;
    this.nextRow = start + count;
  }

  close(): void {
    if (this.isOpen) fs.closeSync(this.file.fd);
    this.isOpen = false;
  }

  /** A reader whose next line is row `start`. */
  private seek(start: number): LineReader {
    if (this.lines && this.nextRow === start) return this.lines;
    const { checkpoints } = this.description;
    let low = 0, high = checkpoints.length / 3; // the last checkpoint at or before the row is in [low, high)
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (checkpoints[3 * middle] <= start) low = middle;
      else high = middle;
    }
    const [row, position, number] = checkpoints.subarray(3 * low);
    const lines = new LineReader(this.file, position, number);
    for (let i = row; i < start; i++) advance(this.file, lines);
    return lines;
  }
}

function advance(file: OpenFile, lines: LineReader): void {
  if (!lines.next()) throw fileError(file.path, `truncated: it ends after line ${lines.number}; it had more lines when it was opened`);
}

/** out[offset + j·stride] := cell j of the current line, for j < width. E_FILE with the line, and the column when a cell is no number. */
function readRow(file: OpenFile, lines: LineReader, row: RowReader, out: Floats, width: number, offset: number, stride: number): void {
  row.start(lines.bytes, lines.from, lines.to);
  let j = 0;
  for (; row.next(); j++) {
    if (j >= width) continue; // counted all the same
    if (row.kind === 'text') throw notANumber(file, lines.number, j + 1, row.text);
    out[offset + j * stride] = row.value;
  }
  if (j !== width) {
    throw fileError(file.path, `line ${lines.number} has ${j} cells; the lines before it have ${width}`,
      { line: lines.number, expected: width, found: j });
  }
}

function countCells(lines: LineReader, row: RowReader): number {
  let cells = 0;
  for (row.start(lines.bytes, lines.from, lines.to); row.next();) cells++;
  return cells;
}

function notANumber(file: OpenFile, line: number, column: number, text: string): AlchemistError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  const hint = line === 1 ? 'if the first line names the columns, say header: true'
    : /^[+-]?\d+,\d+$/.test(text) ? 'numbers are written with a decimal point' : undefined;
  const message = `line ${line}, column ${column}: ${JSON.stringify(shown)} is not a number`;
  return fileError(file.path, message, { line, column, cell: text }, hint);
}

function isHeader(lines: LineReader, row: RowReader): boolean {
  let numbers = 0, texts = 0;
  for (row.start(lines.bytes, lines.from, lines.to); row.next();) {
    if (row.kind === 'number') numbers++;
    if (row.kind === 'text') texts++;
  }
  return texts > 0 && numbers === 0;
}

function guessSeparator(file: OpenFile, start: number): string {
  const lines = new LineReader(file, start);
  const sample: string[] = [];
  while (sample.length < SAMPLE_LINES && lines.next()) sample.push(lines.text.trim().replace(/"[^"]*"/g, '""'));
  const having = SEPARATORS.map((separator) => sample.filter((line) => line.includes(separator)).length);
  const most = Math.max(...having);
  return most === 0 ? ',' : SEPARATORS[having.indexOf(most)];
}

function checkSeparator(separator: string): string {
  if (separator.length === 1 && separator <= '~' && !/[\d\w"+.#\n\r-]/.test(separator)) return separator;
  throw new AlchemistError('E_ARGUMENT', `the separator must be one character such as , ; tab or blank, not ${JSON.stringify(separator)}`);
}
