/** Counts what passes through a client's data connections, and for how long the client prepares it. */
import { DataLink } from '#src/client/data-link.js';

export interface Counts {
  messages: number;
  /** Payload bytes. */
  bytes: number;
  /** Seconds of making payloads out of the caller's matrix, or of putting them there. */
  serialising: number;
  /** When the first transfer of a band began, by performance.now(). */
  begun: number | undefined;
}

const counts: Counts = { messages: 0, bytes: 0, serialising: 0, begun: undefined };

/** The counts since the last call. */
export function takeCounts(): Counts {
  const taken = { ...counts };
  Object.assign(counts, { messages: 0, bytes: 0, serialising: 0, begun: undefined });
  return taken;
}

const timed = <R>(work: () => R): R => {
  const start = performance.now();
  const result = work();
  counts.serialising += (performance.now() - start) / 1000;
  return result;
};

const { put, get } = DataLink.prototype;

DataLink.prototype.put = function (matrix, block, dtype, order, bufferSize, source, signal) {
  counts.begun ??= performance.now();
  const counted: typeof source = {
    copies: source.copies,
    payload: (part, pieces) => {
      const before = pieces.length;
      const start = performance.now();
      source.payload(part, pieces);
      counts.serialising += (performance.now() - start) / 1000;
      counts.messages++;
      for (let k = before; k < pieces.length; k++) counts.bytes += pieces[k].length;
    },
  };
  return put.call(this, matrix, block, dtype, order, bufferSize, counted, signal);
};

DataLink.prototype.get = function (matrix, block, dtype, order, bufferSize, sink, signal) {
  counts.begun ??= performance.now();
  const counted: typeof sink = {
    begin: (part) => {
      const target = timed(() => sink.begin(part));
      counts.messages++;
      return {
        room: target.room && ((left) => target.room!(left)),
        take: (bytes) => {
          counts.bytes += bytes.length;
          target.take(bytes);
        },
        end: () => timed(() => target.end?.()),
      };
    },
  };
  return get.call(this, matrix, block, dtype, order, bufferSize, counted, signal);
};
