/** The driver: accepts clients on one port, lends them workers, and knows every session. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { relaxedSimd } from '../local/kernels.js';
import { ControlConnection } from './control-connection.js';
import type { DataFolder } from './data-folder.js';
import type { LibraryShelf } from './library-shelf.js';
import type { Logger } from './log.js';
import { LegacyControl } from './legacy/control.js';
import { type Connection, Port, trafficOf } from './port.js';
import { ServerSession, type SessionHouse } from './session.js';

/** Milliseconds between two looks at whether the last requests have ended, when the server stops. */
const DRAIN_LOOK_MS = 20;

export interface DriverOptions extends SessionHouse {
  readonly data: DataFolder;
  /** What clients must present; without it none is asked for. */
  readonly token?: string;
  /** Host that clients are told to reach workers at; default: the address at which they reached the driver. */
  readonly advertise?: string;
  /** Sessions without a request under way, and without a byte on any of their connections, for so long are ended; 0: never. */
  readonly idleSeconds: number;
  /** Seconds in which a client must have shown who it is. */
  readonly greetingSeconds: number;
  /** Seconds that running requests have to end when the server stops. */
  readonly drainSeconds: number;
  readonly version: string;
  readonly tls?: { readonly cert: string; readonly key: string; readonly minVersion: 'TLSv1.2' };
}

/** A client's connection to the driver. */
interface ClientConnection extends Connection {
  readonly session: ServerSession | undefined;
}

export class Driver {
  readonly port: Port;
  readonly #options: DriverOptions;
  readonly #sessions = new Map<number, ServerSession>();
  readonly #ending = new Set<Promise<void>>();
  #nextSession = 1;
  #stopping = false;
  readonly #idleWatch: NodeJS.Timeout | undefined;
  /** How much each connection's session had moved when it was last seen to move anything, and when that was. */
  readonly #lastMoves = new WeakMap<Connection, { readonly traffic: number; readonly time: number }>();

  constructor(options: DriverOptions) {
    this.#options = options;
    const { greetingSeconds, idleSeconds, tls } = options;
    this.port = new Port({ connect: (socket, speaker) => (speaker === 'native' ? new ControlConnection(socket, this) : new LegacyControl(socket, this)), greetingSeconds, tls });
    if (idleSeconds > 0) this.#idleWatch = setInterval(() => void this.#endIdle(), idleSeconds * 250).unref();
  }

  /** Whether the server takes no new requests. */
  get stopping(): boolean {
    return this.#stopping;
  }

  get token(): string | undefined {
    return this.#options.token;
  }

  get log(): Logger {
    return this.#options.log;
  }

  /** The arguments of a call, with names of files replaced by their real paths in the data directory. */
  async filesIn(session: ServerSession, library: string, task: string, args: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { params } = await session.engine.task(library, task);
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

  /** A session for a client that has shown who it is. @param legacyClient the client's machine, if it speaks the legacy protocol. */
  begin(legacyClient?: string): ServerSession {
    const session = new ServerSession(this.#nextSession++, this.#options, legacyClient);
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

  async #endIdle(): Promise<void> {
    for (const [socket, connection] of this.#clients()) {
      // Workers answer only while no task of theirs runs: they are asked only then.
      const traffic = connection.busy ? NaN : trafficOf(socket) + ((await connection.session?.traffic()) ?? 0);
      const last = this.#lastMoves.get(connection);
      const time = performance.now();
      if (!last || last.traffic !== traffic) this.#lastMoves.set(connection, { traffic, time });
      else if (time - last.time >= this.#options.idleSeconds * 1000) {
        this.log.warn({ session: connection.session?.id, peer: socket.remoteAddress }, 'idle session ended');
        socket.destroy();
      }
    }
  }

  #clients(): (readonly [Socket, ClientConnection])[] {
    return [...this.port.connections()] as (readonly [Socket, ClientConnection])[];
  }

  /** Takes no new clients and requests, lets running requests end for a while, ends every session, and waits until all workers are back. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#idleWatch);
    const closed = this.port.close();
    const patience = performance.now() + this.#options.drainSeconds * 1000;
    while (performance.now() < patience && this.#clients().some(([, { busy }]) => busy)) await delay(DRAIN_LOOK_MS);
    for (const session of [...this.#sessions.values()]) this.end(session);
    await Promise.all(this.#ending);
    this.port.disconnect();
    await closed;
  }
}
