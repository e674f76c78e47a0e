/** A client's session on the server: the workers that it has been lent, the engine on them, and its libraries. */
import { randomBytes } from 'node:crypto';
import { EmbeddedBackend } from '../engine/embedded.js';
import { type EngineOptions, engineOptions, type StartOptions } from '../engine/options.js';
import { AlchemistError } from '../errors.js';
import { parseGridShape, worldToVC } from '../layout/grid-shape.js';
import type { GridInfo } from '../session/backend.js';
import type { Logger } from './log.js';
import type { LibraryShelf } from './library-shelf.js';
import type { Worker, WorkerPool } from './worker-pool.js';

/** What all sessions of a server share. */
export interface SessionHouse {
  readonly pool: WorkerPool;
  readonly shelf: LibraryShelf;
  /** Options of every session's engine. */
  readonly engine: Pick<StartOptions, 'kernels' | 'memoryPerWorker' | 'watchdogSeconds'> & {
    /** Shape for teams of its size that ask for no other. */
    readonly grid?: string;
  };
  readonly log: Logger;
}

export class ServerSession {
  /** Presented by data connections: 128 random bits. */
  readonly secret: Uint8Array = randomBytes(16);
  #workers: readonly Worker[] = [];
  #engine: EmbeddedBackend | undefined;
  /** Teams change one at a time. */
  #changing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    readonly id: number,
    readonly house: SessionHouse,
    /** The machine of its client, if that speaks the legacy protocol. */
    readonly legacyClient?: string,
  ) {}

  /** The workers of this session, by id. */
  get workers(): readonly Worker[] {
    return this.#workers;
  }

  get hasWorkers(): boolean {
    return this.#engine !== undefined;
  }

  /** @throws AlchemistError E_CLOSED when the session is over, E_WORKERS before any worker was requested. */
  get engine(): EmbeddedBackend {
    if (this.#closed) throw closedError();
    if (!this.#engine) throw new AlchemistError('E_WORKERS', 'this session has no workers', { hint: 'request workers first' });
    return this.#engine;
  }

  /** The engine once no change of the team is under way: calls keep their place among changes. */
  async settled(): Promise<EmbeddedBackend> {
    await this.#changing;
    return this.engine;
  }

  /** Bytes that have gone through the workers' ports, both ways. */
  async traffic(): Promise<number> {
    const bytes = await Promise.all(this.#workers.map((worker) => worker.traffic().catch(() => NaN)));
    return bytes.reduce((a, b) => a + b, 0);
  }

  /**
   * Asks for `count` workers more; fewer are granted when fewer are free. The session's matrices move to the larger grid and keep their ids.
   * @returns how many were granted.
   */
  requestWorkers(count: number, wanted: Pick<StartOptions, 'grid' | 'order'> = {}): Promise<number> {
    return this.#change(async () => {
      const lent = await this.house.pool.lend(count, { session: this.id, secret: this.secret, legacyClient: this.legacyClient });
      const team = [...this.#workers, ...lent].sort((a, b) => a.id - b.id);
      try {
        // A grid was asked for the number of workers that were asked for: with fewer it cannot be had.
        await this.#moveTo(team, lent.length === count ? wanted : { order: wanted.order });
      } catch (error) {
        await this.house.pool.takeBack(lent);
        throw error;
      }
      return lent.length;
    });
  }

  /** Gives back the workers of these ids, or all; ids of others are ignored. Matrices move to the rest; without a rest they are freed. */
  yieldWorkers(ids?: readonly number[]): Promise<readonly Worker[]> {
    return this.#change(async () => {
      const leaving = ids ? this.#workers.filter(({ id }) => ids.includes(id)) : this.#workers;
      const staying = this.#workers.filter((worker) => !leaving.includes(worker));
      if (leaving.length === 0) return [];
      if (staying.length > 0) await this.#moveTo(staying, { order: this.#engine?.grid.order });
      else {
        await this.#engine?.close();
        this.#engine = undefined;
        this.#workers = [];
      }
      await this.house.pool.takeBack(leaving);
      return leaving;
    });
  }

  /** Ends the session: what runs is cancelled, matrices are freed, workers given back. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    // Not behind a running change: closing the engine is what ends a task that a change may wait for.
    void this.#engine?.close();
    const end = this.#changing.then(async () => {
      await this.#engine?.close();
      const workers = this.#workers;
      this.#engine = undefined;
      this.#workers = [];
      await this.house.pool.takeBack(workers);
    });
    this.#changing = end.catch(() => {});
    return end;
  }

  async #moveTo(team: readonly Worker[], wanted: Pick<StartOptions, 'grid' | 'order'>): Promise<void> {
    const { grid: preferred, ...engineDefaults } = this.house.engine;
    const { height: rows, width: cols } = preferred === undefined ? { height: 0, width: 0 } : parseGridShape(preferred);
    const grid = wanted.grid ?? (rows * cols === team.length ? preferred : undefined);
    const { options, module } = engineOptions({ ...engineDefaults, order: wanted.order, grid, workers: team.length }, true);
    const { height, width } = options.grid;
    const old = this.#engine;
    // What was called before has ended when this has: then the threads may be started anew.
    await old?.memory();
    const engineOf = (workers: readonly Worker[], shape: EngineOptions): Promise<EmbeddedBackend> =>
      EmbeddedBackend.on(engineOrder(workers, shape.grid), shape, module, async () => {});
    try {
      this.#engine = await adopted(await engineOf(team, options), old);
    } catch (error) {
      // The old team's threads have been started anew, but its matrices still lie in its memories: it takes them over from itself.
      this.#engine = undefined;
      if (old) this.#engine = await adopted(await engineOf(this.#workers, { ...options, grid: old.grid, memoryPerWorker: old.memoryPerWorker }), old);
      throw error;
    } finally {
      await old?.close();
    }
    this.#workers = team;
    this.house.log.info({ session: this.id, workers: team.map(({ id }) => id), grid: `${height}x${width}` }, 'workers assigned');
  }

  #change<R>(step: () => Promise<R>): Promise<R> {
    const mine = this.#changing.then(() => {
      if (this.#closed) throw closedError();
      return step();
    });
    this.#changing = mine.catch(() => {});
    return mine;
  }
}

/** The engine with another one's matrices; closed when it cannot hold them. */
async function adopted(engine: EmbeddedBackend, old: EmbeddedBackend | undefined): Promise<EmbeddedBackend> {
  try {
    if (old) await engine.adopt(old);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

const closedError = (): AlchemistError => new AlchemistError('E_CLOSED', 'the session is closed', { hint: 'connect again' });

/** Workers by the VC rank that they take: worker k of the list is process k down the columns of the grid, or along its rows. */
function engineOrder(team: readonly Worker[], { height, width, order }: GridInfo): readonly Worker[] {
  const byRank: Worker[] = [];
  for (const [k, worker] of team.entries()) byRank[worldToVC(order, k, height, width)] = worker;
  return byRank;
}
