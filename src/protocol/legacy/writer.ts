/** Writes legacy messages: header and body in one piece, since clients read the first ten bytes in one go. */
import type { ConnectionIds, LegacyClient } from './client.js';
import { TAGS } from './codes.js';
import { encodeHeader, HEADER_BYTES } from './header.js';

/** Longest text, in bytes: its length is a u16. */
const MAX_STRING_BYTES = 65_535;

const utf8 = new TextEncoder();

export class Writer {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #at = HEADER_BYTES;

  constructor(readonly client: Pick<LegacyClient, 'dialect' | 'scalarsLittleEndian'>) {}

  raw(bytes: Uint8Array): this {
    return this.#append(bytes.length, (at) => this.#bytes.set(bytes, at));
  }

  u8(value: number): this {
    return this.#append(1, (at) => this.#view.setUint8(at, value));
  }

  u16(value: number): this {
    return this.#append(2, (at) => this.#view.setUint16(at, value));
  }

  u32(value: number): this {
    return this.#append(4, (at) => this.#view.setUint32(at, value));
  }

  /** The low 64 bits of a whole number. */
  u64(value: number | bigint): this {
    return this.#append(8, (at) => this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value))));
  }

  float(value: number): this {
    return this.#append(4, (at) => this.#view.setFloat32(at, value, this.client.scalarsLittleEndian));
  }

  double(value: number): this {
    return this.#append(8, (at) => this.#view.setFloat64(at, value, this.client.scalarsLittleEndian));
  }

  /** A text behind its length; cut at a character when it is longer than the protocol can say. */
  string(text: string): this {
    const bytes = new Uint8Array(Math.min(MAX_STRING_BYTES, 3 * text.length));
    const { written } = utf8.encodeInto(text, bytes);
    return this.u16(written).raw(bytes.subarray(0, written));
  }

  tag(name: keyof typeof TAGS): this {
    return this.u8(TAGS[name]);
  }

  taggedShort(value: number): this {
    return this.tag('SHORT').u16(value);
  }

  taggedString(text: string): this {
    return this.tag('STRING').string(text);
  }

  matrixId(id: number): this {
    return this.tag('MATRIX_ID').u16(id);
  }

  libraryId(id: number): this {
    return this.tag('LIBRARY_ID').u8(id);
  }

  /** What has been written, without a header. */
  get body(): Uint8Array {
    return this.#bytes.slice(HEADER_BYTES, this.#at);
  }

  /** The message: what has been written behind a header for it and `moreBytes` that the caller will send behind it. */
  message({ clientId, sessionId }: ConnectionIds, command: number, error = 0, moreBytes = 0): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#at);
    encodeHeader({ clientId, sessionId, command, error, bodyBytes: bytes.length - HEADER_BYTES + moreBytes }, bytes);
    return bytes;
  }

  /** Makes room for `count` bytes, and has them written at their place. */
  #append(count: number, write: (at: number) => void): this {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    write(at);
    return this;
  }
}
