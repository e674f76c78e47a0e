/** What legacy clients are answered: whole messages, each to be written in one call. */
import { AlchemistError } from '../../errors.js';
import { entries, type Block } from '../../layout/block.js';
import type { ConnectionIds, LegacyClient } from './client.js';
import { type Command, COMMANDS } from './codes.js';
import { ENTRY_BYTES, requestedBlock, writeBlockHead, type Ranges, type Size } from './matrix-block.js';
import { writeMatrixInfo, type MatrixInfo } from './matrix-info.js';
import type { ResultParameter, Scalar } from './parameter.js';
import { writeWorkerInfo, type WorkerInfo } from './worker-info.js';
import { Writer } from './writer.js';

/** Longest body: its length is a u32, which the JVM reads as signed. */
const maxBodyBytes = ({ language }: LegacyClient): number => (language === 'Scala' || language === 'Java' ? 2 ** 31 : 2 ** 32) - 1;

/** To whom, and to which command. */
export interface Addressee extends ConnectionIds {
  readonly client: LegacyClient;
}

/** A text: the answer to the test strings and to CLIENT_INFO. */
export function encodeText(to: Addressee, command: Command, text: string): Uint8Array {
  return new Writer(to.client).taggedString(text).message(to, COMMANDS[command]);
}

/**
 * Workers, ids ascending: the answer to REQUEST_WORKERS (all of the session's), to YIELD_WORKERS (those given back) and to the
 * lists.
 */
export function encodeWorkers(to: Addressee, command: Command, workers: readonly WorkerInfo[]): Uint8Array {
  const writer = new Writer(to.client).taggedShort(workers.length);
  for (const worker of workers) writeWorkerInfo(writer, worker);
  return writer.message(to, COMMANDS[command]);
}

/** The id of a library, above 0: the answer to LOAD_LIBRARY and UNLOAD_LIBRARY. */
export function encodeLibraryId(to: Addressee, command: Command, id: number): Uint8Array {
  return new Writer(to.client).libraryId(id).message(to, COMMANDS[command]);
}

/** The answer to SEND_MATRIX_INFO. */
export function encodeMatrixInfo(to: Addressee, info: MatrixInfo): Uint8Array {
  return writeMatrixInfo(new Writer(to.client), info).message(to, COMMANDS.SEND_MATRIX_INFO);
}

/** The answer to RUN_TASK, in the order of the results: values come before matrices. */
export function encodeTaskResults(to: Addressee, results: readonly ResultParameter[]): Uint8Array {
  const writer = new Writer(to.client);
  for (const result of results) {
    writer.tag('PARAMETER').taggedString(result.name);
    if (result.type === 'MATRIX_INFO') writeMatrixInfo(writer, result.value);
    else writeScalar(writer, result);
  }
  return writer.message(to, COMMANDS.RUN_TASK);
}

/** The answer to SEND_MATRIX_BLOCKS: the matrix, as a SHORT, and how many blocks came. */
export function encodeBlocksReceived(to: Addressee, matrix: number, blocks: number): Uint8Array {
  return new Writer(to.client).taggedShort(matrix).tag('INT').u32(blocks).message(to, COMMANDS.SEND_MATRIX_BLOCKS);
}

/** The answer to SEND_INDEXED_ROWS: the matrix and how many rows came. */
export function encodeRowsReceived(to: Addressee, matrix: number, rows: number): Uint8Array {
  return new Writer(to.client).matrixId(matrix).tag('LONG').u64(rows).message(to, COMMANDS.SEND_INDEXED_ROWS);
}

/** A part of a long answer: bytes to write, and behind them the entries of a block, row after row, in the client's byte order. */
export interface AnswerPart {
  readonly head: Uint8Array;
  readonly block: Block;
}

/**
 * The answer to REQUEST_MATRIX_BLOCKS as parts, so that it is never in memory as a whole: the head of the first one is the
 * message's header with all that precedes entries, and must be written in one call. E_ARGUMENT for a block outside of the matrix,
 * or when the message would be too long.
 */
export function encodeBlocks(to: Addressee, matrix: number, size: Size, asked: readonly Ranges[]): AnswerPart[] {
  const blocks = asked.map((ranges) => ({
    block: requestedBlock(ranges, size),
    head: writeBlockHead(new Writer(to.client), ranges).body,
  }));
  return answerParts(to, 'REQUEST_MATRIX_BLOCKS', matrix, blocks);
}

/** The answer to REQUEST_INDEXED_ROWS, as {@link encodeBlocks}: whole rows. */
export function encodeRows(to: Addressee, matrix: number, size: Size, rows: readonly number[]): AnswerPart[] {
  const cols = { start: 0, end: size.width - 1, step: 1 };
  const blocks = rows.map((row) => ({
    block: requestedBlock({ rows: { start: row, end: row, step: 1 }, cols }, size),
    head: new Writer(to.client).tag('INDEXED_ROW').u64(row).u64(size.width).body,
  }));
  return answerParts(to, 'REQUEST_INDEXED_ROWS', matrix, blocks);
}

function answerParts(to: Addressee, command: Command, matrix: number, blocks: readonly AnswerPart[]): AnswerPart[] {
  const start = new Writer(to.client).matrixId(matrix);
  const bytes = blocks.reduce((sum, { head, block }) => sum + head.length + entries(block) * ENTRY_BYTES, 0);
  const limit = maxBodyBytes(to.client);
  if (start.body.length + bytes > limit) {
    throw new AlchemistError('E_ARGUMENT', `the ${blocks.length} blocks asked for take ${bytes} bytes; a message has at most ${limit}`, {
      hint: 'ask for fewer rows at once, or request more workers',
      fields: { bytes, limit },
    });
  }
  const [first, ...rest] = blocks;
  if (!first) return [{ head: start.message(to, COMMANDS[command]), block: EMPTY }];
  return [{ head: start.raw(first.head).message(to, COMMANDS[command], 0, bytes - first.head.length), block: first.block }, ...rest];
}

const EMPTY: Block = { rows: { start: 0, step: 1, count: 0 }, cols: { start: 0, step: 1, count: 0 } };

function writeScalar(to: Writer, { type, value }: Scalar): Writer {
  to.tag(type);
  switch (type) {
    case 'CHAR':
    case 'BYTE':
      return to.u8(value);
    case 'SHORT':
    case 'MATRIX_ID':
      return to.u16(value);
    case 'INT':
      return to.u32(value);
    case 'LONG':
      return to.u64(value);
    case 'FLOAT':
      return to.float(value);
    case 'DOUBLE':
      return to.double(value);
    case 'STRING':
      return to.string(value);
  }
}
