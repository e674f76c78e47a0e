/** One line of separated values, cell by cell. */
import { DecimalReader } from './decimal.js';

/** As a separator, a blank stands for any run of spaces and tabs. */
export const BLANKS = ' ';

const SPACE = 32, TAB = 9, QUOTE = 34;

/** Spellings that are not decimal numbers, in small letters. Missing values are NaN. */
const WORDS = new Map<string, number>([
  ...['nan', '+nan', '-nan', 'na', 'n/a', '#n/a', 'null', 'none'].map((word) => [word, NaN] as const),
  ...['inf', 'infinity'].flatMap((word) => [[word, Infinity], [`+${word}`, Infinity], [`-${word}`, -Infinity]] as const),
]);

/** Reads the cells of a line: numbers, perhaps in double quotes, with blanks around them. */
export class RowReader {
  /** what the current cell is; `value` is NaN unless it is a number, and NaN may be the number */
  kind: 'number' | 'missing' | 'text' = 'missing';
  value = NaN;
  private readonly separator: number;
  private readonly decimal = new DecimalReader();
  private bytes!: Buffer;
  private cell = 0; // where the current cell begins
  private cellEnd = 0;
  private p = 0; // where the next cell begins; beyond `to` after the last
  private to = 0;

  constructor(separator: string) {
    this.separator = separator.charCodeAt(0);
  }

  /** Starts with the line bytes[from, to). */
  start(bytes: Buffer, from: number, to: number): void {
    this.bytes = bytes;
    this.p = from;
    this.to = to;
  }

  /** the current cell as it is written */
  get text(): string {
    return this.bytes.toString('utf8', this.cell, this.cellEnd).trim();
  }

  /** Goes to the next cell; false behind the last one. */
  next(): boolean {
    if (this.p > this.to) return false;
    const begin = this.skipBlanks(this.p);
    if (begin === this.to && this.separator === SPACE) return false;
    this.cell = begin;

    const quoted = begin < this.to && this.bytes[begin] === QUOTE;
    const digits = quoted ? this.skipBlanks(begin + 1) : begin;
    let end = this.decimal.read(this.bytes, digits, this.to);
    let isNumber = end > digits;
    if (isNumber && quoted) {
      end = this.skipBlanks(end);
      isNumber = end < this.to && this.bytes[end] === QUOTE;
      end++;
    }
    if (isNumber) {
      const rest = this.skipBlanks(end);
      if (rest === this.to || this.bytes[rest] === this.separator || (this.separator === SPACE && rest > end)) {
        this.cellEnd = end;
        this.p = this.separator === SPACE ? rest : rest + 1;
        this.kind = 'number';
        this.value = this.decimal.value;
        return true;
      }
    }
    this.nextWord(begin);
    return true;
  }

  /** The current cell is not a decimal number: nothing, a word that stands for a number, or text. */
  private nextWord(begin: number): void {
    let p = begin;
    for (let inQuotes = false; p < this.to && (inQuotes || !this.isEnd(this.bytes[p])); p++) {
      if (this.bytes[p] === QUOTE) inQuotes = !inQuotes;
    }
    this.cellEnd = p;
    this.p = p + 1;
    const word = this.text.replace(/^"(.*)"$/s, '$1').trim().toLowerCase();
    const value = WORDS.get(word);
    this.kind = word === '' ? 'missing' : value === undefined ? 'text' : 'number';
    this.value = value ?? NaN;
  }

  private isEnd(byte: number): boolean {
    return byte === this.separator || (byte === TAB && this.separator === SPACE);
  }

  private skipBlanks(p: number): number {
    while (p < this.to && (this.bytes[p] === SPACE || (this.bytes[p] === TAB && this.separator !== TAB))) p++;
    return p;
  }
}
