/** One connection of a legacy client: a question, an answer. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { LegacyClient } from '#src/protocol/legacy/client.js';
import { decodeHeader, HEADER_BYTES, type MessageHeader } from '#src/protocol/legacy/header.js';
import { Answer, Requests } from '../protocol/legacy/legacy-client.js';

export class Line {
  /** Messages with the ids of the handshake. */
  requests: Requests;
  #bytes = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  private constructor(
    readonly socket: Socket,
    readonly client: LegacyClient,
  ) {
    this.requests = new Requests(client);
    socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wakeAll();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#wakeAll());
  }

  static async open(port: number, client: LegacyClient): Promise<Line> {
    const socket = connectSocket(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Line(socket, client);
  }

  /** A connection after its handshake. */
  static async greeted(port: number, client: LegacyClient): Promise<Line> {
    const line = await Line.open(port, client);
    const { header } = await line.ask((requests) => requests.handshake());
    line.requests = new Requests(client, { clientId: header.clientId, sessionId: header.sessionId });
    return line;
  }

  /** Asks, and waits for the answer. Throws when the server hangs up instead. */
  async ask(question: (requests: Requests) => Uint8Array): Promise<{ header: MessageHeader; body: Uint8Array; answer: Answer }> {
    if (this.socket.writable) this.socket.write(question(this.requests));
    for (;;) {
      const header = this.#bytes.length < HEADER_BYTES ? undefined : decodeHeader(this.#bytes);
      if (header && this.#bytes.length >= HEADER_BYTES + header.bodyBytes) {
        const body = Uint8Array.from(this.#bytes.subarray(HEADER_BYTES, HEADER_BYTES + header.bodyBytes));
        this.#bytes = this.#bytes.subarray(HEADER_BYTES + header.bodyBytes);
        return { header, body, answer: new Answer(body, this.client) };
      }
      if (this.socket.closed) throw new Error('the server hung up');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
