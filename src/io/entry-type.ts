/** The numeric types that a .npy file can hold, and how their bytes become the engine's floats. */
import type { Floats } from './band.js';

/** An entry type as NumPy names it: kind and size, and whether its bytes are in the other order than WebAssembly's (little-endian). */
export interface EntryType {
  readonly descr: string;
  readonly itemSize: number;
  readonly bigEndian: boolean;
  /** Whether the bytes are the engine's own floats, so that they need not be touched. */
  matches(values: Floats): boolean;
  /** values[k] := entry k of `bytes`, for k < count. Swaps the bytes in place when they are big-endian. */
  decode(bytes: ArrayBuffer, count: number, values: Floats): void;
}

type Decode = (bytes: ArrayBuffer, count: number, values: Floats) => void;
type NumberArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Floats;

const decodeAs = (View: new (bytes: ArrayBuffer, from: number, count: number) => NumberArray): Decode =>
  (bytes, count, values) => values.set(new View(bytes, 0, count));

/**
 * 64-bit integers: high · 2^32 + low. Both terms are exact in float64 and the sum rounds once, to nearest, so integers up to ±2^53 are
 * exact and larger ones are the nearest float64. BigInt64Array would make an object of each entry.
 */
const decode64 = (High: typeof Int32Array | typeof Uint32Array): Decode => (bytes, count, values) => {
  const low = new Uint32Array(bytes, 0, 2 * count), high = new High(bytes, 0, 2 * count);
  for (let k = 0; k < count; k++) values[k] = high[2 * k + 1] * 2 ** 32 + low[2 * k];
};

let halves: Float32Array | undefined;

/** The value of each of the 65 536 half-precision numbers: sign 1, exponent 5 (bias 15), fraction 10 bits. */
function halfTable(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
  });
}

const decodeHalf: Decode = (bytes, count, values) => {
  const table = (halves ??= halfTable());
  const bits = new Uint16Array(bytes, 0, count);
  for (let k = 0; k < count; k++) values[k] = table[bits[k]];
};

const DECODE: Record<string, Decode> = {
  b1: decodeAs(Uint8Array), i1: decodeAs(Int8Array), u1: decodeAs(Uint8Array),
  i2: decodeAs(Int16Array), u2: decodeAs(Uint16Array), i4: decodeAs(Int32Array), u4: decodeAs(Uint32Array),
  i8: decode64(Int32Array), u8: decode64(Uint32Array),
  f2: decodeHalf, f4: decodeAs(Float32Array), f8: decodeAs(Float64Array),
};

/**
 * The entry type that NumPy writes as `descr`, such as '<f8', '>i4' or '|b1'; undefined when it is not a real number type.
 * Integers beyond 2^53 (i8, u8) round to the nearest float64; into a Float32Array every type then rounds once more.
 */
export function entryType(descr: string): EntryType | undefined {
  const [, endian, name] = /^([<>|=]?)([a-z]\d+)$/.exec(descr) ?? [];
  if (name === undefined || !Object.hasOwn(DECODE, name)) return undefined;
  const itemSize = Number(name[1]);
  const bigEndian = endian === '>' && itemSize > 1;
  const decode = DECODE[name];
  return {
    descr, itemSize, bigEndian,
    matches: (values) => !bigEndian && name === `f${values.BYTES_PER_ELEMENT}`,
    decode: bigEndian
      ? (bytes, count, values) => { swapBytes(bytes, count, itemSize); decode(bytes, count, values); }
      : decode,
  };
}

function swapBytes(bytes: ArrayBuffer, count: number, itemSize: number): void {
  const view = Buffer.from(bytes, 0, count * itemSize);
  if (itemSize === 2) view.swap16();
  else if (itemSize === 4) view.swap32();
  else view.swap64();
}

const OTHERS: [RegExp, string][] = [
  [/^[<>|=]?c/, 'complex numbers'],
  [/^[<>|=]?O/, 'Python objects'],
  [/^[<>|=]?[SUaT]/, 'text'],
  [/^[<>|=]?[mM]/, 'dates or durations'],
  [/^[<>|=]?V/, 'raw bytes'],
  [/^[<>|=]?f\d/, 'extended-precision floats'],
];

/** What a descr that {@link entryType} does not know stands for, in words. */
export function describeForeignType(descr: string): string {
  return OTHERS.find(([pattern]) => pattern.test(descr))?.[1] ?? 'an unknown type';
}
