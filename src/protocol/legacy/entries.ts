/** Entries of matrices in the byte order of a legacy client. */
import type { LegacyClient } from './client.js';
import { ENTRY_BYTES } from './matrix-block.js';

/** Reverses the bytes of every entry, in place. */
export function swapEntries(entries: Float64Array): void {
  Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength).swap64();
}

/** The bytes of entries as the client wants them: the same memory when it is little-endian, a copy for the others. */
export function encodeEntries(entries: Float64Array, { entriesLittleEndian }: LegacyClient): Uint8Array {
  const sent = entriesLittleEndian ? entries : entries.slice();
  if (!entriesLittleEndian) swapEntries(sent);
  return new Uint8Array(sent.buffer, sent.byteOffset, sent.length * ENTRY_BYTES);
}
