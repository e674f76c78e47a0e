/** The handshake of the legacy clients, from which their dialect, language and byte orders are told. */
import { AlchemistError } from '../../errors.js';
import { hasFlag, type ConnectionIds, type Dialect, type LegacyClient } from './client.js';
import { COMMANDS, LANGUAGES } from './codes.js';
import { ENTRY_BYTES, readRanges } from './matrix-block.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** The dialects by the length of the handshake's body. */
const DIALECTS: Readonly<Record<number, Dialect>> = { 175: 'L1', 180: 'L2', 181: 'HEAD' };

const FIRST_DOUBLE = 1.11;
const SECOND_DOUBLE = 2.22;
/** The 4 × 3 entries of the test block are 1.11 k for k = 3 … 14. */
const FIRST_FACTOR = 3;
const BLOCK_ENTRIES = 12;

/** Who the client is, from the body of its first message. E_PROTOCOL, with a reason to answer, for anything but a handshake. */
export function recogniseHandshake(body: Uint8Array): LegacyClient {
  const dialect = DIALECTS[body.length];
  if (!dialect) throw invalid(`its length is ${body.length} instead of 175, 180 or 181 bytes`);
  // The first double tells the byte order of scalars: body byte 0 is the language, 5 a short, 12 a text, and 13 its tag.
  const scalarsLittleEndian = new DataView(body.buffer, body.byteOffset).getFloat64(13, true) === FIRST_DOUBLE;
  const from = new Reader(body, { dialect, language: 'C', scalarsLittleEndian });

  const language = LANGUAGES[from.taggedByte()];
  if (!language) throw invalid('the client language is unknown');
  if (from.taggedShort() !== 1234) throw invalid('the short is not 1234');
  if (from.taggedString() !== 'ABCD') throw invalid('the text is not ABCD');
  for (const double of [FIRST_DOUBLE, SECOND_DOUBLE]) {
    from.tag('DOUBLE');
    if (from.double() !== double) throw invalid(`the double is not ${double}`);
  }
  const entriesLittleEndian = readTestBlock(from, dialect);
  return { dialect, language, scalarsLittleEndian, entriesLittleEndian, bufferBytes: dialect === 'L1' ? undefined : from.taggedInt() };
}

/** The answer that all clients accept. */
export function encodeHandshakeReply(ids: ConnectionIds, client: LegacyClient): Uint8Array {
  return new Writer(client).taggedShort(4321).taggedString('DCBA').tag('DOUBLE').double(3.33).message(ids, COMMANDS.HANDSHAKE);
}

/** @returns whether the entries of blocks are little-endian. */
function readTestBlock(from: Reader, dialect: Dialect): boolean {
  from.tag('MATRIX_BLOCK');
  const { rows, cols } = readRanges(from);
  const numbers = [rows.start, rows.end, rows.step, cols.start, cols.end, cols.step];
  if (numbers.join() !== '0,3,1,0,2,1') throw invalid('the block is not 4×3');
  if (hasFlag({ dialect }) && from.u8() !== 1) throw invalid('the block has no data');
  const entries = from.raw(BLOCK_ENTRIES * ENTRY_BYTES);
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  const littleEndian = view.getFloat64(0, true) === FIRST_DOUBLE * FIRST_FACTOR;
  for (let k = 0; k < BLOCK_ENTRIES; k++) {
    const entry = view.getFloat64(k * ENTRY_BYTES, littleEndian);
    if (entry !== FIRST_DOUBLE * (FIRST_FACTOR + k)) throw invalid(`entry ${k} of the block is wrong`);
  }
  return littleEndian;
}

const invalid = (why: string): AlchemistError =>
  new AlchemistError('E_PROTOCOL', `this is no handshake of an Alchemist client: ${why}`);
