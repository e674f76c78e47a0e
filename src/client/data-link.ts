/** The connection to one worker's data port: blocks of matrices out and in. */
import { AlchemistError, cancelled } from '../errors.js';
import { type Block, entries } from '../layout/block.js';
import type { Frame, PayloadSink } from '../protocol/frame-decoder.js';
import { decodeMessage, encodeMessage, type Header } from '../protocol/messages.js';
import { type Dtype, itemBytes, type Order } from '../protocol/records.js';
import { readError, readResult } from '../protocol/replies.js';
import { Piece } from '../protocol/split.js';
import type { Bands } from './dealing.js';
import { Outbox } from './outbox.js';
import { Wire, type WireOptions } from './wire.js';

/** Takes the blocks that answer a GET: gives memory for the payload of each. */
export interface BlockSink {
  begin(block: Block): PayloadSink;
}

/** Gives the blocks of a PUT. */
export interface BlockSource {
  /** Appends the payload of a block to `pieces`: views of it, one after another, that stay as they are until the block has been written. */
  payload(block: Block, pieces: Uint8Array[]): void;
  /** Payloads are copies, all in the same memory: each is written before the next is asked for. */
  readonly copies: boolean;
}

interface Waiting {
  readonly kind: 'ATTACH' | 'PUT' | 'GET';
  readonly sink?: BlockSink;
  resolve(): void;
  reject(error: unknown): void;
}

export class DataLink {
  #wire!: Wire;
  #outbox!: Outbox;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  #lost: AlchemistError | undefined;

  private constructor() {}

  static async open(options: WireOptions, session: number, secret: Uint8Array): Promise<DataLink> {
    const link = new DataLink();
    link.#wire = await Wire.open(options, { frame: (frame) => link.#receive(frame), lost: (error) => link.#fail(error) });
    link.#outbox = new Outbox(link.#wire);
    await link.#ask('ATTACH', (id) => link.#wire.send(encodeMessage('ATTACH', { id, session, secret })));
    return link;
  }

  get usable(): boolean {
    return this.#lost === undefined;
  }

  /**
   * matrix(band) := the entries of the source, for as many bands as it can get, in frames of at most `bufferSize` bytes. Short frames are written
   * several at a time.
   */
  async put(matrix: number, bands: Bands, dtype: Dtype, order: Order, bufferSize: number, source: BlockSource, signal?: AbortSignal): Promise<void> {
    const first = bands.next().value;
    if (!first) return;
    const outbox = this.#outbox;
    const send = async (id: number): Promise<void> => {
      outbox.discard();
      for (let band: Block | undefined | void = first; band; ) {
        const piece = new Piece(band, itemBytes(dtype), bufferSize, order);
        const header = { id, matrix, rows: piece.rows, cols: piece.cols, dtype, order, last: false };
        band = undefined;
        while (piece.next()) {
          const bytes = entries(piece) * itemBytes(dtype);
          if (!outbox.takes(bytes)) await outbox.send();
          if (!this.#waiting.has(id)) return; // The worker has refused already.
          if (piece.last) band = bands.next().value;
          header.last = piece.last && !band;
          outbox.begin(header, bytes);
          source.payload(piece, outbox.pieces);
          if (source.copies) await outbox.send();
        }
      }
      if (outbox.pieces.length > 0) await outbox.send();
    };
    return this.#stoppable(this.#ask('PUT', send), signal);
  }

  /** Fetches matrix(block) in frames of at most `bufferSize` bytes, each into the memory that the sink gives. */
  get(matrix: number, { rows, cols }: Block, dtype: Dtype, order: Order, bufferSize: number, sink: BlockSink, signal?: AbortSignal): Promise<void> {
    const ask = (id: number): Promise<void> => this.#wire.send(encodeMessage('GET', { id, matrix, rows, cols, order, dtype, bufferSize }));
    return this.#stoppable(this.#ask('GET', ask, sink), signal);
  }

  /** What has begun to go to a worker, or to come from it, can be stopped by hanging up only. */
  async #stoppable(transfer: Promise<void>, signal?: AbortSignal): Promise<void> {
    const giveUp = (): void => {
      this.#fail(cancelled());
      this.#wire.close();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp(); // Too early to be heard.
    try {
      await transfer;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
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
