/**
 * The header of a .npy file as text: magic, version, length, and a Python dictionary padded with blanks.
 * The format: NumPy enhancement proposal 1, numpy.lib.format; versions 1 (16-bit length), 2 (32-bit), 3 (UTF-8).
 */
import { types } from 'node:util';
import { fileError, readUpTo } from './file.js';
import type { OpenFile } from './file.js';
import { parseLiteral } from './python-literal.js';
import type { Literal } from './python-literal.js';

export const NPY_MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** Longer headers are refused; a header of numeric arrays has about a hundred bytes. */
const HEADER_LIMIT_BYTES = 1 << 16;
/** Data begins at a multiple of this. */
const ALIGN_BYTES = 64;

export interface NpyHeader {
  /** the type as written, or undefined for structured types, whose descr is a list */
  readonly descr: string | undefined;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** position of the first entry */
  readonly dataOffset: number;
}

/** The header of a file that begins with {@link NPY_MAGIC}. E_FILE when it is cut, of an unknown version, or not a dictionary. */
export function readNpyHeader(file: OpenFile): NpyHeader {
  const preamble = take(file, 0, 8);
  const version = preamble[6];
  if (version < 1 || version > 3) {
    throw fileError(file.path, `npy format version ${version}.${preamble[7]} is not known`, { version }, 'versions 1, 2 and 3 are');
  }
  const lengthBytes = version === 1 ? 2 : 4;
  const length = take(file, 8, lengthBytes).readUIntLE(0, lengthBytes);
  if (length > HEADER_LIMIT_BYTES) {
    throw fileError(file.path, `its npy header claims ${length} bytes; the limit is ${HEADER_LIMIT_BYTES}`, { length });
  }
  const text = take(file, 8 + lengthBytes, length).toString(version === 3 ? 'utf8' : 'latin1');
  const dataOffset = 8 + lengthBytes + length;
  const header = parseLiteral(text);
  if (!types.isMap(header)) throw fileError(file.path, 'its npy header is not a Python dictionary', { header: text });
  const descr = header.get('descr'), fortranOrder = header.get('fortran_order'), shape = header.get('shape');
  if (descr === undefined || typeof fortranOrder !== 'boolean' || !isShape(shape)) {
    throw fileError(file.path, `its npy header lacks a valid descr, fortran_order or shape: ${text.trim()}`, { header: text });
  }
  return { descr: typeof descr === 'string' ? descr : undefined, fortranOrder, shape, dataOffset };
}

/** The header of an array, version 1, padded so that the data is aligned. */
export function formatNpyHeader(descr: string, fortranOrder: boolean, ...shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': (${tuple}), }`;
  const preambleBytes = NPY_MAGIC.length + 4;
  const total = Math.ceil((preambleBytes + dictionary.length + 1) / ALIGN_BYTES) * ALIGN_BYTES;
  const header = Buffer.alloc(total, ' ');
  NPY_MAGIC.copy(header);
  header.writeUInt16LE(0x0001, NPY_MAGIC.length); // version 1.0
  header.writeUInt16LE(total - preambleBytes, NPY_MAGIC.length + 2);
  header.write(dictionary, preambleBytes, 'latin1');
  header.write('\n', total - 1, 'latin1');
  return header;
}

function take(file: OpenFile, position: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  const found = readUpTo(file, buffer, position);
  if (found < bytes) {
    throw fileError(file.path, `truncated within its npy header: ${position + bytes} bytes expected, ${position + found} found`,
      { expected: position + bytes, found: position + found });
  }
  return buffer;
}

function isShape(value: Literal | undefined): value is number[] {
  return Array.isArray(value) && value.every((n) => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0);
}
