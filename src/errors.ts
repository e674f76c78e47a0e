/** Every error that a user of Alchemist can meet: a stable code, typed fields, and a hint that says what to do. */

export type ErrorCode =
  | 'E_SHAPE'
  | 'E_LAYOUT'
  | 'E_ARGUMENT'
  | 'E_MEMORY'
  | 'E_NOT_FINITE'
  | 'E_CONVERGENCE'
  | 'E_FILE'
  | 'E_FREED'
  | 'E_CLOSED'
  | 'E_CANCELLED'
  | 'E_RANK'
  | 'E_WATCHDOG'
  | 'E_ENVIRONMENT'
  | 'E_TASK'
  | 'E_PROTOCOL'
  | 'E_VERSION'
  | 'E_AUTH'
  | 'E_WORKERS';

/** What an error carries across threads and sockets: plain data, rebuilt on the other side by {@link fromWire}. */
export interface WireError {
  code: ErrorCode;
  message: string;
  hint?: string;
  fields?: Record<string, unknown>;
  stack?: string;
}

/**
 * The one error class. `code` is stable across versions and languages; `message` says what was expected and what came;
 * `hint` says what to do; `fields` holds the numbers that the message quotes.
 */
export class AlchemistError extends Error {
  override readonly name = 'AlchemistError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly fields: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: { hint?: string; fields?: Record<string, unknown>; cause?: unknown } = {}) {
    super(options.hint ? `${message} (${options.hint})` : message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.fields = options.fields ?? {};
  }
}

/** What a call rejects with whose AbortSignal has said so. */
export const cancelled = (): AlchemistError => new AlchemistError('E_CANCELLED', 'the operation was cancelled by its caller');

/** An error as plain data. `instanceof` fails across realms (jest, vm), so the test is by name. */
export function toWire(error: unknown): WireError {
  const e = error as Partial<AlchemistError> & { name?: string };
  if (e?.name === 'AlchemistError') {
    const { code, fields, hint, stack } = e as AlchemistError;
    return { code, message: (e as AlchemistError).message, hint, fields, stack };
  }
  const message = e?.message ?? String(error);
  return { code: 'E_TASK', message: e?.name && e.name !== 'Error' ? `${e.name}: ${message}` : message, stack: e?.stack };
}

/** The error that {@link toWire} described, with the remote stack as its own. */
export function fromWire(wire: WireError): AlchemistError {
  const error = new AlchemistError(wire.code, wire.message, { fields: wire.fields });
  Object.defineProperty(error, 'hint', { value: wire.hint, enumerable: true });
  if (wire.stack) error.stack = wire.stack;
  return error;
}
