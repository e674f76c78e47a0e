/**
 * The messages of the protocol: the code and the header of every kind. `id` numbers the requests of a connection, so that several
 * may be under way at once; what answers a request repeats it.
 */
import { AlchemistError } from '../errors.js';
import { entries } from '../layout/block.js';
import { BLOCK_HEADER_BYTES, BlockHead, packBlockHead } from './block-head.js';
import type { Frame } from './frame-decoder.js';
import { encodeFrame, PRELUDE_BYTES, writePrelude } from './frame.js';
import { MAX_BUFFER_BYTES, MAX_LIST, MAX_PATH, MAX_REQUEST_ID, MIN_BUFFER_BYTES, SECRET_BYTES } from './limits.js';
import { distPair, dtype, gridShape, itemBytes, name, numericId, order, prose, slice } from './records.js';
import { anything, boolean, bytes, dictionary, integer, list, oneOf, optional, real, record, text, type Schema } from './schema.js';
import { VERSIONS } from './version.js';

const id = integer(1, MAX_REQUEST_ID);
const versions = record({ min: integer(1, 255), max: integer(1, 255) });
const program = record({ name, language: name, version: optional(name) });
const serverProgram = record({ name, version: name, kernels: name });
const limits = record({ headerBytes: integer(), payloadBytes: integer(), inFlight: integer(1), matrices: integer(1) });
const secret = bytes(SECRET_BYTES);
const block = { rows: slice, cols: slice, dtype, order };
const call = { id, library: name, task: name, args: dictionary(anything) };

/** A kind of frame: its code in the prelude and its header. */
interface MessageType<T> {
  readonly code: number;
  readonly header: Schema<T>;
}

const message = <T>(code: number, header: Schema<T>): MessageType<T> => ({ code, header });

export const MESSAGES = {
  // The connection to the driver begins with HELLO, answered by WELCOME.
  HELLO: message(1, record({ id, versions, client: program, token: optional(text(MAX_PATH)) })),
  WELCOME: message(2, record({ id, version: integer(1, 255), server: serverProgram, limits, session: numericId, secret })),
  // Answers. ERROR has id 0 when it answers no request that could be told.
  REPLY: message(3, record({ id, result: dictionary(anything) })),
  ERROR: message(4, record({
    id: integer(0, MAX_REQUEST_ID), code: name, message: prose, hint: optional(prose), fields: optional(dictionary(anything)),
  })),
  PROGRESS: message(5, record({
    id, task: name, step: real, steps: optional(real), note: optional(prose), values: optional(dictionary(real)),
  })),
  // `id` is that of the request to cancel, which then answers E_CANCELLED; CANCEL itself is not answered.
  CANCEL: message(6, record({ id })),
  CLOSE: message(7, record({ id })),
  // Workers.
  REQUEST_WORKERS: message(16, record({ id, count: integer(1, MAX_LIST), grid: optional(gridShape), order: optional(order) })),
  YIELD_WORKERS: message(17, record({ id, workers: optional(list(numericId, MAX_LIST)) })),
  LIST_WORKERS: message(18, record({ id, which: oneOf(['all', 'active', 'inactive', 'assigned']) })),
  // Libraries and their tasks.
  LOAD_LIBRARY: message(32, record({ id, name, path: optional(text(MAX_PATH)) })),
  UNLOAD_LIBRARY: message(33, record({ id, name })),
  LIST_LIBRARIES: message(34, record({ id })),
  LIST_TASKS: message(35, record({ id, library: name })),
  RUN: message(36, record({ ...call, progress: optional(boolean) })),
  ESTIMATE: message(37, record(call)),
  // Matrices.
  CREATE: message(48, record({
    id, height: integer(), width: integer(), dtype, dist: distPair,
    colAlign: optional(integer()), rowAlign: optional(integer()), root: optional(integer()), order: optional(order),
  })),
  FREE: message(49, record({ id, ids: list(numericId, MAX_LIST) })),
  MEMORY: message(50, record({ id })),
  // Data connections, to workers: ATTACH comes first. Only PUT and BLOCK have a payload.
  ATTACH: message(64, record({ id, session: numericId, secret })),
  PUT: message(65, record({ id, matrix: numericId, ...block, last: boolean })),
  GET: message(66, record({
    id, matrix: numericId, rows: slice, cols: slice, order,
    dtype: optional(dtype), bufferSize: optional(integer(MIN_BUFFER_BYTES, MAX_BUFFER_BYTES)),
  })),
  BLOCK: message(67, record({ id, ...block, last: boolean })),
};

