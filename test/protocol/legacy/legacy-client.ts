/**
 * The client's side of the legacy protocol, as the Python and JVM clients have it: requests, answers, and what a client derives
 * from a grid.
 */
import { hasFlag, type ConnectionIds, type LegacyClient } from '#src/protocol/legacy/client.js';
import { COMMANDS, LANGUAGES, LAYOUTS, TAGS } from '#src/protocol/legacy/codes.js';
import type { GridDescription } from '#src/protocol/legacy/compat-grid.js';
import { encodeEntries, swapEntries } from '#src/protocol/legacy/entries.js';
import { decodeHeader, HEADER_BYTES, type MessageHeader } from '#src/protocol/legacy/header.js';
import { countOf, readRanges, type Bounds, type Ranges } from '#src/protocol/legacy/matrix-block.js';
import type { MatrixInfo } from '#src/protocol/legacy/matrix-info.js';
import type { Parameter, ResultParameter } from '#src/protocol/legacy/parameter.js';
import { Reader } from '#src/protocol/legacy/reader.js';
import type { WorkerInfo } from '#src/protocol/legacy/worker-info.js';
import { Writer } from '#src/protocol/legacy/writer.js';
import type { DistPair } from '#src/layout/distribution.js';

export const PYTHON: LegacyClient = { dialect: 'HEAD', language: 'Python', scalarsLittleEndian: false, entriesLittleEndian: true, bufferBytes: 10_010 };
export const SPARK: LegacyClient = { dialect: 'HEAD', language: 'Scala', scalarsLittleEndian: false, entriesLittleEndian: false, bufferBytes: 10_000_010 };
export const DASK: LegacyClient = { ...PYTHON, dialect: 'L1', bufferBytes: undefined };
export const PYTHON_MID_2019: LegacyClient = { ...PYTHON, dialect: 'L2' };
/** No such client is known, but the protocol would allow it: C on a little-endian machine. */
export const NATIVE: LegacyClient = { ...PYTHON, language: 'C', scalarsLittleEndian: true };
export const CLIENTS = { PYTHON, SPARK, DASK, PYTHON_MID_2019, NATIVE };

/** A block that a client sends: its ranges, and its entries row after row. */
export interface SentBlock {
  readonly ranges: Ranges;
  readonly entries: readonly number[];
}

const NO_IDS: ConnectionIds = { clientId: 0, sessionId: 0 };

/** The messages of a client. */
export class Requests {
  constructor(readonly client: LegacyClient, readonly ids: ConnectionIds = NO_IDS) {}

  handshake(): Uint8Array {
    const { language, bufferBytes } = this.client;
    const entries = Array.from({ length: 12 }, (_, k) => 1.11 * (k + 3));
    const to = this.#writer.tag('BYTE').u8(LANGUAGES.indexOf(language)).taggedShort(1234).taggedString('ABCD');
    to.tag('DOUBLE').double(1.11).tag('DOUBLE').double(2.22);
    this.#block(to, { ranges: { rows: { start: 0, end: 3, step: 1 }, cols: { start: 0, end: 2, step: 1 } }, entries });
    if (bufferBytes !== undefined) to.tag('INT').u32(bufferBytes);
    return to.message(NO_IDS, COMMANDS.HANDSHAKE);
  }

  plain(command: keyof typeof COMMANDS): Uint8Array {
    return this.#writer.message(this.ids, COMMANDS[command]);
  }

  sendTestString(text: string): Uint8Array {
    return this.#writer.taggedString(text).message(this.ids, COMMANDS.SEND_TEST_STRING);
  }

  requestWorkers(count: number): Uint8Array {
    return this.#writer.taggedShort(count).message(this.ids, COMMANDS.REQUEST_WORKERS);
  }

  yieldWorkers(ids: readonly number[]): Uint8Array {
    const to = this.#writer.taggedShort(ids.length);
    for (const id of ids) to.taggedShort(id);
    return to.message(this.ids, COMMANDS.YIELD_WORKERS);
  }

  loadLibrary(name: string, path: string): Uint8Array {
    return this.#writer.taggedString(name).taggedString(path).message(this.ids, COMMANDS.LOAD_LIBRARY);
  }

