/** Reads the tagged values of a legacy message, never past its end. */
import { AlchemistError } from '../../errors.js';
import { hasSignedIntegers, type LegacyClient } from './client.js';
import { TAGS } from './codes.js';
import type { Parameter, Scalar } from './parameter.js';

type Tag = keyof typeof TAGS;

const TAG_NAMES = new Map(Object.entries(TAGS).map(([name, tag]) => [tag as number, name as Tag]));

/** Texts are decoded leniently: ACIPython cuts those that are not ASCII in the middle of a character. */
const utf8 = new TextDecoder();

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param client decides byte orders and signs; the handshake is read before it is known. */
  constructor(bytes: Uint8Array, readonly client: Pick<LegacyClient, 'language' | 'dialect' | 'scalarsLittleEndian'>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `count` bytes, as a view. */
  raw(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  /** An index or a count of 64 bits; -1 is read as such. E_PROTOCOL past ±2^53. */
  index(): number {
    const value = Number(this.#view.getBigInt64(this.#advance(8)));
    if (!Number.isSafeInteger(value)) throw fault(`the index ${value} at byte ${this.#at - 8} is too large`);
    return value;
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), this.client.scalarsLittleEndian);
  }

  string(): string {
    return utf8.decode(this.raw(this.u16()));
  }

  /** The tag of the next value, which stays where it is. */
  peek(): number {
    if (this.left === 0) throw fault('a value is missing at the end');
    return this.#bytes[this.#at];
  }

  /** Takes the tag `name`; E_PROTOCOL when there is another one. */
  tag(name: Tag): void {
    const tag = this.peek();
    if (tag !== TAGS[name]) {
      throw fault(`${name} (${TAGS[name]}) was expected at byte ${this.#at}, but there is ${TAG_NAMES.get(tag) ?? 'the tag'} (${tag})`);
    }
    this.#at++;
  }

  taggedByte(): number {
    this.tag('BYTE');
    return this.u8();
  }

  taggedShort(): number {
    this.tag('SHORT');
    return this.u16();
  }

  taggedInt(): number {
    this.tag('INT');
    return this.#integer(32, false);
  }

  taggedIndex(): number {
    this.tag('LONG');
    return this.index();
  }

  taggedString(): string {
    this.tag('STRING');
    return this.string();
  }

  matrixId(): number {
    this.tag('MATRIX_ID');
    return this.u16();
  }

  libraryId(): number {
    this.tag('LIBRARY_ID');
    return this.u8();
  }

  parameter(): Parameter {
    this.tag('PARAMETER');
    return { name: this.taggedString(), ...this.#scalar() };
  }

  /** E_PROTOCOL when something is left. */
  finish(): void {
    if (this.left > 0) throw fault(`${this.left} bytes are left behind the last value`);
  }

  #scalar(): Scalar {
    const tag = this.u8();
    const signed = hasSignedIntegers(this.client);
    switch (tag) {
      case TAGS.CHAR:
        return { type: 'CHAR', value: this.u8() };
      case TAGS.FLOAT:
        return { type: 'FLOAT', value: this.#view.getFloat32(this.#advance(4), this.client.scalarsLittleEndian) };
      case TAGS.DOUBLE:
        return { type: 'DOUBLE', value: this.double() };
      case TAGS.BYTE:
      case TAGS.UINT8:
        return { type: 'BYTE', value: this.#integer(8, signed && tag === TAGS.BYTE) };
      case TAGS.SHORT:
      case TAGS.UINT16:
        return { type: 'SHORT', value: this.#integer(16, signed && tag === TAGS.SHORT) };
      case TAGS.INT:
      case TAGS.UINT32:
        return { type: 'INT', value: this.#integer(32, signed && tag === TAGS.INT) };
      case TAGS.LONG:
      case TAGS.UINT64:
        return { type: 'LONG', value: this.#long(signed && tag === TAGS.LONG) };
      case TAGS.STRING:
        return { type: 'STRING', value: this.string() };
      case TAGS.MATRIX_ID:
        return { type: 'MATRIX_ID', value: this.u16() };
      default:
        throw fault(`${TAG_NAMES.get(tag) ?? 'the tag'} (${tag}) at byte ${this.#at - 1} is not the value of a parameter`);
    }
  }

  #integer(bits: 8 | 16 | 32, signed: boolean): number {
    const at = this.#advance(bits / 8);
    const unsigned = bits === 8 ? this.#view.getUint8(at) : bits === 16 ? this.#view.getUint16(at) : this.#view.getUint32(at);
    return signed && unsigned >= 2 ** (bits - 1) ? unsigned - 2 ** bits : unsigned;
  }

  /** A number where that is exact, else a bigint. */
  #long(signed: boolean): number | bigint {
    const at = this.#advance(8);
    const value = signed ? this.#view.getBigInt64(at) : this.#view.getBigUint64(at);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #advance(count: number): number {
    if (count > this.left) throw fault(`${count} bytes were expected at byte ${this.#at}, but ${this.left} are left`);
    const at = this.#at;
    this.#at += count;
    return at;
  }
}

const fault = (what: string): AlchemistError => new AlchemistError('E_PROTOCOL', `malformed legacy message: ${what}`);
