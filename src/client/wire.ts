/** A client's connection to a driver or a worker: frames out, frames in, payload straight into the caller's memory. */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { AlchemistError } from '../errors.js';
import { FrameDecoder, type Frame, type PayloadSink } from '../protocol/frame-decoder.js';

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  /** TLS settings; without them the connection is plain. */
  readonly tls?: ConnectionOptions;
  readonly timeoutMs: number;
}

/** What becomes of incoming frames, and of the connection's end. */
export interface WireHandler {
  frame(frame: Frame): PayloadSink | undefined;
  /** Called once: the server has hung up, the connection broke, or it spoke nonsense. */
  lost(error: AlchemistError): void;
}

export class Wire {
  readonly #socket: Socket;
  readonly #where: string;
  #lost: AlchemistError | undefined;
  #handler: WireHandler | undefined;

  private constructor(socket: Socket, where: string) {
    this.#socket = socket;
    this.#where = where;
  }

  /** @throws AlchemistError E_CLOSED when nobody answers there. */
  static open({ host, port, tls, timeoutMs }: WireOptions, handler: WireHandler): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const where = `${host}:${port}`;
      const decoder = new FrameDecoder((frame) => handler.frame(frame));
      let wire: Wire | undefined;
      const receiving = <R>(step: () => R): R | undefined => {
        try {
          return step();
        } catch (error) {
          if (wire) wire.#lose(error as AlchemistError);
          return undefined;
        }
      };
      const onread = {
        buffer: () => receiving(() => decoder.buffer()) ?? new Uint8Array(1024),
        callback: (count: number) => {
          receiving(() => decoder.received(count));
          return true;
        },
      };
      // TLS decrypts into memory of its own; a plain socket reads straight into the decoder's. Only names are announced, never addresses.
      const socket = tls ? connectTls({ host, port, servername: isIP(host) ? undefined : host, ...tls }) : connectPlain({ host, port, noDelay: true, keepAlive: true, onread });
      if (tls) socket.on('data', (bytes: Buffer) => receiving(() => decoder.push(bytes)));
      const failed = (cause: Error): void => {
        const hint = (cause as { code?: string }).code === 'ECONNREFUSED' ? 'is the server running? start one with alchemist serve' : undefined;
        const error = new AlchemistError('E_CLOSED', `the connection to ${where} failed: ${cause.message}`, { hint, cause });
        if (wire) wire.#lose(error);
        else reject(error);
      };
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      socket.on('error', failed);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        wire = new Wire(socket, where);
        wire.#handler = handler;
        resolve(wire);
      });
      socket.on('close', () => {
        clearTimeout(timer);
        failed(new Error('the server has hung up'));
      });
    });
  }

  #lose(error: AlchemistError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#socket.destroy();
    this.#handler?.lost(error);
  }

  /** Writes the pieces of one frame or several. @returns undefined when the system has taken them at once, else when it has: then their memory may change. */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    if (this.#lost) return Promise.reject(this.#lost);
    let done: ((error?: Error | null) => void) | undefined;
    this.#socket.cork();
    const last = pieces.length - 1;
    for (let k = 0; k < last; k++) this.#socket.write(pieces[k]);
    this.#socket.write(pieces[last], (error) => done?.(error));
    this.#socket.uncork();
    if (this.#socket.writableLength === 0) return undefined;
    return new Promise((resolve, reject) => {
      done = (error) => (error ? reject(this.#lost ?? new AlchemistError('E_CLOSED', `the connection to ${this.#where} broke: ${error.message}`)) : resolve());
    });
  }

  /** Writes a message. */
  async send(message: readonly Uint8Array[]): Promise<void> {
    await this.write(message);
  }

  /** Ends the connection without complaint. */
  close(): void {
    this.#lost ??= new AlchemistError('E_CLOSED', `the connection to ${this.#where} is closed`);
    this.#socket.destroy();
  }
}
