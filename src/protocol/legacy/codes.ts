/** The numbers of the legacy protocol: commands, errors, tags of values, client languages, and layouts. */
import type { DistPair } from '../../layout/distribution.js';

export const COMMANDS = {
  WAIT: 0, HANDSHAKE: 1, REQUEST_ID: 2, CLIENT_INFO: 3, SEND_TEST_STRING: 4, REQUEST_TEST_STRING: 5, CLOSE_CONNECTION: 6,
  REQUEST_WORKERS: 11, YIELD_WORKERS: 12, SEND_ASSIGNED_WORKERS_INFO: 13,
  LIST_ALL_WORKERS: 14, LIST_ACTIVE_WORKERS: 15, LIST_INACTIVE_WORKERS: 16, LIST_ASSIGNED_WORKERS: 17,
  LIST_AVAILABLE_LIBRARIES: 21, LOAD_LIBRARY: 22, UNLOAD_LIBRARY: 23,
  SEND_MATRIX_INFO: 31, SEND_MATRIX_LAYOUT: 32, SEND_INDEXED_ROWS: 33, SEND_MATRIX_BLOCKS: 34,
  REQUEST_INDEXED_ROWS: 35, REQUEST_MATRIX_BLOCKS: 36, RUN_TASK: 41, SHUTDOWN: 99,
} as const;

export type Command = keyof typeof COMMANDS;

const NAMES = new Map(Object.entries(COMMANDS).map(([name, code]) => [code as number, name as Command]));

/** The name of a command's code; undefined for a code that no client has. */
export function commandName(code: number): Command | undefined {
  return NAMES.get(code);
}

export const ERRORS = {
  NONE: 0, INVALID_HANDSHAKE: 1, INVALID_CLIENT_ID: 2, INVALID_SESSION_ID: 3, INCONSISTENT_DATATYPES: 4,
  NO_WORKERS: 5, NONPOS_WORKER_REQUEST: 6,
  /** In no client's table: the one code that makes ACIPython raise an error wherever it looks at the answer or not. */
  LOUD: 255,
} as const;

/** The byte before every value. */
export const TAGS = {
  CHAR: 1, FLOAT: 15, DOUBLE: 16, BYTE: 33, SHORT: 34, INT: 35, LONG: 36, UINT8: 37, UINT16: 38, UINT32: 39, UINT64: 40,
  STRING: 46, LIBRARY_ID: 49, WORKER_INFO: 52, MATRIX_ID: 53, MATRIX_INFO: 54, MATRIX_BLOCK: 55, INDEXED_ROW: 56, PARAMETER: 100,
} as const;

export const LANGUAGES = ['C', 'C++', 'Scala', 'Java', 'Python', 'Julia'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The distributions in the order of their codes. */
export const LAYOUTS: readonly DistPair[] = [
  'MC_MR', 'MC_STAR', 'MD_STAR', 'MR_MC', 'MR_STAR', 'STAR_MC', 'STAR_MD', 'STAR_MR',
  'STAR_STAR', 'STAR_VC', 'STAR_VR', 'VC_STAR', 'VR_STAR', 'CIRC_CIRC',
];
