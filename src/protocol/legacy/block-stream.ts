/**
 * The body of SEND_MATRIX_BLOCKS and SEND_INDEXED_ROWS as a stream: a matrix id and many blocks, of which a body may hold
 * gigabytes. Entries are handed on as they come, as blocks in row order, in the byte order of this machine.
 */
import { AlchemistError } from '../../errors.js';
import type { Block } from '../../layout/block.js';
import { hasFlag, type LegacyClient } from './client.js';
import { TAGS } from './codes.js';
import { swapEntries } from './entries.js';
import { attachedBlock, ENTRY_BYTES, readRanges, type Size } from './matrix-block.js';
import type { BodySink } from './message-parser.js';
import { Reader } from './reader.js';
import { runBlocks } from './run-blocks.js';

const MATRIX_ID_BYTES = 3;
/** Ranges behind the tag of MATRIX_BLOCK, and row and length behind that of INDEXED_ROW. */
const RANGES_BYTES = 48;
const ROW_BYTES = 16;
/** Longest of these heads, with tag and flag. */
const MAX_HEAD_BYTES = 1 + RANGES_BYTES + 1;

/** Entries that are gathered before they are handed on: 256 KiB. */
const RUN_ENTRIES = 32_768;

/** Where the blocks go. What it throws refuses the rest of the message. */
export interface BlockTarget {
  /** The size of a matrix; called once, first. */
  matrix(id: number): Size;
  /** The entries of a block of global indices, row after row, in memory that is written again after the call. */
  place(block: Block, entries: Float64Array): void;
}

export class BlockStream implements BodySink {
  readonly #client: LegacyClient;
  readonly #target: BlockTarget;
  #bodyLeft: number;
  #step: (head: Uint8Array) => void = (head) => this.#matrixId(head);
  readonly #head = new Uint8Array(MAX_HEAD_BYTES);
  #headHave = 0;
  #headNeed = MATRIX_ID_BYTES;
  #size: Size = { height: 0, width: 0 };
  #block: Block | undefined;
  /** Entries of the block that have been handed on. */
  #placed = 0;
  #run = new Float64Array(0);
  #runBytes = new Uint8Array(0);
  /** Bytes of the run that have come. */
  #filled = 0;
  #matrix = 0;
  #blocks = 0;
  #failure: unknown;

  /** @param bodyBytes the body's length as its header says. */
  constructor(bodyBytes: number, client: LegacyClient, target: BlockTarget) {
    this.#bodyLeft = bodyBytes;
    this.#client = client;
    this.#target = target;
  }

  /** What has come: the id of the matrix and the number of blocks (or rows). */
  get received(): { readonly matrix: number; readonly blocks: number } {
    return { matrix: this.#matrix, blocks: this.#blocks };
  }

  /** Why the message must be refused; undefined when all is well. The rest of a refused body is skipped. */
  get failure(): unknown {
    return this.#failure;
  }

  take(bytes: Uint8Array): void {
    try {
      for (let rest = bytes; rest.length > 0 && this.#failure === undefined; ) {
        const count = this.#block ? this.#data(rest) : this.#heads(rest);
        this.#bodyLeft -= count;
        rest = rest.subarray(count);
        this.#advance();
      }
    } catch (error) {
      this.#failure = error ?? new Error('refused');
    }
  }

  end(): void {
    if (this.#failure !== undefined || (this.#headHave === 0 && !this.#block && this.#headNeed !== MATRIX_ID_BYTES)) return;
    this.#failure = new AlchemistError('E_PROTOCOL', 'malformed legacy message: it ends in the middle of a block');
  }

  #heads(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#headNeed - this.#headHave);
    this.#head.set(bytes.subarray(0, count), this.#headHave);
    this.#headHave += count;
    return count;
  }

  /** Goes on when a head or a block is complete. */
  #advance(): void {
    if (!this.#block && this.#headHave === this.#headNeed) {
      this.#step(this.#head.subarray(0, this.#headHave));
    }
    if (this.#block && this.#placed === this.#block.rows.count * this.#block.cols.count) this.#endBlock();
  }

  #expect(bytes: number, step: (head: Uint8Array) => void): void {
    this.#headNeed = bytes;
    this.#step = step;
  }

  #matrixId(head: Uint8Array): void {
    this.#matrix = new Reader(head, this.#client).matrixId();
    this.#size = this.#target.matrix(this.#matrix);
    this.#nextBlock();
  }

  #nextBlock(): void {
    this.#headHave = 0;
    this.#expect(1, (tag) => this.#tag(tag));
  }

  #tag(head: Uint8Array): void {
    const flagBytes = hasFlag(this.#client) ? 1 : 0;
    if (head[0] === TAGS.MATRIX_BLOCK) this.#expect(1 + RANGES_BYTES + flagBytes, (ranges) => this.#matrixBlock(ranges));
    else if (head[0] === TAGS.INDEXED_ROW) this.#expect(1 + ROW_BYTES, (row) => this.#indexedRow(row));
    else new Reader(head, this.#client).tag('MATRIX_BLOCK'); // says what was expected
  }

  #matrixBlock(head: Uint8Array): void {
    const from = new Reader(head, this.#client);
    from.tag('MATRIX_BLOCK');
    const ranges = readRanges(from);
    const hasData = !hasFlag(this.#client) || from.u8() === 1;
    if (hasData) this.#beginBlock(attachedBlock(ranges, this.#size, this.#bodyLeft));
    else this.#endBlock();
  }

  #indexedRow(head: Uint8Array): void {
    const from = new Reader(head, this.#client);
    from.tag('INDEXED_ROW');
    const row = from.index();
    const length = from.index();
    const { height, width } = this.#size;
    if (row < 0 || row >= height || length < 0 || length > width) {
      throw new AlchemistError('E_ARGUMENT', `row ${row} with ${length} entries is none of a ${height}×${width} matrix`);
    }
    const ranges = { rows: { start: row, end: row, step: 1 }, cols: { start: 0, end: length - 1, step: 1 } };
    this.#beginBlock(attachedBlock(ranges, this.#size, this.#bodyLeft));
  }

  #beginBlock(block: Block): void {
    this.#block = block;
    this.#placed = 0;
    this.#filled = 0;
    const needed = Math.min(RUN_ENTRIES, block.rows.count * block.cols.count);
    if (this.#run.length >= needed) return;
    this.#run = new Float64Array(needed);
    this.#runBytes = new Uint8Array(this.#run.buffer);
  }

  #endBlock(): void {
    this.#block = undefined;
    this.#blocks++;
    this.#nextBlock();
  }

  /** Takes entries of the block. @returns how many bytes. */
  #data(bytes: Uint8Array): number {
    const block = this.#block!;
    const missing = (block.rows.count * block.cols.count - this.#placed) * ENTRY_BYTES;
    const room = Math.min(this.#runBytes.length, missing);
    const count = Math.min(bytes.length, room - this.#filled);
    this.#runBytes.set(bytes.subarray(0, count), this.#filled);
    this.#filled += count;
    if (this.#filled === room) {
      const run = this.#run.subarray(0, room / ENTRY_BYTES);
      if (!this.#client.entriesLittleEndian) swapEntries(run);
      for (const part of runBlocks(block, this.#placed, run)) this.#target.place(part.block, part.entries);
      this.#placed += run.length;
      this.#filled = 0;
    }
    return count;
  }
}
