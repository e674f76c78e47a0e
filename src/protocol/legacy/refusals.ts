/**
 * How to say no to a legacy client. Clients hardly look at error codes but always read the body, so every command has the answer
 * that makes its client report the failure, or at least not misread it. A client without an answer waits for ever.
 */
import { type Command, commandName, ERRORS } from './codes.js';
import type { Addressee } from './responses.js';
import { Writer } from './writer.js';

/** The error code of an answer, and what writes its body. */
interface Refusal {
  readonly error: number;
  readonly body: (to: Writer, reason: string) => Writer;
}

const text: Refusal['body'] = (to, reason) => to.taggedString(reason);
const noWorkers: Refusal['body'] = (to) => to.taggedShort(0);
const noLibrary: Refusal['body'] = (to) => to.libraryId(0);

const mistyped = (body: Refusal['body']): Refusal => ({ error: ERRORS.INCONSISTENT_DATATYPES, body });
/** ACIPython ignores the answer to what it sends, but its printer raises ValueError for a code that it does not know. */
const loud: Refusal = { error: ERRORS.LOUD, body: text };

const REFUSALS: Partial<Record<Command, Refusal>> = {
  HANDSHAKE: { error: ERRORS.INVALID_HANDSHAKE, body: text },
  REQUEST_WORKERS: { error: ERRORS.NO_WORKERS, body: noWorkers },
  YIELD_WORKERS: mistyped(noWorkers),
  SEND_ASSIGNED_WORKERS_INFO: mistyped(noWorkers),
  LIST_ALL_WORKERS: mistyped(noWorkers),
  LIST_ACTIVE_WORKERS: mistyped(noWorkers),
  LIST_INACTIVE_WORKERS: mistyped(noWorkers),
  LIST_ASSIGNED_WORKERS: mistyped(noWorkers),
  LOAD_LIBRARY: mistyped(noLibrary),
  UNLOAD_LIBRARY: mistyped(noLibrary),
  RUN_TASK: mistyped((to, reason) => to.tag('PARAMETER').taggedString('error').taggedString(reason)),
  SEND_MATRIX_BLOCKS: loud,
  SEND_INDEXED_ROWS: loud,
};

/**
 * The answer that refuses the command with this code, known or not; undefined for those that must not be answered. `to.client`
 * may be any before the handshake. `error` replaces the code where clients tell several apart: NONPOS_WORKER_REQUEST.
 */
export function encodeRefusal(to: Addressee, code: number, reason: string, error?: number): Uint8Array | undefined {
  const command = commandName(code);
  if (command === 'CLOSE_CONNECTION' || command === 'SHUTDOWN') return undefined;
  const refusal = (command && REFUSALS[command]) ?? mistyped(text);
  return refusal.body(new Writer(to.client), reason).message(to, code, error ?? refusal.error);
}
