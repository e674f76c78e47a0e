/** The answer to a GET: BLOCK frames, their entries gathered piece by piece as fast as the socket takes them. */
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { BlockReader } from '../dist/block-reader.js';
import type { SharedMatrix } from '../dist/shared-matrix.js';
import { entries } from '../layout/block.js';
import { itemBytes, type RankMemory } from '../local/rank-memory.js';
import { DEFAULT_BUFFER_BYTES } from '../protocol/limits.js';
import { encodeBlockHead, type Header } from '../protocol/messages.js';
import { type Parcel, parcels } from './parcels.js';
import { Stage, STAGE_BYTES } from './stage.js';

/** Bytes of a long frame that are gathered at a time: the system takes them out of the nearest caches. */
const PIECE_BYTES = 64 * 1024;
/** Bytes of short frames that travel together. */
const TOGETHER_BYTES = 256 * 1024;
/** Bytes after which other connections have their turn, even while the socket takes more. */
const TURN_BYTES = 2 * 2 ** 20;
const NOTHING = new Uint8Array(0);

export class Answer {
  #begun = false;

  constructor(
    readonly socket: Socket,
    readonly request: Header<'GET'>,
    readonly matrix: SharedMatrix,
  ) {}

  /** Whether a part has been sent, so that an error can no longer be told. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * Sends it; ends early when the socket has gone.
   * @param memory of the rank that gathers.
   * @param check throws when the matrix has gone.
   */
  async send(memory: RankMemory, check: () => void): Promise<void> {
    const { socket, request } = this;
    const { order, bufferSize = DEFAULT_BUFFER_BYTES } = request;
    const { dtype } = this.matrix;
    const reader = this.matrix.reader(request, order);
    const size = pieceBytes(reader, bufferSize, socket);
    const stage = new Stage(memory, size);
    try {
      let sinceTurn = 0;
      for (const { block, parts } of parcels(request, itemBytes(dtype), bufferSize, size, order)) {
        if (!socket.writable) return;
        check();
        if (entries(block) > 0) reader.read(block, stage.as(block, dtype, order));
        sinceTurn += this.#write(parts, stage);
        // What the system has taken at once leaves the stage free for the next piece, while it is in the cache.
        if (socket.writableLength > 0) await new Promise((resolve) => socket.write(NOTHING, resolve));
        else if (sinceTurn >= TURN_BYTES) await turn();
        else continue;
        sinceTurn = 0;
      }
    } finally {
      stage.free();
    }
  }

  /** Writes what the stage holds, with the heads of the frames that begin in it. @returns the bytes of payload. */
  #write(parts: Parcel['parts'], stage: Stage): number {
    const { socket, request } = this;
    const together = parts.length > 1 || parts[0].head !== undefined;
    this.#begun = true;
    if (together) socket.cork();
    let at = 0;
    for (const { head, bytes } of parts) {
      if (head) socket.write(encodeBlockHead('BLOCK', { id: request.id, dtype: this.matrix.dtype, order: request.order, ...head }));
      if (bytes > 0) socket.write(stage.bytes.subarray(at, (at += bytes)));
    }
    if (together) socket.uncork();
    return at;
  }
}

/**
 * Long pieces where lines of the shares are crossed, so that these are read in whole cache lines, and under TLS, where every piece is waited for.
 */
function pieceBytes(reader: BlockReader, bufferSize: number, socket: Socket): number {
  if (reader.crosses || socket instanceof TLSSocket) return STAGE_BYTES;
  return bufferSize <= TOGETHER_BYTES ? TOGETHER_BYTES : PIECE_BYTES;
}
