/** Answers: what REPLY carries for every kind of request, and errors as messages. */
import { type AlchemistError, type ErrorCode, fromWire, toWire } from '../errors.js';
import { MAX_LIST, MAX_PROSE } from './limits.js';
import { encodeMessage, type Header } from './messages.js';
import {
  cost, estimate, grid, libraryDescription, matrixRecord, name, numericId, prose, rankMemory, taskDescription, workerAddress, workerState,
} from './records.js';
import { anything, dictionary, integer, list, optional, record, type Schema } from './schema.js';
import { pack, type Value } from './value.js';

const nothing = record({});
const workers = list(workerAddress, MAX_LIST);

/** The result of every request that REPLY answers. HELLO is answered by WELCOME and GET by BLOCK; CANCEL is not answered. */
export const RESULTS = {
  CLOSE: nothing,
  // `workers` are all of the session's, in the order in which they are laid onto the grid; fewer than asked may be granted.
  REQUEST_WORKERS: record({ granted: integer(), grid, workers }),
  YIELD_WORKERS: record({ yielded: list(numericId, MAX_LIST), grid: optional(grid), workers }),
  LIST_WORKERS: record({ workers: list(workerState, MAX_LIST) }),
  LOAD_LIBRARY: record({ name, about: prose, tasks: list(name, MAX_LIST) }),
  UNLOAD_LIBRARY: nothing,
  LIST_LIBRARIES: record({ libraries: list(libraryDescription, MAX_LIST) }),
  LIST_TASKS: record({ tasks: list(taskDescription, MAX_LIST) }),
  RUN: record({ matrices: dictionary(matrixRecord), values: dictionary(anything), cost }),
  ESTIMATE: estimate,
  CREATE: record({ matrix: matrixRecord }),
  FREE: nothing,
  MEMORY: record({ matrices: integer(), used: integer(), free: integer(), ranks: list(rankMemory, MAX_LIST) }),
  ATTACH: record({ worker: numericId }),
  // Sent once, after the frame with `last`: the payload bytes of the whole stream.
  PUT: record({ bytes: integer() }),
};

export type Answered = keyof typeof RESULTS;
/** The result of a kind of request. */
export type ResultOf<K extends Answered> = ReturnType<(typeof RESULTS)[K]>;

/**
 * The REPLY to request `id`, of the given kind, as the pieces to write. E_PROTOCOL when the result is not as the kind demands.
 */
export function encodeReply<K extends Answered>(request: K, id: number, result: ResultOf<K>): Uint8Array[] {
  return encodeMessage('REPLY', { id, result: readResult(request, result) as Readonly<Record<string, Value>> });
}

/** The checked result of a REPLY to a request of the given kind. E_PROTOCOL, E_LAYOUT. */
export function readResult<K extends Answered>(request: K, result: unknown): ResultOf<K> {
  return (RESULTS[request] as Schema<ResultOf<K>>)(result, `the reply to ${request}`);
}

/** The ERROR that answers request `id` (0: no request), without the stack. Fields that cannot travel are left out. */
export function encodeError(id: number, error: unknown): Uint8Array[] {
  const { code, message, hint, fields = {} } = toWire(error);
  const sendable = Object.entries(fields).filter(([, value]) => canTravel(value)) as [string, Value][];
  const [sentence, advice] = [message.slice(0, MAX_PROSE), hint?.slice(0, MAX_PROSE)];
  return encodeMessage('ERROR', { id, code, message: sentence, hint: advice, fields: Object.fromEntries(sendable) });
}

/** The error that an ERROR message describes. */
export function readError({ code, message, hint, fields }: Header<'ERROR'>): AlchemistError {
  return fromWire({ code: code as ErrorCode, message, hint, fields });
}

function canTravel(value: unknown): boolean {
  try {
    return value !== undefined && pack(value).length <= MAX_PROSE;
  } catch {
    return false;
  }
}
