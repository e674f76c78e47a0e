/**
 * Values of a header as MessagePack, such that numbers arrive as they left: what @msgpack/msgpack would alter is carried by two
 * extension types, 1 for a Float64Array and 2 for the number -0, both as little-endian float64.
 */
import { types } from 'node:util';
import { Decoder, Encoder, EXT_TIMESTAMP, ExtData, ExtensionCodec } from '@msgpack/msgpack';
import { AlchemistError } from '../errors.js';
import { MAX_DEPTH, MAX_HEADER_BYTES, MAX_ITEMS } from './limits.js';
import { scan } from './scan.js';

/**
 * What a header can hold. Every number keeps its value, NaN, infinities and -0 included; integers past ±2^53 arrive as bigint
 * when they were sent as integers (of 64 bits). A number of JavaScript that is whole is written as an integer: other languages
 * read 3 for 3.0.
 */
export type Value =
  | null | boolean | number | bigint | string | Uint8Array | Float64Array
  | readonly Value[]
  | { readonly [name: string]: Value };

const FLOAT64_ARRAY = 1;
const NEGATIVE_ZERO = 2;

const codec = new ExtensionCodec();
codec.register({ type: FLOAT64_ARRAY, encode: () => null, decode: float64Array });
codec.register({ type: NEGATIVE_ZERO, encode: () => null, decode: negativeZero });
codec.register({ type: EXT_TIMESTAMP, encode: () => null, decode: (_, type) => refuse(`extension type ${type} is unknown`) });

const encoder = new Encoder({ extensionCodec: codec, useBigInt64: true });
const decoder = new Decoder({
  extensionCodec: codec,
  useBigInt64: true,
  maxArrayLength: MAX_ITEMS,
  maxMapLength: MAX_ITEMS,
  maxStrLength: MAX_HEADER_BYTES,
  maxBinLength: MAX_HEADER_BYTES,
  maxExtLength: MAX_HEADER_BYTES,
  mapKeyConverter: (key) => (typeof key === 'string' ? key : refuse(`a map has a key that is a ${typeof key}, not a text`)),
});

/**
 * The bytes of a value; entries of maps that are undefined are left out. E_PROTOCOL, naming the place, for what a peer would
 * refuse.
 */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(outgoing(value, 'header', 0));
  if (bytes.length > MAX_HEADER_BYTES) throw tooLong('header', bytes.length);
  scan(bytes);
  return bytes;
}

/** The value of the bytes, which share no memory with it. E_PROTOCOL when they are malformed or exceed a limit. */
export function unpack(bytes: Uint8Array): Value {
  scan(bytes);
  try {
    return incoming(decoder.decode(bytes));
  } catch (cause) {
    throw new AlchemistError('E_PROTOCOL', `a frame's MessagePack header cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function outgoing(value: unknown, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw unsendable(path, `nested deeper than ${MAX_DEPTH}`);
  if (typeof value === 'number') return outgoingNumber(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
    throw unsendable(path, 'an integer of more than 64 bits');
  }
  if (ArrayBuffer.isView(value) && value.byteLength > MAX_HEADER_BYTES) throw tooLong(path, value.byteLength);
  if (types.isFloat64Array(value)) {
    return new ExtData(FLOAT64_ARRAY, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (types.isUint8Array(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => outgoing(item, `${path}[${index}]`, depth + 1));
  if (typeof value === 'object' && !ArrayBuffer.isView(value)) {
    const given = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(given.map(([name, item]) => [name, outgoing(item, `${path}.${name}`, depth + 1)]));
  }
  throw unsendable(path, ArrayBuffer.isView(value) ? `a ${Object.prototype.toString.call(value).slice(8, -1)}` : `a ${typeof value}`);
}

/** The encoder writes integers past 32 bits as integers only when they are bigint, and -0 only as an extension. */
function outgoingNumber(value: number): unknown {
  if (Object.is(value, -0)) return new ExtData(NEGATIVE_ZERO, new Uint8Array(Float64Array.of(-0).buffer));
  return Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000) ? BigInt(value) : value;
}

/** Integers of 64 bits to numbers where those are exact; bytes to copies, since the decoder gives views. */
function incoming(value: unknown): Value {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || types.isFloat64Array(value)) return value as Value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value as Uint8Array);
  if (value instanceof ExtData) return refuse(`extension type ${value.type} is unknown`);
  if (Array.isArray(value)) return value.map(incoming);
  const map = value as Record<string, unknown>;
  for (const name of Object.keys(map)) map[name] = incoming(map[name]);
  return map as Record<string, Value>;
}

function float64Array(data: Uint8Array): Float64Array {
  if (data.length % 8 !== 0) refuse(`${data.length} bytes are not a whole number of float64`);
  return new Float64Array(new Uint8Array(data).buffer);
}

function negativeZero(data: Uint8Array): number {
  const [value, ...more] = float64Array(data);
  return Object.is(value, -0) && more.length === 0 ? value : refuse('extension type 2 is something else than -0');
}

function refuse(what: string): never {
  throw new TypeError(what);
}

const tooLong = (path: string, bytes: number): AlchemistError =>
  new AlchemistError('E_PROTOCOL', `${path} has ${bytes} bytes; a header has at most ${MAX_HEADER_BYTES}`, {
    hint: 'send and return large arrays as matrices',
    fields: { path, bytes, limit: MAX_HEADER_BYTES },
  });

const unsendable = (path: string, what: string): AlchemistError =>
  new AlchemistError('E_PROTOCOL', `${path} is ${what}, which cannot be sent`, {
    hint: 'numbers, texts, booleans, null, Float64Array, Uint8Array, and arrays and maps of these can',
    fields: { path },
  });
