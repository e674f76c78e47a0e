/** What a legacy client's connections to the driver and to workers have in common: the handshake, and one answer for every message. */
import type { Socket } from 'node:net';
import type { ConnectionIds, LegacyClient } from '../../protocol/legacy/client.js';
import { COMMANDS, ERRORS } from '../../protocol/legacy/codes.js';
import { encodeHandshakeReply, recogniseHandshake } from '../../protocol/legacy/handshake.js';
import type { MessageHeader } from '../../protocol/legacy/header.js';
import { type BodySink, MessageParser } from '../../protocol/legacy/message-parser.js';
import { encodeRefusal } from '../../protocol/legacy/refusals.js';
import type { Addressee } from '../../protocol/legacy/responses.js';
import { type Connection, MAX_UNREAD_BYTES } from '../port.js';

/** For refusals before the handshake has told more. */
const ANY_CLIENT: LegacyClient = { dialect: 'HEAD', language: 'Python', scalarsLittleEndian: false, entriesLittleEndian: true, bufferBytes: undefined };

const RECEIVE_BYTES = 64 * 1024;

/** An id as every client can hold it: the JVM's shorts are signed, and 0 stands for none. */
export const shortId = (id: number): number => id & 0x7fff || 1;

/** Whether a message bears the ids that its connection was given: those of all clients do. */
export const repeatsIds = (header: ConnectionIds, given: ConnectionIds): boolean => header.clientId === given.clientId && header.sessionId === given.sessionId;

export abstract class LegacyConnection implements Connection {
  /** Whom answers are for; undefined before the handshake. */
  protected to: Addressee | undefined;
  protected isClosed = false;
  readonly #identify: (client: LegacyClient) => ConnectionIds;
  readonly #scratch = new Uint8Array(RECEIVE_BYTES);
  readonly #parser = new MessageParser({
    stream: (header) => this.stream(header),
    message: (header, body) => this.#message(header, body),
  });
  /** Answers come one after another, in the order of the questions. */
  #last: Promise<void> = Promise.resolve();

  /** @param identify called with each accepted handshake: the ids that the connection gets. */
  constructor(
    protected readonly socket: Socket,
    identify: (client: LegacyClient) => ConnectionIds,
  ) {
    this.#identify = identify;
  }

  /** A sink for a message whose body should not be gathered. */
  protected stream(_: MessageHeader): BodySink | undefined {
    return undefined;
  }

  get greeted(): boolean {
    return this.to !== undefined;
  }

  /** Messages that have not been answered yet. */
  #unanswered = 0;

  get busy(): boolean {
    return this.#unanswered > 0;
  }

  /** Answers one message. What it throws is told as the client understands it. The body is valid until it returns its promise. */
  protected abstract answer(header: MessageHeader, body: Uint8Array): Promise<void>;

  buffer(): Uint8Array {
    return this.#scratch;
  }

  received(count: number): void {
    this.push(this.#scratch.subarray(0, count));
  }

  push(bytes: Uint8Array): void {
    if (this.isClosed) return;
    try {
      this.#parser.push(bytes);
    } catch {
      // The stream has lost its messages: nothing that could be written would be understood.
      this.socket.destroy();
    }
  }

  closed(): void {
    this.isClosed = true;
  }

  protected write(bytes: Uint8Array | undefined): void {
    if (!bytes || !this.socket.writable) return;
    if (this.socket.writableLength > MAX_UNREAD_BYTES) this.socket.destroy();
    else this.socket.write(bytes);
  }

  #message(header: MessageHeader, gathered: Uint8Array): void {
    const body = gathered.slice();
    // These clients wait for every answer: whoever sends on without waiting shall not fill the memory.
    if (++this.#unanswered > 1) this.socket.pause();
    this.#last = this.#last.then(async () => {
      if (this.isClosed) return;
      try {
        if (header.command === COMMANDS.HANDSHAKE) this.#handshake(body);
        else if (!this.to) throw new Error('a connection begins with a handshake');
        else if (!repeatsIds(header, this.to)) this.write(encodeRefusal(this.to, header.command, 'these are not the ids that this connection was given', ERRORS.INVALID_CLIENT_ID));
        else await this.answer(header, body);
      } catch (error) {
        const to = this.to ?? { clientId: 0, sessionId: 0, client: ANY_CLIENT };
        this.write(encodeRefusal(to, header.command, (error as Error).message));
      } finally {
        if (--this.#unanswered === 0 && !this.isClosed) this.socket.resume();
      }
    });
  }

  #handshake(body: Uint8Array): void {
    const client = recogniseHandshake(body);
    this.to = { ...this.#identify(client), client };
    this.write(encodeHandshakeReply(this.to, client));
  }
}
