/** The connection to one worker's data port: blocks of matrices out and in. */
import { AlchemistError } from '../errors.js';
import type { Block } from '../layout/block.js';
import type { Frame, PayloadSink } from '../protocol/frame-decoder.js';
import { decodeMessage, encodeMessage, type Header } from '../protocol/messages.js';
import type { Dtype, Order } from '../protocol/records.js';
import { readError, readResult } from '../protocol/replies.js';
import { PutBatch } from './put-batch.js';
import { Wire, type WireOptions } from './wire.js';

/** Takes the blocks that answer a GET: gives memory for the payload of each. */
export interface BlockSink {
  begin(block: Block): PayloadSink;
}

/** A block of a PUT; `copied`: its payload is memory of its own, of which there shall be little. */
export interface Piece {
  readonly block: Block;
  readonly payload: readonly Uint8Array[];
  readonly copied: boolean;
  readonly last: boolean;
}

interface Waiting {
  readonly kind: 'ATTACH' | 'PUT' | 'GET';
  readonly sink?: BlockSink;
  resolve(): void;
  reject(error: unknown): void;
}

export class DataLink {
  #wire!: Wire;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  #lost: AlchemistError | undefined;

  private constructor() {}

  static async open(options: WireOptions, session: number, secret: Uint8Array): Promise<DataLink> {
    const link = new DataLink();
    link.#wire = await Wire.open(options, { frame: (frame) => link.#receive(frame), lost: (error) => link.#fail(error) });
    await link.#ask('ATTACH', (id) => link.#wire.send(encodeMessage('ATTACH', { id, session, secret })));
    return link;
  }

  get usable(): boolean {
    return this.#lost === undefined;
  }

  /**
   * matrix(block) := the payload of the pieces, frame by frame. Short frames are written several at a time; of long ones, and of those that had
   * to be copied, one is being written while the next is asked for.
   * @param pieces blocks and their payloads, in the session's buffer size; consumed one by one.
   */
  put(matrix: number, dtype: Dtype, order: Order, pieces: Iterable<Piece>): Promise<void> {
    return this.#ask('PUT', async (id) => {
      let [batch, other] = [new PutBatch(), new PutBatch()];
      let written = Promise.resolve();
      const send = async (): Promise<void> => {
        await written;
        written = this.#wire.send(batch.pieces);
        written.catch(() => {}); // Waited for in turn.
        [batch, other] = [other, batch];
        batch.clear();
      };
      for (const { block: { rows, cols }, payload, copied, last } of pieces) {
        const bytes = payload.reduce((sum, { length }) => sum + length, 0);
        if (!batch.takes(bytes)) await send();
        if (!this.#waiting.has(id)) return; // The worker has refused already.
        batch.add({ id, matrix, rows, cols, dtype, order, last }, payload, bytes);
        if (copied) await send();
      }
      if (!batch.empty) await send();
      await written;
    });
  }

  /** Fetches matrix(block) in frames of at most `bufferSize` bytes, each into the memory that the sink gives. */
  get(matrix: number, { rows, cols }: Block, dtype: Dtype, order: Order, bufferSize: number, sink: BlockSink, signal?: AbortSignal): Promise<void> {
    const answer = this.#ask('GET', (id) => this.#wire.send(encodeMessage('GET', { id, matrix, rows, cols, order, dtype, bufferSize })), sink);
    // What the worker has begun to send can be stopped by hanging up only.
    const giveUp = (): void => {
      this.#fail(new AlchemistError('E_CANCELLED', 'the operation was cancelled by its caller'));
      this.#wire.close();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    return answer.finally(() => signal?.removeEventListener('abort', giveUp));
  }

  #ask(kind: Waiting['kind'], send: (id: number) => Promise<void>, sink?: BlockSink): Promise<void> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = this.#nextId++;
    return new Promise<void>((resolve, reject) => {
      this.#waiting.set(id, { kind, sink, resolve, reject });
      send(id).catch((error: unknown) => {
        this.#waiting.delete(id);
        reject(error);
      });
    });
  }

  #receive(frame: Frame): PayloadSink | undefined {
    const message = decodeMessage(frame);
    if (message.kind === 'ERROR' && message.id === 0) throw readError(message);
    if (message.kind !== 'REPLY' && message.kind !== 'ERROR' && message.kind !== 'BLOCK') {
      throw new AlchemistError('E_PROTOCOL', `a worker sent ${message.kind}, which answers nothing`);
    }
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return undefined;
    if (message.kind === 'BLOCK') return this.#block(message, waiting);
    this.#waiting.delete(message.id);
    try {
      if (message.kind === 'ERROR') throw readError(message);
      readResult(waiting.kind === 'PUT' ? 'PUT' : 'ATTACH', message.result);
      waiting.resolve();
    } catch (error) {
      waiting.reject(error);
    }
    return undefined;
  }

  #block(message: Header<'BLOCK'>, waiting: Waiting): PayloadSink {
    const sink = waiting.sink!.begin(message);
    return {
      room: sink.room && ((left) => sink.room!(left)),
      take: (bytes) => sink.take(bytes),
      end: () => {
        sink.end?.();
        if (!message.last) return;
        this.#waiting.delete(message.id);
        waiting.resolve();
      },
    };
  }

  #fail(error: AlchemistError): void {
    this.#lost ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  close(): void {
    this.#wire.close();
    this.#fail(new AlchemistError('E_CLOSED', 'the session is closed'));
  }
}