  sendMatrixInfo(height: number, width: number, layout: DistPair): Uint8Array {
    const to = this.#writer.taggedString('').tag('LONG').u64(height).tag('LONG').u64(width).tag('BYTE').u8(0).tag('BYTE').u8(LAYOUTS.indexOf(layout));
    return to.message(this.ids, COMMANDS.SEND_MATRIX_INFO);
  }

  sendMatrixBlocks(matrix: number, blocks: readonly SentBlock[]): Uint8Array {
    const to = this.#writer.matrixId(matrix);
    for (const block of blocks) this.#block(to, block);
    return to.message(this.ids, COMMANDS.SEND_MATRIX_BLOCKS);
  }

  sendIndexedRows(matrix: number, rows: readonly { readonly row: number; readonly entries: readonly number[] }[]): Uint8Array {
    const to = this.#writer.matrixId(matrix);
    for (const { row, entries } of rows) to.tag('INDEXED_ROW').u64(row).u64(entries.length).raw(encodeEntries(Float64Array.from(entries), this.client));
    return to.message(this.ids, COMMANDS.SEND_INDEXED_ROWS);
  }

  requestMatrixBlocks(matrix: number, asked: readonly Ranges[], bySixNumbers = !hasFlag(this.client)): Uint8Array {
    const to = this.#writer.matrixId(matrix);
    for (const { rows, cols } of asked) {
      const numbers = [rows.start, rows.end, rows.step, cols.start, cols.end, cols.step];
      if (bySixNumbers) numbers.forEach((n) => to.tag('LONG').u64(n));
      else numbers.reduce((w, n) => w.u64(n), to.tag('MATRIX_BLOCK')).u8(0);
    }
    return to.message(this.ids, COMMANDS.REQUEST_MATRIX_BLOCKS);
  }

  requestIndexedRows(matrix: number, rows: readonly number[]): Uint8Array {
    const to = this.#writer.matrixId(matrix);
    for (const row of rows) to.tag('LONG').u64(row);
    return to.message(this.ids, COMMANDS.REQUEST_INDEXED_ROWS);
  }

  runTask(library: number, task: string, parameters: readonly Parameter[]): Uint8Array {
    const to = this.#writer.libraryId(library).taggedString(task);
    for (const { name, type, value } of parameters) {
      to.tag('PARAMETER').taggedString(name).tag(type);
      if (type === 'STRING') to.string(value);
      else if (type === 'LONG') to.u64(value);
      else if (type === 'FLOAT') to.float(value);
      else if (type === 'DOUBLE') to.double(value);
      else if (type === 'INT') to.u32(value);
      else if (type === 'SHORT' || type === 'MATRIX_ID') to.u16(value);
      else to.u8(value);
    }
    return to.message(this.ids, COMMANDS.RUN_TASK);
  }

  get #writer(): Writer {
    return new Writer(this.client);
  }

  #block(to: Writer, { ranges: { rows, cols }, entries }: SentBlock): void {
    to.tag('MATRIX_BLOCK');
    for (const { start, end, step } of [rows, cols]) to.u64(start).u64(end).u64(step);
    if (hasFlag(this.client)) to.u8(1);
    to.raw(encodeEntries(Float64Array.from(entries), this.client));
  }
}

/** A message taken apart. */
export function parts(message: Uint8Array): { header: MessageHeader; body: Uint8Array } {
  return { header: decodeHeader(message), body: message.subarray(HEADER_BYTES) };
}

/** What a client reads from the body of an answer. */
export class Answer {
  readonly #from: Reader;

  constructor(readonly body: Uint8Array, readonly client: LegacyClient) {
    this.#from = new Reader(body, client);
  }

