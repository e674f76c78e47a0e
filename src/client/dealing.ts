/**
 * Deals the bands of a matrix out to connections as these ask for them. One begins, and a further one joins whenever the client has waited: its
 * thread cannot write faster to several at once, while every worker that is woken besides takes turns with it for the processors.
 */
import { performance } from 'node:perf_hooks';
import type { Block } from '../layout/block.js';
import type { Range } from '../layout/layout.js';
import { slice } from '../layout/slice.js';
import type { Order } from '../protocol/records.js';

/** Bytes of a band, about: what is dealt at a time. */
const BAND_BYTES = 8 * 2 ** 20;
/**
 * A connection joins when the thread has waited for more than this share of at least so many milliseconds. With less, a second worker comes when
 * two processors have hardly anything left for it.
 */
const WAITING = 1 / 2;
const LOOK_MS = 16;

/** Gives bands until there are none, or none are wanted. */
export type Bands = Pick<Iterator<Block, void>, 'next'>;

/** Rows × cols in bands of so many whole rows, or columns in column order. */
export function* bandsOf(rows: Range, cols: Range, order: Order, lines: number): Generator<Block, void> {
  if (rows.count === 0 || cols.count === 0) return;
  const [slow, fast] = order === 'row' ? [rows, cols] : [cols, rows];
  const across = slice(fast.start, 1, fast.count);
  for (let at = 0; at < slow.count; at += lines) {
    const along = slice(slow.start + at, 1, Math.min(lines, slow.count - at));
    yield order === 'row' ? { rows: along, cols: across } : { rows: across, cols: along };
  }
}

/** Rows or columns of a band to be dealt: as many full frames as make up some megabytes, if that leaves a band for every connection. */
export function linesToDeal(lines: number, lineBytes: number, bufferSize: number, connections: number): number {
  const inFrame = Math.max(1, Math.floor(bufferSize / lineBytes));
  const frames = Math.max(1, Math.floor(BAND_BYTES / (inFrame * lineBytes)));
  return Math.min(inFrame * frames, Math.ceil(lines / connections));
}

/** Has connections send the bands that they take. Waits for all of them, so that none still writes when one has failed; then throws its error. */
export async function deal<Connection>(bands: Bands, connections: readonly Connection[], send: (connection: Connection, bands: Bands) => Promise<void>): Promise<void> {
  const sends: Promise<void>[] = [];
  let failure: { readonly error: unknown } | undefined;
  const hasWaited = waitingWatch();
  const dealt: Bands = {
    next() {
      if (sends.length < connections.length && hasWaited()) join();
      return failure ? { done: true, value: undefined } : bands.next();
    },
  };
  const join = (): void => {
    const sent = send(connections[sends.length], dealt);
    sends.push(sent.catch((error: unknown) => void (failure ??= { error })));
  };
  join();
  for (let k = 0; k < sends.length; k++) await sends[k]; // Others join meanwhile.
  if (failure) throw failure.error;
}

/** Tells, after every few milliseconds, whether this thread's event loop has waited for a good part of them. */
function waitingWatch(): () => boolean {
  let since = performance.now();
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.now();
    const elapsed = now - since;
    if (elapsed < LOOK_MS) return false;
    const { idle } = performance.eventLoopUtilization(before);
    since = now;
    before = performance.eventLoopUtilization();
    return idle > WAITING * elapsed;
  };
}
