/**
 * An incremental parser of legacy messages that owns no socket: bodies are gathered, or streamed where the consumer wants that.
 */
import { AlchemistError } from '../../errors.js';
import { Gather } from '../gather.js';
import { decodeHeader, HEADER_BYTES, type MessageHeader } from './header.js';

/** The longest bodies that a receiver takes. */
export interface BodyLimits {
  /** Of messages that are gathered in memory. */
  gathered: number;
  /** Of messages that are streamed; their length field cannot say more than 2^32 - 1. */
  streamed: number;
}

export const BODY_LIMITS: Readonly<BodyLimits> = { gathered: 2 ** 24, streamed: 2 ** 32 - 1 };

/** Takes the body of one message in pieces, each valid during the call only. */
export interface BodySink {
  take(bytes: Uint8Array): void;
  end(): void;
}

export interface MessageHandlers {
  /** A sink for a body that should be streamed; undefined for one that should be gathered. */
  stream?(header: MessageHeader): BodySink | undefined;
  /** A whole message; its body is valid during the call only. */
  message(header: MessageHeader, body: Uint8Array): void;
}

/** Feed it by {@link push}. After an error, a handler's included, every later call throws the same error. */
export class MessageParser {
  /** May be changed between messages, for instance after the handshake. */
  readonly limits: BodyLimits;
  readonly #handlers: MessageHandlers;
  #head = new Gather(HEADER_BYTES);
  #message: { readonly header: MessageHeader; readonly sink?: BodySink; readonly body?: Gather } | undefined;
  /** Bytes of the streamed body still to come. */
  #left = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(handlers: MessageHandlers, limits: Partial<BodyLimits> = {}) {
    this.#handlers = handlers;
    this.limits = { ...BODY_LIMITS, ...limits };
  }

  /** Takes the next bytes of the stream, any number of them. E_PROTOCOL when a body exceeds its limit. */
  push(chunk: Uint8Array): void {
    if (this.#failure) throw this.#failure.error;
    try {
      for (let rest = chunk; rest.length > 0; ) rest = rest.subarray(this.#message ? this.#body(rest) : this.#header(rest));
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Whether the stream stands between two messages. */
  get idle(): boolean {
    return !this.#message && this.#head.missing === HEADER_BYTES;
  }

  #header(bytes: Uint8Array): number {
    const count = this.#head.take(bytes);
    if (this.#head.missing > 0) return count;
    const header = decodeHeader(this.#head.bytes);
    this.#head = new Gather(HEADER_BYTES);
    const sink = this.#handlers.stream?.(header);
    const limit = sink ? this.limits.streamed : this.limits.gathered;
    if (header.bodyBytes > limit) {
      const { command, bodyBytes: bytes } = header;
      throw new AlchemistError('E_PROTOCOL', `a legacy message of command ${command} may have a body of ${limit} bytes, but announces ${bytes}`, {
        fields: { command, bytes, limit },
      });
    }
    this.#message = { header, sink, body: sink ? undefined : new Gather(header.bodyBytes) };
    this.#left = header.bodyBytes;
    if (this.#left === 0) this.#end();
    return count;
  }

  #body(bytes: Uint8Array): number {
    const { sink, body } = this.#message!;
    const piece = bytes.subarray(0, this.#left);
    sink?.take(piece);
    body?.take(piece);
    this.#left -= piece.length;
    if (this.#left === 0) this.#end();
    return piece.length;
  }

  #end(): void {
    const { header, sink, body } = this.#message!;
    this.#message = undefined;
    if (sink) sink.end();
    else this.#handlers.message(header, body!.bytes);
  }
}
