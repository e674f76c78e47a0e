/**
 * The headers of PUT and BLOCK, of which there are ten thousand to a gigabyte where buffers are short: written and read by hand, as the very
 * bytes that MessagePack makes of them.
 */
import type { Slice } from '../layout/slice.js';
import type { Dtype, Order } from './records.js';

interface Fields {
  readonly id: number;
  /** Of a PUT; a BLOCK has none. */
  readonly matrix?: number;
  readonly rows: Slice;
  readonly cols: Slice;
  readonly dtype: Dtype;
  readonly order: Order;
  readonly last: boolean;
}

/** A header that has been read here: all that the schemas of PUT and BLOCK ask for is true of it. */
export class BlockHead implements Fields {
  constructor(
    readonly kind: 'PUT' | 'BLOCK',
    readonly id: number,
    readonly matrix: number | undefined,
    readonly rows: Slice,
    readonly cols: Slice,
    readonly dtype: Dtype,
    readonly order: Order,
    readonly last: boolean,
  ) {}
}

const text = (word: string): Uint8Array => Uint8Array.of(0xa0 | word.length, ...Buffer.from(word));
const [ID, MATRIX, ROWS, COLS, START, STEP, COUNT, DTYPE, ORDER, LAST] = ['id', 'matrix', 'rows', 'cols', 'start', 'step', 'count', 'dtype', 'order', 'last'].map(text);
const DTYPES = (['f64', 'f32'] as const).map((word) => ({ word, bytes: text(word) }));
const ORDERS = (['row', 'column'] as const).map((word) => ({ word, bytes: text(word) }));
/** A map of so many names. */
const map = (names: number): number => 0x80 | names;

/** Longer than any of these headers: eight numbers of nine bytes, and the names. */
export const BLOCK_HEADER_BYTES = 192;

/** Where the next byte of a header goes; whether all of it could be written so far. */
let out: Uint8Array = new Uint8Array(0);
let at = 0;
let sound = true;

function put(bytes: Uint8Array): void {
  // So few bytes are faster one by one than by a call of set.
  for (let k = 0; k < bytes.length; k++) out[at++] = bytes[k];
}

/** The last `count` bytes of a whole number, the first of which has the highest value. */
function putBytes(value: number, count: number): void {
  for (let shift = 8 * (count - 1); shift >= 0; shift -= 8) out[at++] = value >>> shift;
}

/** A number in the shortest form; what is no whole number from 0 to 2^53 - 1 spoils the header. */
function putNumber(value: number): void {
  if (!(value >= 0 && Number.isSafeInteger(value))) sound = false;
  else if (value < 0x80) out[at++] = value;
  else if (value < 0x100) {
    out[at++] = 0xcc;
    out[at++] = value;
  } else if (value < 0x10000) {
    out[at++] = 0xcd;
    putBytes(value, 2);
  } else if (value < 0x100000000) {
    out[at++] = 0xce;
    putBytes(value, 4);
  } else {
    out[at++] = 0xcf;
    putBytes(Math.floor(value / 2 ** 32), 4);
    putBytes(value, 4);
  }
}

function putSlice(name: Uint8Array, { start, step, count }: Slice): void {
  put(name);
  out[at++] = map(3);
  put(START);
  putNumber(start);
  put(STEP);
  putNumber(step);
  put(COUNT);
  putNumber(count);
}

/**
 * Writes a header into `target`, which has {@link BLOCK_HEADER_BYTES} from `from` on.
 * @returns how long it is; 0 when one of its numbers is not whole, negative, or too large.
 */
export function packBlockHead({ id, matrix, rows, cols, dtype, order, last }: Fields, target: Uint8Array, from: number): number {
  out = target;
  at = from;
  sound = true;
  out[at++] = map(matrix === undefined ? 6 : 7);
  put(ID);
  putNumber(id);
  if (matrix !== undefined) {
    put(MATRIX);
    putNumber(matrix);
  }
  putSlice(ROWS, rows);
  putSlice(COLS, cols);
  put(DTYPE);
  put(DTYPES[dtype === 'f64' ? 0 : 1].bytes);
  put(ORDER);
  put(ORDERS[order === 'row' ? 0 : 1].bytes);
  put(LAST);
  out[at++] = last ? 0xc3 : 0xc2;
  return sound ? at - from : 0;
}

/** Reads one header; every step says whether the bytes were as {@link packBlockHead} writes them. */
class Reader {
  value = 0;

  constructor(
    readonly bytes: Uint8Array,
    private at: number,
    readonly end: number,
  ) {}

  /** NaN behind the end. */
  byte(): number {
    return this.at < this.end ? this.bytes[this.at++] : NaN;
  }

  word(bytes: Uint8Array): boolean {
    if (this.at + bytes.length > this.end) return false;
    for (let k = 0; k < bytes.length; k++) if (this.bytes[this.at + k] !== bytes[k]) return false;
    this.at += bytes.length;
    return true;
  }

  /** A number behind its name, then in `value`; integers of 64 bits are left to the general reader. */
  number(name: Uint8Array): boolean {
    if (!this.word(name)) return false;
    const head = this.byte();
    const count = head < 0x80 ? 0 : head === 0xcc ? 1 : head === 0xcd ? 2 : head === 0xce ? 4 : -1;
    if (count < 0) return false;
    this.value = count === 0 ? head : 0;
    for (let k = 0; k < count; k++) this.value = this.value * 256 + this.byte();
    return true;
  }

  slice(name: Uint8Array): Slice | undefined {
    if (!this.word(name) || this.byte() !== map(3) || !this.number(START)) return undefined;
    const start = this.value;
    if (!this.number(STEP)) return undefined;
    const step = this.value;
    // Of 32 bits each, so that every index is exact.
    return step > 0 && this.number(COUNT) ? { start, step, count: this.value } : undefined;
  }

  oneOf<T>(name: Uint8Array, words: readonly { readonly word: T; readonly bytes: Uint8Array }[]): T | undefined {
    if (this.word(name)) for (const { word, bytes } of words) if (this.word(bytes)) return word;
    return undefined;
  }

  get ended(): boolean {
    return this.at === this.end;
  }
}

/** The header in bytes[from, end) if it is a PUT's or a BLOCK's as {@link packBlockHead} writes it; undefined for all others, right or wrong. */
export function unpackBlockHead(bytes: Uint8Array, from: number, end: number): BlockHead | undefined {
  const reader = new Reader(bytes, from, end);
  const names = reader.byte();
  if ((names !== map(6) && names !== map(7)) || !reader.number(ID)) return undefined;
  const id = reader.value;
  if (id === 0 || (names === map(7) && !reader.number(MATRIX))) return undefined;
  const matrix = names === map(7) ? reader.value : undefined;
  const rows = reader.slice(ROWS);
  const cols = rows && reader.slice(COLS);
  const dtype = cols && reader.oneOf(DTYPE, DTYPES);
  const order = dtype && reader.oneOf(ORDER, ORDERS);
  if (!rows || !cols || !dtype || !order || !reader.word(LAST)) return undefined;
  const last = reader.byte();
  if ((last !== 0xc2 && last !== 0xc3) || !reader.ended) return undefined;
  return new BlockHead(matrix === undefined ? 'BLOCK' : 'PUT', id, matrix, rows, cols, dtype, order, last === 0xc3);
}
