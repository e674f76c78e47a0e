/** The driver: accepts clients on one port, lends them workers, and knows every session. */
import type { Server, Socket } from 'node:net';
import { loadTask } from '../library/library.js';
import { openLibrary } from '../library/open.js';
import { relaxedSimd } from '../local/kernels.js';
import { ControlConnection } from './control-connection.js';
import type { DataFolder } from './data-folder.js';
import { type Connection, protocolSwitch, refuse } from './data-port.js';
import type { LibraryShelf } from './library-shelf.js';
import type { Logger } from './log.js';
import { LegacyControl } from './legacy/control.js';
import { type Receiver, receivingServer } from './receive.js';
import { ServerSession, type SessionHouse } from './session.js';

/** Milliseconds after which a silent connection is probed: a peer that has vanished is noticed. */
const KEEP_ALIVE_MS = 15_000;

export interface DriverOptions extends SessionHouse {
  readonly data: DataFolder;
  /** What clients must present; without it none is asked for. */
  readonly token?: string;
  /** Host that clients are told to reach workers at; default: the address at which they reached the driver. */
  readonly advertise?: string;
  /** Sessions that send nothing for so long are ended; 0: never. */
  readonly idleSeconds: number;
  readonly version: string;
  readonly tls?: { readonly cert: string; readonly key: string; readonly minVersion: 'TLSv1.2' };
}

export class Driver {
  readonly server: Server;
  readonly #options: DriverOptions;
  readonly #sessions = new Map<number, ServerSession>();
  readonly #ending = new Set<Promise<void>>();
  readonly #sockets = new Set<Socket>();
  #nextSession = 1;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.server = receivingServer((socket) => this.#accept(socket), options.tls);
  }

  get token(): string | undefined {
    return this.#options.token;
  }

  get log(): Logger {
    return this.#options.log;
  }

  /** The arguments of a call, with names of files replaced by their real paths in the data directory. */
  async filesIn(library: string, task: string, args: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { params } = await loadTask(await openLibrary(this.shelf.find(library)), task);
    return this.#options.data.resolveFiles(params, args);
  }

  get shelf(): LibraryShelf {
    return this.#options.shelf;
  }

  /** What WELCOME says of this server. */
  get program(): { name: string; version: string; kernels: string } {
    return { name: 'alchemist-node', version: this.#options.version, kernels: relaxedSimd() ? 'relaxed' : 'simd' };
  }

  get sessions(): ReadonlyMap<number, ServerSession> {
    return this.#sessions;
  }

  /** A session for a client that has shown who it is. */
  begin(): ServerSession {
    const session = new ServerSession(this.#nextSession++, this.#options);
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The client of a session is gone. */
  end(session: ServerSession): void {
    if (!this.#sessions.delete(session.id)) return;
    const ended = session.close().then(
      () => this.log.info({ session: session.id }, 'session ended'),
      (error: Error) => this.log.error({ session: session.id, error: error.message }, 'session ended badly'),
    );
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  /** The workers of a kind, as a client of `session` sees them. */
  listWorkers(session: ServerSession, which: 'all' | 'active' | 'inactive' | 'assigned', socket: Socket) {
    const host = this.hostFor(socket);
    return this.#options.pool.workers
      .map(({ id, port, loan }) => ({ id, host, port, active: loan !== undefined, assigned: loan?.session === session.id, group: loan?.session ?? 0 }))
      .filter(({ active, assigned }) => which === 'all' || (which === 'active' ? active : which === 'inactive' ? !active : assigned));
  }

  /** Where this client reaches the workers. */
  hostFor(socket: Socket): string {
    return this.#options.advertise ?? (socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  }

  #accept(socket: Socket): Receiver {
    this.#sockets.add(socket);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    if (this.#options.idleSeconds > 0) {
      socket.setTimeout(this.#options.idleSeconds * 1000, () => {
        this.log.warn({ peer: socket.remoteAddress }, 'idle connection closed');
        socket.destroy();
      });
    }
    let connection: Connection | undefined;
    socket.on('error', () => socket.destroy());
    // A client that has finished sending has gone: nobody waits for answers on half a connection.
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      connection?.closed();
    });
    return protocolSwitch((speaker, first) => {
      if (speaker === 'native') connection = new ControlConnection(socket, this);
      else if (speaker === 'legacy') connection = new LegacyControl(socket, this);
      else refuse(socket, first);
      return connection;
    });
  }

  /** Takes no new clients, ends every session, and waits until all workers are back. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of [...this.#sessions.values()]) this.end(session);
    await Promise.all(this.#ending);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
