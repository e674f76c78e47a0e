/** What native connections to the driver and to workers have in common: frames in, answers out, and an end with a reason for a stream that has lost its frames. */
import type { Socket } from 'node:net';
import { type Frame, FrameDecoder, type PayloadSink } from '../protocol/frame-decoder.js';
import type { FrameLimits } from '../protocol/frame.js';
import { encodeError } from '../protocol/replies.js';
import { type Connection, hangUp, MAX_UNREAD_BYTES } from './port.js';

/** Where bytes go that nobody wants. */
const WASTE = new Uint8Array(64 * 1024);

export abstract class FramedConnection implements Connection {
  protected isClosed = false;
  readonly #decoder: FrameDecoder;

  constructor(
    protected readonly socket: Socket,
    limits?: FrameLimits,
    scratchBytes?: number,
  ) {
    this.#decoder = new FrameDecoder((frame) => this.begin(frame), limits, scratchBytes);
  }

  abstract get greeted(): boolean;
  abstract get busy(): boolean;

  /** A frame's header has come: what to do with its payload. */
  protected abstract begin(frame: Frame): PayloadSink | undefined;

  /** Nothing more will be read; called once. */
  protected abstract ended(): void;

  /** Called before a stream that has lost its frames is ended. */
  protected failed(_error: Error): void {}

  buffer(): Uint8Array {
    return this.#guarded(() => this.#decoder.buffer()) ?? WASTE;
  }

  received(count: number): void {
    this.#guarded(() => this.#decoder.received(count));
  }

  push(bytes: Uint8Array): void {
    this.#guarded(() => this.#decoder.push(bytes));
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ended();
  }

  protected write(pieces: readonly Uint8Array[]): void {
    if (!this.socket.writable) return;
    if (this.socket.writableLength > MAX_UNREAD_BYTES) return void this.socket.destroy();
    this.socket.cork();
    for (const piece of pieces) this.socket.write(piece);
    this.socket.uncork();
  }

  /** Nothing may escape: these calls come from the socket, and an error there would end the whole server. */
  #guarded<R>(step: () => R): R | undefined {
    if (this.isClosed) return undefined;
    try {
      return step();
    } catch (error) {
      this.failed(error as Error);
      this.write(encodeError(0, error));
      hangUp(this.socket);
      this.closed();
      return undefined;
    }
  }
}
