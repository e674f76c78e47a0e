/** The connection to the driver: requests and their answers, several at once. */
import { AlchemistError, cancelled } from '../errors.js';
import type { Frame } from '../protocol/frame-decoder.js';
import { decodeMessage, encodeMessage, type Header } from '../protocol/messages.js';
import { type Answered, readError, readResult, type ResultOf } from '../protocol/replies.js';
import { VERSIONS } from '../protocol/version.js';
import type { CallOptions } from '../session/backend.js';
import { Wire, type WireOptions } from './wire.js';

export type Welcome = Header<'WELCOME'>;

interface Waiting {
  readonly kind: Answered | 'HELLO';
  readonly onProgress?: CallOptions['onProgress'];
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

type Asked<K extends Answered> = Omit<Header<K>, 'id'>;

export class ControlLink {
  #wire!: Wire;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  /** Requests that wait until fewer are under way than the server takes. */
  readonly #backlog: (() => void)[] = [];
  #mostInFlight = 1;
  #lost: AlchemistError | undefined;

  private constructor(readonly welcome: Promise<Welcome>) {}

  /** Connects and says HELLO. @throws AlchemistError E_CLOSED, E_AUTH, E_VERSION. */
  static async open(options: WireOptions, client: Header<'HELLO'>['client'], token?: string): Promise<{ link: ControlLink; welcome: Welcome }> {
    let greeted!: Waiting;
    const welcome = new Promise<Welcome>((resolve, reject) => {
      greeted = { kind: 'HELLO', resolve: resolve as (result: unknown) => void, reject };
    });
    const link = new ControlLink(welcome);
    link.#wire = await Wire.open(options, { frame: (frame) => link.#receive(frame), lost: (error) => link.#fail(error) });
    const id = link.#nextId++;
    link.#waiting.set(id, greeted);
    // A server that refuses the greeting may have hung up before all of it was written: its answer says more than that.
    void link.#wire.send(encodeMessage('HELLO', { id, versions: VERSIONS, client, token })).catch(() => {});
    try {
      const greeting = await welcome;
      link.#mostInFlight = greeting.limits.inFlight;
      return { link, welcome: greeting };
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** Sends a request and waits for its answer. An aborted signal asks the server to cancel it; the answer then is E_CANCELLED. `onProgress` must not throw. */
  request<K extends Answered>(kind: K, header: Asked<K>, { signal, onProgress }: CallOptions = {}): Promise<ResultOf<K>> {
    const id = this.#nextId++;
    const cancel = (): void => {
      if (this.#waiting.has(id)) void this.#wire.send(encodeMessage('CANCEL', { id })).catch(() => {});
    };
    const answer = new Promise<ResultOf<K>>((resolve, reject) => {
      const message = encoded(kind, { id, ...header } as unknown as Header<K>);
      const send = (): void => {
        if (this.#lost) return reject(this.#lost);
        if (signal?.aborted) return reject(cancelled());
        this.#waiting.set(id, { kind, onProgress, resolve: resolve as (result: unknown) => void, reject });
        this.#wire.send(message).catch((error: unknown) => {
          this.#waiting.delete(id);
          reject(error);
        });
      };
      if (this.#waiting.size < this.#mostInFlight) send();
      else this.#backlog.push(send);
    });
    signal?.addEventListener('abort', cancel, { once: true });
    return answer.finally(() => {
      signal?.removeEventListener('abort', cancel);
      if (this.#waiting.size < this.#mostInFlight) this.#backlog.shift()?.();
    });
  }

  #receive(frame: Frame): undefined {
    const message = decodeMessage(frame);
    if (message.kind === 'PROGRESS') {
      const { id, kind: _, ...line } = message;
      this.#waiting.get(id)?.onProgress?.(line);
      return undefined;
    }
    if (message.kind !== 'REPLY' && message.kind !== 'ERROR' && message.kind !== 'WELCOME') {
      throw new AlchemistError('E_PROTOCOL', `the driver sent ${message.kind}, which answers nothing`);
    }
    if (message.kind === 'ERROR' && message.id === 0) throw readError(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (!waiting) return undefined;
    try {
      if (message.kind === 'ERROR') waiting.reject(readError(message));
      else if (message.kind === 'WELCOME') waiting.resolve(message);
      else waiting.resolve(readResult(waiting.kind as Answered, message.result));
    } catch (error) {
      waiting.reject(error);
    }
    return undefined;
  }

  /** Why the connection is gone, if it is. */
  get lost(): AlchemistError | undefined {
    return this.#lost;
  }

  #fail(error: AlchemistError): void {
    this.#lost ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const send of this.#backlog.splice(0)) send();
  }

  close(): void {
    this.#wire.close();
    this.#fail(new AlchemistError('E_CLOSED', 'the session is closed'));
  }
}

/** What cannot be sent is the caller's mistake, not the connection's. */
function encoded<K extends Answered>(kind: K, header: Header<K>): Uint8Array[] {
  try {
    return encodeMessage(kind, header);
  } catch (error) {
    const { message, hint, fields } = error as AlchemistError;
    throw new AlchemistError('E_ARGUMENT', hint ? message.replace(` (${hint})`, '') : message, { hint, fields, cause: error });
  }
}
