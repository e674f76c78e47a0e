/** What a legacy client's handshake tells of it, on which the bytes of everything later depend. */
import type { Language } from './codes.js';

/** The three forms of the protocol: the first clients (ACIDask still), those of mid-2019, and the last ones. */
export type Dialect = 'L1' | 'L2' | 'HEAD';

export interface LegacyClient {
  readonly dialect: Dialect;
  readonly language: Language;
  /** Byte order of FLOAT and DOUBLE values. */
  readonly scalarsLittleEndian: boolean;
  /** Byte order of the entries of matrices. */
  readonly entriesLittleEndian: boolean;
  /** The client's buffer, message header included; undefined for L1. */
  readonly bufferBytes: number | undefined;
}

/** What the server calls a connection; every message repeats it. */
export interface ConnectionIds {
  readonly clientId: number;
  readonly sessionId: number;
}

/** Whether a MATRIX_BLOCK has a byte that tells whether data follow. */
export const hasFlag = (client: Pick<LegacyClient, 'dialect'>): boolean => client.dialect === 'HEAD';

/** Whether integers are meant signed. Python's are not: it writes and reads the same bits as unsigned. */
export const hasSignedIntegers = (client: Pick<LegacyClient, 'language'>): boolean => client.language !== 'Python';
