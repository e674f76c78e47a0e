/** A worker's data port, in the worker's own thread: matrix entries go between its socket and the shared memories, never through the driver. */
import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Rank } from '../engine/rank.js';
import { AlchemistError } from '../errors.js';
import { foreign, foreignAnswer, sniff } from '../protocol/sniff.js';
import { DataConnection } from './data-connection.js';
import { LegacyData } from './legacy/data.js';
import { type Receiver, receivingServer } from './receive.js';

/** The session that owns this worker at the moment. */
export interface Owner {
  readonly session: number;
  readonly secret: Uint8Array;
  /** Where this worker's rank is; looked up on each use, since a new start replaces it. */
  readonly rank: () => Rank;
}

export interface DataPortOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly worker: number;
  readonly tls?: TlsOptions;
}

/** A connection once its protocol is known. */
export interface Connection extends Receiver {
  /** The socket is gone. */
  closed(): void;
}

export class DataPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #owner: Owner | undefined;
  /** Legacy clients call their connections by number, from 2. */
  #legacyConnections = 1;

  private constructor(readonly options: DataPortOptions) {
    this.#server = receivingServer((socket) => this.#accept(socket), options.tls);
  }

  /** Opens the port. @throws AlchemistError E_ENVIRONMENT when it is taken or not allowed. */
  static async listen(options: DataPortOptions): Promise<DataPort> {
    const port = new DataPort(options);
    await new Promise<void>((resolve, reject) => {
      port.#server.once('error', (cause) => {
        reject(new AlchemistError('E_ENVIRONMENT', `worker ${options.worker} cannot listen on ${options.host}:${options.port}: ${cause.message}`, {
          hint: 'choose another --port: the driver and its workers need consecutive free ports, or give --port 0',
          cause,
        }));
      });
      port.#server.listen({ host: options.host, port: options.port }, resolve);
    });
    // The thread lives as long as its pool, not as long as its port.
    port.#server.unref();
    return port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lends the worker to a session; undefined takes it back and closes every connection. */
  lend(owner: Owner | undefined): void {
    this.#owner = owner;
    if (!owner) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.lend(undefined);
    this.#server.close();
  }

  /** The owner, if the credentials are its own. @throws AlchemistError E_AUTH. */
  authorise(session: number, secret: Uint8Array): Owner {
    const owner = this.#owner;
    // Compared in constant time, and also when the session is a wrong one.
    const right = owner !== undefined && secret.length === owner.secret.length && timingSafeEqual(secret, owner.secret);
    if (!right || owner.session !== session) {
      throw new AlchemistError('E_AUTH', `worker ${this.options.worker} does not work for session ${session}`, {
        hint: 'attach with the session id and the secret of WELCOME, to the workers that were granted, while they are',
      });
    }
    return owner;
  }

  get worker(): number {
    return this.options.worker;
  }

  /** The owner, for the legacy clients, whose data connections say nothing of who they are. */
  get owner(): Owner | undefined {
    return this.#owner;
  }

  #accept(socket: Socket): Receiver {
    this.#sockets.add(socket);
    let connection: Connection | undefined;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection?.closed();
    });
    return protocolSwitch((speaker, first) => {
      if (speaker === 'native') connection = new DataConnection(socket, this);
      else if (speaker === 'legacy') connection = new LegacyData(socket, this, ++this.#legacyConnections);
      else refuse(socket, first);
      return connection;
    });
  }
}

/** Answers those who speak something else in their own language, and hangs up. */
export function refuse(socket: Socket, first: Uint8Array): void {
  const answer = foreignAnswer(sniff(first) ?? 'unknown');
  if (answer) socket.end(answer);
  else socket.destroy(foreign(first));
}

/** Waits for the two bytes that tell protocols apart, then hands everything to the connection that `choose` makes; undefined swallows the rest. */
export function protocolSwitch(choose: (speaker: ReturnType<typeof sniff>, first: Uint8Array) => Connection | undefined): Receiver {
  const scratch = new Uint8Array(4096);
  let early = new Uint8Array(0);
  let chosen = false;
  let connection: Connection | undefined;
  const push = (bytes: Uint8Array): void => {
    if (chosen) return connection?.push(bytes);
    early = Uint8Array.from([...early, ...bytes]);
    const speaker = sniff(early);
    if (!speaker) return;
    chosen = true;
    connection = choose(speaker, early);
    connection?.push(early);
  };
  return {
    buffer: () => connection?.buffer() ?? scratch,
    received: (count) => (connection ? connection.received(count) : push(scratch.subarray(0, count))),
    push,
  };
}
