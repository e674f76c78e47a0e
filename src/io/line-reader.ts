/** The lines of a text file that hold data, in order, through one bounded buffer. */
import { fileError, readUpTo } from './file.js';
import type { OpenFile } from './file.js';

const BUFFER_BYTES = 1 << 18;
/** The buffer grows to hold the longest line; longer lines than this are refused. */
const LINE_LIMIT_BYTES = 1 << 28;

const LF = 10, CR = 13, SPACE = 32, TAB = 9, HASH = 35;

/** Walks over a file line by line; blank lines and lines that begin with # are passed over. Lines end in LF or CR LF. */
export class LineReader {
  /** the current line is bytes[from, to), without its end */
  bytes: Buffer;
  from = 0;
  to = 0;
  private filled = 0; // bytes[0, filled) come from the file
  private following = 0; // where the next line begins

  /** Starts at `start`, a position of the file where a line begins; `number` lines are before it. */
  constructor(private readonly file: OpenFile, private start = 0, public number = 0) {
    this.bytes = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, file.size + 1));
  }

  /** position in the file where the current line begins */
  get position(): number {
    return this.start + this.from;
  }

  /** the current line as text */
  get text(): string {
    return this.bytes.toString('utf8', this.from, this.to);
  }

  /** Goes to the next line of data; false at the end of the file. E_FILE when a line is too long or the file cannot be read. */
  next(): boolean {
    while (this.nextLine()) {
      let p = this.from;
      while (p < this.to && (this.bytes[p] === SPACE || this.bytes[p] === TAB)) p++;
      if (p < this.to && this.bytes[p] !== HASH) return true;
    }
    return false;
  }

  private nextLine(): boolean {
    let searched = this.following;
    let newline: number;
    for (;;) {
      newline = this.bytes.indexOf(LF, searched);
      if (newline >= 0 && newline < this.filled) break;
      searched = this.filled - this.following; // where the search goes on after what is kept has moved to the front
      if (!this.refill()) {
        if (this.filled === 0) return false;
        newline = this.filled; // the last line has no end
        break;
      }
    }
    this.number++;
    this.from = this.following;
    this.to = newline > this.from && this.bytes[newline - 1] === CR ? newline - 1 : newline;
    this.following = Math.min(newline + 1, this.filled);
    return true;
  }

  /** Moves the bytes of the line that has begun to the front and reads more behind them; false at the end of the file. */
  private refill(): boolean {
    const kept = this.filled - this.following;
    if (kept === this.bytes.length) {
      if (kept >= LINE_LIMIT_BYTES) {
        throw fileError(this.file.path, `line ${this.number + 1} is longer than ${LINE_LIMIT_BYTES} bytes`, { line: this.number + 1 });
      }
      const larger = Buffer.allocUnsafe(2 * kept);
      this.bytes.copy(larger);
      this.bytes = larger;
    } else {
      this.bytes.copyWithin(0, this.following, this.filled);
    }
    this.start += this.following;
    this.following = 0;
    const read = readUpTo(this.file, this.bytes.subarray(kept), this.start + kept);
    this.filled = kept + read;
    return read > 0;
  }
}
