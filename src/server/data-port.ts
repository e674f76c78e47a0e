/** A worker's data port, in the worker's own thread: matrix entries go between its socket and the shared memories, never through the driver. */
import { timingSafeEqual } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { Rank } from '../engine/rank.js';
import { AlchemistError } from '../errors.js';
import { DataConnection } from './data-connection.js';
import { LegacyAccess } from './legacy/access.js';
import { LegacyData } from './legacy/data.js';
import { Port } from './port.js';

/** The session that owns this worker at the moment. */
export interface Owner {
  readonly session: number;
  readonly secret: Uint8Array;
  /** The machine of its client, if that speaks the legacy protocol: then, and only then, this port does too. */
  readonly legacyClient?: string;
  /** Where this worker's rank is; looked up on each use, since a new start replaces it. */
  readonly rank: () => Rank;
}

export interface DataPortOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly worker: number;
  /** Seconds in which a client must have attached. */
  readonly greetingSeconds: number;
  readonly tls?: TlsOptions;
}

export class DataPort {
  readonly #port: Port;
  #owner: Owner | undefined;
  #legacyAccess: LegacyAccess | undefined;
  /** Legacy clients call their connections by number, from 2. */
  #legacyConnections = 1;

  private constructor(readonly options: DataPortOptions) {
    const { greetingSeconds, tls } = options;
    this.#port = new Port({
      connect: (socket, speaker) => (speaker === 'native' ? new DataConnection(socket, this) : new LegacyData(socket, this, ++this.#legacyConnections)),
      greetingSeconds,
      tls,
    });
  }

  /** Opens the port. @throws AlchemistError E_ENVIRONMENT when it is taken or not allowed. */
  static async listen(options: DataPortOptions): Promise<DataPort> {
    const { host, port, worker } = options;
    const opened = new DataPort(options);
    try {
      await opened.#port.listen(host, port);
    } catch (cause) {
      throw new AlchemistError('E_ENVIRONMENT', `worker ${worker} cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
        hint: 'choose another --port: the driver and its workers need consecutive free ports, or give --port 0',
        cause,
      });
    }
    // The thread lives as long as its pool, not as long as its port.
    opened.#port.unref();
    return opened;
  }

  get port(): number {
    return this.#port.number;
  }

  /** Bytes that have gone through this port, both ways. */
  get traffic(): number {
    return this.#port.traffic;
  }

  /** Lends the worker to a session; undefined takes it back and closes every connection. */
  lend(owner: Owner | undefined): void {
    this.#owner = owner;
    this.#legacyAccess = owner?.legacyClient === undefined ? undefined : new LegacyAccess(owner, owner.legacyClient);
    if (!owner) this.#port.disconnect();
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

  /** What legacy connections may do here; undefined while the worker works for no legacy client. */
  get legacyAccess(): LegacyAccess | undefined {
    return this.#legacyAccess;
  }
}
