/** The ten bytes before every legacy message, in both directions; integers are big-endian throughout the protocol. */
import type { ConnectionIds } from './client.js';

export const HEADER_BYTES = 10;

export interface MessageHeader extends ConnectionIds {
  /** The code of the command, known or not. */
  readonly command: number;
  /** 0 in requests and in answers that report success. */
  readonly error: number;
  readonly bodyBytes: number;
}

/** The header in the ten bytes: any ten bytes are one. */
export function decodeHeader(bytes: Uint8Array): MessageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return {
    clientId: view.getUint16(0),
    sessionId: view.getUint16(2),
    command: view.getUint8(4),
    error: view.getUint8(5),
    bodyBytes: view.getUint32(6),
  };
}

/** Writes the header into the first ten bytes. */
export function encodeHeader({ clientId, sessionId, command, error, bodyBytes }: MessageHeader, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, HEADER_BYTES);
  view.setUint16(0, clientId);
  view.setUint16(2, sessionId);
  view.setUint8(4, command);
  view.setUint8(5, error);
  view.setUint32(6, bodyBytes);
}
