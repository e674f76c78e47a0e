/** A plain value of one rank, of whatever shape and size, on every rank. */
import { deserialize, serialize } from 'node:v8';
import type { Communicator } from './communicator.js';

const WORD_BYTES = 8;

/** The value that rank `root` passes, on every rank: anything that structured clone takes; others pass what they like. Collective. */
export function broadcastValue<T>(comm: Communicator, value: T | undefined, root: number): T {
  const isRoot = comm.rank === root;
  const given = isRoot ? serialize(value) : Buffer.alloc(0);
  const length = Float64Array.of(given.length);
  comm.broadcast(length, root);
  const words = new Float64Array(Math.ceil(length[0] / WORD_BYTES));
  const bytes = new Uint8Array(words.buffer, 0, length[0]);
  bytes.set(given);
  comm.broadcast(words, root);
  return isRoot ? value! : deserialize(bytes);
}
