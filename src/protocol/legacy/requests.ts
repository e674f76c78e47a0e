/** What legacy clients ask: the bodies of their messages, by command. Blocks that they send are streamed instead. */
import { AlchemistError } from '../../errors.js';
import type { DistPair } from '../../layout/distribution.js';
import { hasFlag, type LegacyClient } from './client.js';
import { type Command, commandName, LAYOUTS, TAGS } from './codes.js';
import { readRanges, readTaggedRanges, type Ranges } from './matrix-block.js';
import type { Parameter } from './parameter.js';
import { Reader } from './reader.js';

const nothing = (): object => ({});
const matrixId = (from: Reader) => ({ matrix: from.matrixId() });

const BODIES = {
  SEND_TEST_STRING: (from: Reader) => ({ text: from.taggedString() }),
  REQUEST_TEST_STRING: nothing,
  CLOSE_CONNECTION: nothing,
  SHUTDOWN: nothing,
  REQUEST_WORKERS: (from: Reader) => ({ count: from.taggedShort() }),
  YIELD_WORKERS: (from: Reader) => ({ workers: from.left === 0 ? [] : times(from.taggedShort(), () => from.taggedShort()) }),
  LIST_ALL_WORKERS: nothing,
  LIST_ACTIVE_WORKERS: nothing,
  LIST_INACTIVE_WORKERS: nothing,
  LIST_ASSIGNED_WORKERS: nothing,
  SEND_ASSIGNED_WORKERS_INFO: nothing,
  CLIENT_INFO: (from: Reader) => {
    if (from.peek() === TAGS.SHORT) from.taggedShort(); // a number of workers, by some versions
    return { logDirectory: from.taggedString() };
  },
  LOAD_LIBRARY: (from: Reader) => ({ name: from.taggedString(), path: from.taggedString() }),
  UNLOAD_LIBRARY: (from: Reader) => ({ library: from.libraryId() }),
  SEND_MATRIX_INFO: (from: Reader) => ({
    name: from.taggedString(),
    height: from.taggedIndex(),
    width: from.taggedIndex(),
    sparse: from.taggedByte() !== 0,
    layout: layoutOf(from.taggedByte()),
  }),
  RUN_TASK: (from: Reader) => {
    const [library, task] = [from.libraryId(), from.taggedString()];
    const parameters: Parameter[] = [];
    while (from.left > 0) parameters.push(from.parameter());
    return { library, task, parameters };
  },
  REQUEST_MATRIX_BLOCKS: (from: Reader) => {
    const blocks: Ranges[] = [];
    const head = matrixId(from);
    while (from.left > 0) blocks.push(readRequestedRanges(from));
    return { ...head, blocks };
  },
  REQUEST_INDEXED_ROWS: (from: Reader) => {
    const rows: number[] = [];
    const head = matrixId(from);
    while (from.left > 0) rows.push(from.taggedIndex());
    return { ...head, rows };
  },
};

type Decoded = typeof BODIES;
/** A request that a client of one of the versions makes, told apart by `command`. */
export type LegacyRequest = { [K in keyof Decoded]: { readonly command: K } & Readonly<ReturnType<Decoded[K]>> }[keyof Decoded];

/**
 * The request of a message. E_PROTOCOL when its body is not what the command demands, and E_ARGUMENT for a command that no client
 * sends or that is not answered here; both should be answered, for a client waits for ever.
 */
export function decodeRequest(code: number, body: Uint8Array, client: LegacyClient): LegacyRequest {
  const command = commandName(code);
  if (command === undefined || !isDecoded(command)) {
    throw new AlchemistError('E_ARGUMENT', `the command ${command ?? code} is not answered here`, { fields: { command: code } });
  }
  const from = new Reader(body, client);
  const fields = BODIES[command](from);
  if (BODIES[command] !== nothing) from.finish();
  return { command, ...fields } as LegacyRequest;
}

const isDecoded = (command: Command): command is keyof Decoded => Object.hasOwn(BODIES, command);

/**
 * Newer clients ask with a block without data, older ones with six numbers. Some of the newer ones do that too, so the tag
 * decides.
 */
function readRequestedRanges(from: Reader): Ranges {
  if (from.peek() === TAGS.LONG) return readTaggedRanges(from);
  from.tag('MATRIX_BLOCK');
  const ranges = readRanges(from);
  if (!hasFlag(from.client) || from.u8() === 0) return ranges;
  throw new AlchemistError('E_PROTOCOL', 'malformed legacy message: a block that is asked for comes with data');
}

function layoutOf(code: number): DistPair {
  const layout = LAYOUTS[code];
  if (layout) return layout;
  throw new AlchemistError('E_PROTOCOL', `malformed legacy message: the layout ${code} is none from 0 to ${LAYOUTS.length - 1}`);
}

function times<T>(count: number, next: () => T): T[] {
  const items: T[] = [];
  for (let k = 0; k < count; k++) items.push(next());
  return items;
}