export type Kind = keyof typeof MESSAGES;
/** The header of a kind of message. */
export type Header<K extends Kind> = ReturnType<(typeof MESSAGES)[K]['header']>;
/** A message of any kind, told apart by `kind`. */
export type Message = { [K in Kind]: { readonly kind: K } & Header<K> }[Kind];

const KINDS = new Map(Object.entries(MESSAGES).map(([kind, { code }]) => [code, kind as Kind]));

/** A message as the pieces to write. E_PROTOCOL when its header or the length of its payload is not as its kind demands. */
export function encodeMessage<K extends Kind>(kind: K, header: Header<K>, payload: readonly Uint8Array[] = []): Uint8Array[] {
  const { code, header: schema } = MESSAGES[kind];
  const checked = (schema as Schema<Header<K>>)(header, kind);
  checkPayload({ kind, ...checked } as Message, payload.reduce((sum, { length }) => sum + length, 0));
  return encodeFrame(code, checked, payload);
}

/** No head of a PUT or BLOCK is longer. */
export const BLOCK_HEAD_BYTES = PRELUDE_BYTES + BLOCK_HEADER_BYTES;

/**
 * Writes the first bytes of a PUT or BLOCK into `target`, which has {@link BLOCK_HEAD_BYTES} from `at` on; its payload, as many bytes as the
 * block has, is written by the caller. E_PROTOCOL as {@link encodeMessage}.
 * @returns how many bytes the head has.
 */
export function writeBlockHead<K extends 'PUT' | 'BLOCK'>(kind: K, header: Header<K>, target: Uint8Array, at: number): number {
  const { code, header: schema } = MESSAGES[kind];
  const headerBytes = packBlockHead(header, target, at + PRELUDE_BYTES);
  // What cannot be packed is told by the schema.
  if (headerBytes === 0) schema(header, kind);
  writePrelude(target, at, { version: VERSIONS.max, kind: code, headerBytes, payloadBytes: entries(header) * itemBytes(header.dtype) });
  return PRELUDE_BYTES + headerBytes;
}

/** The first bytes of a PUT or BLOCK, as {@link writeBlockHead}, in memory of their own. */
export function encodeBlockHead<K extends 'PUT' | 'BLOCK'>(kind: K, header: Header<K>): Uint8Array {
  const head = new Uint8Array(BLOCK_HEAD_BYTES);
  return head.subarray(0, writeBlockHead(kind, header, head, 0));
}

/**
 * The message of a frame. E_PROTOCOL for an unknown kind, a malformed header, or a payload that is not as long as its header
 * says.
 */
export function decodeMessage(frame: Frame): Message {
  const kind = KINDS.get(frame.kind);
  if (kind === undefined) {
    throw new AlchemistError('E_PROTOCOL', `a frame has the unknown kind ${frame.kind}`, {
      hint: 'one side may be too old',
      fields: { kind: frame.kind },
    });
  }
  const { header } = frame;
  const decoded = header instanceof BlockHead && header.kind === kind ? (header as Message) : ({ kind, ...MESSAGES[kind].header(header, kind) } as Message);
  checkPayload(decoded, frame.payloadBytes);
  return decoded;
}

/** The id of the request that a frame makes, legible or not: 0 when it cannot be told. For the answer to a malformed frame. */
export function requestId({ header }: Frame): number {
  const given = typeof header === 'object' && header !== null ? (header as { readonly id?: unknown }).id : undefined;
  return Number.isSafeInteger(given) && (given as number) >= 1 && (given as number) <= MAX_REQUEST_ID ? (given as number) : 0;
}

function payloadOf(given: Message): number {
  return given.kind === 'PUT' || given.kind === 'BLOCK' ? entries(given) * itemBytes(given.dtype) : 0;
}

function checkPayload(given: Message, payloadBytes: number): void {
  const announced = payloadOf(given);
  if (announced === payloadBytes) return;
  throw new AlchemistError('E_PROTOCOL', `${given.kind} must have a payload of ${announced} bytes, got ${payloadBytes}`, {
    fields: { kind: given.kind, announced, payloadBytes },
  });
}
