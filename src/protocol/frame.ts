/**
 * Frames: a prelude of 16 bytes, a MessagePack header, and the payload, raw and outside of MessagePack.
 *
 *   byte   0    1    2         3      4 … 7            8 … 15            16 …
 *        'A'  'L'  version   kind   header bytes u32  payload bytes u64  header, payload     (integers little-endian)
 */
import { AlchemistError } from '../errors.js';
import { MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES } from './limits.js';
import { foreign } from './sniff.js';
import { pack } from './value.js';
import { checkVersion, VERSIONS } from './version.js';

export const PRELUDE_BYTES = 16;
const MAGIC = [0x41, 0x4c] as const;

/** What the prelude says of its frame. */
export interface Prelude {
  readonly version: number;
  readonly kind: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** The most bytes that a receiver takes. */
export interface FrameLimits {
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

export const FRAME_LIMITS: FrameLimits = { headerBytes: MAX_HEADER_BYTES, payloadBytes: MAX_PAYLOAD_BYTES };

/**
 * A frame as the pieces to write one after another (writev): prelude and header together, then the payload's views as they are,
 * not copied. E_PROTOCOL when the header cannot be packed or a length exceeds its limit.
 */
export function encodeFrame(kind: number, header: unknown, payload: readonly Uint8Array[] = [], version = VERSIONS.max): Uint8Array[] {
  const packed = pack(header);
  const head = new Uint8Array(PRELUDE_BYTES + packed.length);
  writePrelude(head, 0, { version, kind, headerBytes: packed.length, payloadBytes: payload.reduce((sum, { length }) => sum + length, 0) });
  head.set(packed, PRELUDE_BYTES);
  return [head, ...payload];
}

/** Writes a prelude into the 16 bytes from `at` on. E_PROTOCOL when the payload is too long. */
export function writePrelude(bytes: Uint8Array, at: number, { version, kind, headerBytes, payloadBytes }: Prelude): void {
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw tooLong('payload', payloadBytes, MAX_PAYLOAD_BYTES);
  bytes[at] = MAGIC[0];
  bytes[at + 1] = MAGIC[1];
  bytes[at + 2] = version;
  bytes[at + 3] = kind;
  writeUint32(bytes, at + 4, headerBytes);
  writeUint32(bytes, at + 8, payloadBytes);
  writeUint32(bytes, at + 12, 0);
}

/**
 * The prelude in the 16 bytes from `at` on. E_PROTOCOL when they are something else or announce more than the limits, E_VERSION for another
 * version.
 */
export function decodePrelude(bytes: Uint8Array, limits: FrameLimits = FRAME_LIMITS, at = 0): Prelude {
  if (bytes[at] !== MAGIC[0] || bytes[at + 1] !== MAGIC[1]) throw foreign(bytes.subarray(at));
  const prelude = {
    version: bytes[at + 2],
    kind: bytes[at + 3],
    headerBytes: readUint32(bytes, at + 4),
    payloadBytes: readUint32(bytes, at + 8) + 2 ** 32 * readUint32(bytes, at + 12), // rounded past 2^53, which is far above any limit
  };
  checkVersion(prelude.version);
  if (prelude.headerBytes === 0) throw new AlchemistError('E_PROTOCOL', 'a frame must have a header, but announces 0 bytes of it');
  if (prelude.headerBytes > limits.headerBytes) throw tooLong('header', prelude.headerBytes, limits.headerBytes);
  if (prelude.payloadBytes > limits.payloadBytes) throw tooLong('payload', prelude.payloadBytes, limits.payloadBytes);
  return prelude;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  for (let k = 0; k < 4; k++) bytes[at + k] = value >>> (8 * k);
}

const readUint32 = (bytes: Uint8Array, at: number): number => (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

function tooLong(part: 'header' | 'payload', bytes: number, limit: number): AlchemistError {
  return new AlchemistError('E_PROTOCOL', `a frame's ${part} may have ${limit} bytes, but this one has ${bytes}`, {
    hint: part === 'payload' ? 'send the matrix in smaller pieces: choose a smaller buffer size' : 'send large arrays as matrices',
    fields: { part, bytes, limit },
  });
}
