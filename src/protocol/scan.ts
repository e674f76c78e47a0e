/**
 * A walk over MessagePack bytes that allocates nothing: whether they are one complete value within the limits. A decoder that
 * trusts the counts in its input can be made to allocate gigabytes by a few bytes; after this walk every count is true.
 */
import { AlchemistError } from '../errors.js';
import { MAX_DEPTH, MAX_ITEMS } from './limits.js';

/**
 * Bytes of a value's body behind the head byte, for heads 0xca … 0xd8: floats, integers and fixed extensions (with their type).
 */
const FIXED_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

/** Bytes of the length field behind the head byte, where there is one: bin and ext, then str, array and map. */
const LENGTH_BYTES: Readonly<Record<number, 1 | 2 | 4>> = {
  0xc4: 1, 0xc5: 2, 0xc6: 4, 0xc7: 1, 0xc8: 2, 0xc9: 4,
  0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4,
};

/** Throws E_PROTOCOL unless `bytes` is exactly one value, at most MAX_DEPTH deep and with at most MAX_ITEMS values in it. */
export function scan(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** How many values are still to come in each open array or map. */
  const open: number[] = [];
  let at = 0;
  let items = 0;
  const need = (count: number): void => {
    if (count > bytes.length - at) throw fault(`ends too early: ${count} bytes should follow byte ${at}, but ${bytes.length - at} do`, at);
  };
  const enter = (children: number): void => {
    if (open.length + 1 > MAX_DEPTH) throw fault(`nests deeper than ${MAX_DEPTH}`, at);
    open.push(children);
  };

  do {
    need(1);
    if (++items > MAX_ITEMS) throw fault(`has more than ${MAX_ITEMS} values`, at);
    if (open.length > 0) open[open.length - 1]--;
    const head = bytes[at++];
    const lengthBytes = LENGTH_BYTES[head];
    let length = 0;
    if (lengthBytes) {
      need(lengthBytes);
      length = lengthBytes === 1 ? view.getUint8(at) : lengthBytes === 2 ? view.getUint16(at) : view.getUint32(at);
      at += lengthBytes;
    }
    if (head === 0xc1) throw fault('has the byte c1, which MessagePack does not use', at - 1);
    if (isMap(head)) enter(2 * (head < 0x90 ? head & 15 : length));
    else if (isArray(head)) enter(head < 0xa0 ? head & 15 : length);
    else {
      const body = bodyBytes(head, length);
      need(body);
      at += body;
    }
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
  } while (open.length > 0);
  if (at < bytes.length) throw fault(`has ${bytes.length - at} bytes behind its end`, at);
}

/** Bytes behind the head and the length of what is no container. */
function bodyBytes(head: number, length: number): number {
  if (head >= 0xca && head <= 0xd8) return FIXED_BYTES[head - 0xca];
  if (isFixedText(head)) return head & 31;
  return isExtension(head) ? length + 1 : length;
}

const isMap = (head: number): boolean => (head >= 0x80 && head <= 0x8f) || head === 0xde || head === 0xdf;
const isArray = (head: number): boolean => (head >= 0x90 && head <= 0x9f) || head === 0xdc || head === 0xdd;
const isFixedText = (head: number): boolean => head >= 0xa0 && head <= 0xbf;
const isExtension = (head: number): boolean => head >= 0xc7 && head <= 0xc9;

const fault = (what: string, at: number): AlchemistError =>
  new AlchemistError('E_PROTOCOL', `a frame's MessagePack header ${what}`, { fields: { at } });
