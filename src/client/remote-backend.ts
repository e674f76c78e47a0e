/** A server's session as a Backend: control through the driver, matrix entries straight to and from the workers. */
import { AlchemistError, cancelled } from '../errors.js';
import { type Range, viewLayout } from '../layout/layout.js';
import { itemBytes } from '../protocol/records.js';
import type {
  Backend, CallOptions, Estimate, GridInfo, LibraryInfo, MatrixRecord, MemoryReport, ProgressLine, TaskInfo, TaskReply, WorkerInfo, WorkerSelection,
} from '../session/backend.js';
import type { HostArray } from '../session/host-array.js';
import { orderOf, type WritableStrided } from '../session/strided-copy.js';
import type { ControlLink, Welcome } from './control-link.js';
import { DataLink } from './data-link.js';
import { bandsOf, deal, linesToDeal } from './dealing.js';
import { part, sinkOf, sourceOf } from './host-blocks.js';
import { Turns } from './turns.js';
import type { WireOptions } from './wire.js';

export class RemoteBackend implements Backend {
  readonly kernels: string;
  #grid: GridInfo = { height: 0, width: 0, order: 'column' };
  /** Connections to all workers of the session, by their place on the grid. */
  #links: DataLink[] = [];
  #workers: readonly { readonly host: string; readonly port: number }[] = [];
  readonly #turns = new Turns();
  /** The highest id of a matrix so far: later ones are new. */
  #newest = 0;
  #closed = false;

  constructor(
    readonly link: ControlLink,
    readonly welcome: Welcome,
    readonly wire: WireOptions,
    /** Longest payload of a frame, both ways. */
    readonly bufferSize: number,
  ) {
    this.kernels = welcome.server.kernels;
  }

  get grid(): GridInfo {
    return this.#grid;
  }

