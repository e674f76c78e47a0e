/** A listening port of the server: tells protocols apart, gives every connection its receiver, and hangs up on those who do not behave. */
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { foreignAnswer, sniff, type Speaker } from '../protocol/sniff.js';
import { type Receiver, receivingServer } from './receive.js';

/** A connection once its protocol is known. */
export interface Connection extends Receiver {
  /** Whether the client has shown who it is. */
  readonly greeted: boolean;
  /** Whether a request is under way. */
  readonly busy: boolean;
  /** The socket is gone. */
  closed(): void;
}

export interface PortOptions {
  /** The connection for a client that speaks one of the protocols. */
  readonly connect: (socket: Socket, speaker: 'native' | 'legacy') => Connection;
  /** Seconds in which a client must have shown who it is. */
  readonly greetingSeconds: number;
  readonly tls?: TlsOptions;
}

/** Bytes of answers that may wait for a client that does not read them. */
export const MAX_UNREAD_BYTES = 16 * 2 ** 20;
/** Milliseconds after which a silent connection is probed: a peer that has vanished is noticed. */
const KEEP_ALIVE_MS = 15_000;
/** Milliseconds that a client has to take our last words, and to hang up in turn. */
const FAREWELL_MS = 2000;

export class Port {
  readonly #server: Server;
  readonly #options: PortOptions;
  readonly #sockets = new Map<Socket, Connection | undefined>();
  /** Connections that have not agreed on TLS yet. */
  readonly #unsecured = new Set<Socket>();
  /** Bytes of connections that are gone. */
  #pastTraffic = 0;

  constructor(options: PortOptions) {
    this.#options = options;
    const { tls, greetingSeconds } = options;
    this.#server = receivingServer((socket) => this.#accept(socket), tls && { ...tls, handshakeTimeout: greetingSeconds * 1000 });
    if (!tls) return;
    this.#server.on('connection', (socket: Socket) => {
      this.#unsecured.add(socket);
      socket.once('close', () => this.#unsecured.delete(socket));
    });
    this.#server.on('tlsClientError', (_, socket: Socket) => socket.destroy());
  }

  /** Opens the port; 0: any free one. Rejects with the system's error. */
  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, resolve);
    });
  }

  get number(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lets the thread end although the port is open. */
  unref(): void {
    this.#server.unref();
  }

  /** Connections whose protocol is known, with their sockets. */
  *connections(): Generator<readonly [Socket, Connection]> {
    for (const [socket, connection] of this.#sockets) if (connection) yield [socket, connection];
  }

  /** Bytes that have gone through this port, both ways. */
  get traffic(): number {
    return [...this.#sockets.keys()].reduce((sum, socket) => sum + trafficOf(socket), this.#pastTraffic);
  }

  /** Ends every connection at once. */
  disconnect(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
    for (const socket of this.#unsecured) socket.destroy();
  }

  /** Takes no new connections; resolves when the last one is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): Receiver {
    this.#sockets.set(socket, undefined);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const connection = (): Connection | undefined => this.#sockets.get(socket);
    const impatience = setTimeout(() => {
      if (!connection()?.greeted) socket.destroy();
    }, this.#options.greetingSeconds * 1000);
    impatience.unref();
    socket.on('error', () => socket.destroy());
    // A client that has finished sending has gone: nobody waits for answers on half a connection.
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(impatience);
      const gone = connection();
      this.#pastTraffic += trafficOf(socket);
      this.#sockets.delete(socket);
      gone?.closed();
    });
    return protocolSwitch((speaker) => {
      if (speaker !== 'native' && speaker !== 'legacy') return void hangUp(socket, foreignAnswer(speaker));
      const chosen = this.#options.connect(socket, speaker);
      this.#sockets.set(socket, chosen);
      return chosen;
    });
  }
}

/** Ends a connection after some last words; whoever does not take them, or does not hang up, is cut off. */
export function hangUp(socket: Socket, lastWords?: Uint8Array): void {
  if (socket.destroyed) return;
  if (lastWords) socket.end(lastWords);
  else socket.end();
  const cut = setTimeout(() => socket.destroy(), FAREWELL_MS);
  cut.unref();
  socket.once('close', () => clearTimeout(cut));
}

/** Bytes that have gone through a socket, both ways. */
export const trafficOf = (socket: Socket): number => socket.bytesRead + Math.max(0, (socket.bytesWritten ?? 0) - socket.writableLength);

/** Waits for the two bytes that tell protocols apart, then hands everything to the connection that `choose` makes; undefined swallows the rest. */
function protocolSwitch(choose: (speaker: Speaker) => Connection | undefined): Receiver {
  const scratch = new Uint8Array(4096);
  let early = new Uint8Array(0);
  let chosen = false;
  let connection: Connection | undefined;
  const push = (bytes: Uint8Array): void => {
    if (chosen) return connection?.push(bytes);
    const both = new Uint8Array(early.length + bytes.length);
    both.set(early);
    both.set(bytes, early.length);
    early = both;
    const speaker = sniff(early);
    if (!speaker) return;
    chosen = true;
    connection = choose(speaker);
    connection?.push(early);
  };
  return {
    buffer: () => connection?.buffer() ?? scratch,
    received: (count) => (connection ? connection.received(count) : push(scratch.subarray(0, count))),
    push,
  };
}