  workers(): WorkerInfo[] {
    return Array.from({ length: this.#from.taggedShort() }, () => {
      this.#from.tag('WORKER_INFO');
      const [id, hostname, address] = [this.#from.u16(), this.#from.string(), this.#from.string()];
      return { id, hostname, address, port: this.#from.u16(), group: this.#from.u16() };
    });
  }

  matrixInfo(): MatrixInfo {
    this.#from.tag('MATRIX_INFO');
    const [id, name, height, width] = [this.#from.u16(), this.#from.string(), this.#from.index(), this.#from.index()];
    if (this.#from.u8() !== 0) throw new Error('sparse');
    const layout = LAYOUTS[this.#from.u8()];
    const [gridHeight, gridWidth] = this.client.dialect === 'L1' ? [1, this.#from.u16()] : [this.#from.u16(), this.#from.u16()];
    const places = Array.from({ length: gridHeight * gridWidth }, () => ({ worker: this.#from.u16(), row: this.#from.u16(), col: this.#from.u16() }));
    return { id, name, height, width, layout, grid: { height: gridHeight, width: gridWidth, places } };
  }

  results(): ResultParameter[] {
    const results: ResultParameter[] = [];
    while (this.#from.left > 0) {
      const isMatrix = this.#peekParameter() === TAGS.MATRIX_INFO;
      if (!isMatrix) results.push(this.#from.parameter());
      else {
        this.#from.tag('PARAMETER');
        results.push({ name: this.#from.taggedString(), type: 'MATRIX_INFO', value: this.matrixInfo() });
      }
    }
    return results;
  }

  matrixBlocks(): { matrix: number; blocks: SentBlock[] } {
    const matrix = this.#from.matrixId();
    const blocks: SentBlock[] = [];
    while (this.#from.left > 0) {
      this.#from.tag('MATRIX_BLOCK');
      const ranges = readRanges(this.#from);
      if (hasFlag(this.client) && this.#from.u8() !== 1) throw new Error('no data');
      blocks.push({ ranges, entries: this.#entries(countOf(ranges.rows) * countOf(ranges.cols)) });
    }
    return { matrix, blocks };
  }

  indexedRows(): { matrix: number; rows: { row: number; entries: number[] }[] } {
    const matrix = this.#from.matrixId();
    const rows = [];
    while (this.#from.left > 0) {
      this.#from.tag('INDEXED_ROW');
      rows.push({ row: this.#from.index(), entries: this.#entries(this.#from.index()) });
    }
    return { matrix, rows };
  }

  /** The tag of the value of the next parameter. */
  #peekParameter(): number {
    const ahead = new Reader(this.body.subarray(this.body.length - this.#from.left), this.client);
    ahead.tag('PARAMETER');
    ahead.taggedString();
    return ahead.peek();
  }

  #entries(count: number): number[] {
    const entries = new Float64Array(this.#from.raw(8 * count).slice().buffer);
    if (!this.client.entriesLittleEndian) swapEntries(entries);
    return [...entries];
  }
}

/** The rows and columns that a Python client sends to and fetches from a worker, by its own, partly wrong, derivation. */
export function clientRanges(layout: DistPair, grid: GridDescription, height: number, width: number, worker: number): Ranges {
  let colSkip = 0;
  for (const { row } of grid.places) {
    colSkip++;
    if (row === 1) break;
  }
  const p = grid.height * grid.width;
  const rowSkip = Math.floor(p / colSkip);
  const { row: r, col: c } = grid.places.find((place) => place.worker === worker)!;
  const derived: Record<DistPair, [number, number, number, number]> = {
    MC_MR: [r, rowSkip, c, colSkip],
    MC_STAR: [0, 1, c, 1],
    MD_STAR: [r, 1, c, 1],
    MR_MC: [r, colSkip, c, rowSkip],
    MR_STAR: [c, colSkip, r, 1],
    STAR_MC: [0, 1, r, rowSkip],
    STAR_MD: [r, 1, c, 1],
    STAR_MR: [0, 1, c, colSkip],
    STAR_STAR: [0, 1, 0, 1],
    STAR_VC: [0, 1, c, colSkip * rowSkip],
    STAR_VR: [r, 1, c, 1],
    VC_STAR: [c * rowSkip + r, colSkip * rowSkip, 0, 1],
    VR_STAR: [r * colSkip + c, colSkip * rowSkip, 0, 1],
    get CIRC_CIRC(): never {
      throw new Error('UnboundLocalError'); // the client's own
    },
  };
  const [rowStart, rowStep, colStart, colStep] = derived[layout];
  return { rows: { start: rowStart, end: height - 1, step: rowStep }, cols: { start: colStart, end: width - 1, step: colStep } };
}

/** The indices of one axis. */
export const indices = (bounds: Bounds): number[] => Array.from({ length: countOf(bounds) }, (_, t) => bounds.start + t * bounds.step);
