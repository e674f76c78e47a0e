/**
 * Frames: a prelude of 16 bytes, a MessagePack header, and the payload, raw and outside of MessagePack.
 *
 *   byte   0    1    2         3      4 … 7            8 … 15            16 …
 *        'A'  'L'  version   kind   header bytes u32  payload bytes u64  header, payload     (integers little-endian)
 */
import { AlchemistError } from '../errors.js';
import { MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES } from './limits.js';
import { foreign, sniff } from './sniff.js';
import { pack } from './value.js';
import { checkVersion, VERSIONS } from './version.js';

export const PRELUDE_BYTES = 16;

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
  return [joinHead(kind, pack(header), payload.reduce((sum, { length }) => sum + length, 0), version), ...payload];
}

/** Prelude and packed header of a frame, whose payload of that many bytes will be written by the caller. */
export function joinHead(kind: number, packed: Uint8Array, payloadBytes: number, version = VERSIONS.max): Uint8Array {
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw tooLong('payload', payloadBytes, MAX_PAYLOAD_BYTES);
  const head = new Uint8Array(PRELUDE_BYTES + packed.length);
  const view = new DataView(head.buffer);
  head.set([0x41, 0x4c, version, kind]);
  view.setUint32(4, packed.length, true);
  view.setBigUint64(8, BigInt(payloadBytes), true);
  head.set(packed, PRELUDE_BYTES);
  return head;
}

/**
 * The prelude in the 16 bytes. E_PROTOCOL when they are something else or announce more than the limits, E_VERSION for another
 * version.
 */
export function decodePrelude(bytes: Uint8Array, limits: FrameLimits = FRAME_LIMITS): Prelude {
  if (sniff(bytes) !== 'native') throw foreign(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, PRELUDE_BYTES);
  const prelude = {
    version: view.getUint8(2),
    kind: view.getUint8(3),
    headerBytes: view.getUint32(4, true),
    payloadBytes: Number(view.getBigUint64(8, true)), // rounded past 2^53, which is far above any limit
  };
  checkVersion(prelude.version);
  if (prelude.headerBytes === 0) throw new AlchemistError('E_PROTOCOL', 'a frame must have a header, but announces 0 bytes of it');
  if (prelude.headerBytes > limits.headerBytes) throw tooLong('header', prelude.headerBytes, limits.headerBytes);
  if (prelude.payloadBytes > limits.payloadBytes) throw tooLong('payload', prelude.payloadBytes, limits.payloadBytes);
  return prelude;
}

function tooLong(part: 'header' | 'payload', bytes: number, limit: number): AlchemistError {
  return new AlchemistError('E_PROTOCOL', `a frame's ${part} may have ${limit} bytes, but this one has ${bytes}`, {
    hint: part === 'payload' ? 'send the matrix in smaller pieces: choose a smaller buffer size' : 'send large arrays as matrices',
    fields: { part, bytes, limit },
  });
}