  /** Asks for workers and connects to all that the session then has. @returns how many were granted. */
  async requestWorkers(count: number, wanted: { grid?: { height: number; width: number }; order?: 'row' | 'column' } = {}): Promise<number> {
    return this.#turns.transfer(async () => {
      mustBeOpen(this.#closed);
      const { granted, grid, workers } = await this.link.request('REQUEST_WORKERS', { count, ...wanted });
      await this.#attach(grid, workers);
      return granted;
    });
  }

  /** Gives workers back, by id; all without ids. @returns the ids that were given back. */
  async yieldWorkers(ids?: readonly number[]): Promise<readonly number[]> {
    return this.#turns.transfer(async () => {
      mustBeOpen(this.#closed);
      const { yielded, grid, workers } = await this.link.request('YIELD_WORKERS', { workers: ids && [...ids] });
      await this.#attach(grid ?? { height: 0, width: 0, order: 'column' }, workers);
      return yielded;
    });
  }

  /** The server's workers. */
  async listWorkers(which: WorkerSelection): Promise<readonly WorkerInfo[]> {
    return (await this.link.request('LIST_WORKERS', { which })).workers;
  }

  async #attach(grid: GridInfo, workers: readonly { host: string; port: number }[]): Promise<void> {
    for (const link of this.#links) link.close();
    this.#grid = grid;
    this.#workers = workers;
    this.#links = await Promise.all(workers.map((worker) => this.#attachTo(worker)));
  }

  #attachTo({ host, port }: { readonly host: string; readonly port: number }): Promise<DataLink> {
    const { session, secret } = this.welcome;
    return DataLink.open({ ...this.wire, host, port }, session, secret);
  }

  /** Connects again to workers that have been replaced, or whose connection was given up. */
  async #reattach(): Promise<void> {
    if (this.#links.length === 0) throw new AlchemistError('E_WORKERS', 'this session has no workers', { hint: 'request workers first' });
    this.#links = await Promise.all(this.#links.map((link, k) => (link.usable ? link : this.#attachTo(this.#workers[k]))));
  }

  loadLibrary(reference: string): Promise<{ readonly name: string }> {
    const isPath = /[/\\.]/.test(reference);
    const name = isPath ? reference.replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, '') : reference;
    return this.link.request('LOAD_LIBRARY', { name, path: isPath ? reference : undefined });
  }

  async unloadLibrary(name: string): Promise<void> {
    await this.link.request('UNLOAD_LIBRARY', { name });
  }

  async libraries(): Promise<readonly LibraryInfo[]> {
    return (await this.link.request('LIST_LIBRARIES', {})).libraries;
  }

  async tasks(library: string): Promise<readonly TaskInfo[]> {
    return (await this.link.request('LIST_TASKS', { library })).tasks;
  }

  async run(library: string, task: string, args: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<TaskReply> {
    const { signal, onProgress } = options;
    const request = { library, task, args: args as never, progress: onProgress !== undefined };
    if (!onProgress) return this.#reply(await this.#call(() => this.link.request('RUN', request, { signal }), signal));
    const stop = new AbortController();
    let thrown: { readonly error: unknown } | undefined;
    const listen = (line: ProgressLine): void => {
      if (thrown) return;
      try {
        onProgress(line);
      } catch (error) {
        thrown = { error };
        stop.abort();
      }
    };
    const signals = AbortSignal.any(signal ? [signal, stop.signal] : [stop.signal]);
    try {
      const reply = await this.#call(() => this.link.request('RUN', request, { signal: signals, onProgress: listen }), signal);
      // The caller's function has thrown, but the server was faster than the cancellation.
      if (!thrown) return this.#reply(reply);
      await this.free(Object.values(reply.matrices).map(({ id }) => id).filter((id) => id > this.#newest));
    } catch (error) {
      if (!thrown) throw error;
    }
    throw thrown.error;
  }

  #reply(reply: TaskReply): TaskReply {
    this.#newest = Math.max(this.#newest, ...Object.values(reply.matrices).map(({ id }) => id));
    return reply;
  }

  async estimate(library: string, task: string, args: Readonly<Record<string, unknown>>): Promise<Estimate> {
    return this.#call(() => this.link.request('ESTIMATE', { library, task, args: args as never }));
  }

  #call<R>(work: () => Promise<R>, signal?: AbortSignal): Promise<R> {
    return this.#turns.call(() => {
      mustBeOpen(this.#closed);
      if (signal?.aborted) throw cancelled();
      return work();
    });
  }

  /** Bands of whole rows (or columns, where the source has those contiguous) go to whichever workers take them; each scatters what it gets. */
  async write({ id, dtype, layout }: MatrixRecord, rows: Range, cols: Range, source: HostArray, { signal }: CallOptions = {}): Promise<void> {
    viewLayout(layout, rows, cols); // refuses what lies outside
    const order = orderOf(source);
    const [slow, fast] = order === 'row' ? [rows, cols] : [cols, rows];
    await this.#transfer(signal, (links) => {
      const lines = linesToDeal(slow.count, fast.count * itemBytes(dtype), this.bufferSize, links.length);
      return deal(bandsOf(rows, cols, order, lines), links, (link, bands) =>
        link.put(id, bands, dtype, order, this.bufferSize, sourceOf(source, { rows, cols }, dtype, order), signal),
      );
    });
  }

  /** All workers send at once, a band each. */
  async read({ id, dtype, layout }: MatrixRecord, rows: Range, cols: Range, target: WritableStrided, { signal }: CallOptions = {}): Promise<void> {
    viewLayout(layout, rows, cols); // refuses what lies outside
    const order = orderOf(target);
    await this.#transfer(signal, async (links) => {
      const lines = Math.ceil((order === 'row' ? rows : cols).count / links.length);
      const fetches = [...bandsOf(rows, cols, order, lines)].map((band, k) =>
        links[k].get(id, band, dtype, order, this.bufferSize, {
          begin: (block) => sinkOf(part(target, block, rows, cols) as WritableStrided, block, dtype, order),
        }, signal),
      );
      // All are waited for, so that none still writes when the call has failed.
      const failed = (await Promise.allSettled(fetches)).find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    });
  }

  /** Moves entries when it is this call's turn, over connections that work. */
  #transfer(signal: AbortSignal | undefined, move: (links: readonly DataLink[]) => Promise<void>): Promise<void> {
    return this.#turns.transfer(async () => {
      mustBeOpen(this.#closed);
      if (signal?.aborted) throw cancelled();
      try {
        await this.#reattach();
        await move(this.#links);
      } catch (error) {
        throw this.#closed || this.link.lost ? closedError() : workerLost(error as AlchemistError);
      }
    });
  }

  async free(ids: readonly number[]): Promise<void> {
    if (!this.#closed) await this.#call(() => this.link.request('FREE', { ids: [...ids] }));
  }

  async memory(): Promise<MemoryReport> {
    return this.#call(() => this.link.request('MEMORY', {}));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.link.request('CLOSE', {}).catch(() => {});
    for (const link of this.#links) link.close();
    this.link.close();
  }
}

function mustBeOpen(closed: boolean): void {
  if (closed) throw closedError();
}

const closedError = (): AlchemistError => new AlchemistError('E_CLOSED', 'the session is closed', { hint: 'connect again' });

/** A connection to one worker that is gone is no end of the session. */
function workerLost(error: AlchemistError): AlchemistError {
  if (error.code !== 'E_CLOSED') return error;
  return new AlchemistError('E_RANK', `a worker was lost during a transfer: ${error.message}`, { hint: 'if it has died, it is replaced and the matrices of this session are lost', cause: error });
}
