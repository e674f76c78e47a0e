/** The engine inside this process: leads a team of rank threads and reads and writes their shared memories directly. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { RankThread } from '../comm/rank-thread.js';
import { Team } from '../comm/team.js';
import { AlchemistError, fromWire } from '../errors.js';
import { entries, type Block } from '../layout/block.js';
import { gridSize, type Range, redundantRank, share, viewLayout, viewOffset } from '../layout/layout.js';
import { worldToVC } from '../layout/grid-shape.js';
import { type Library, loadTask } from '../library/library.js';
import { openLibrary } from '../library/open.js';
import { bindArguments, type Cost, type Task } from '../library/task.js';
import type { HeapUsage } from '../local/heap.js';
import { itemBytes } from '../local/rank-memory.js';
import type { Backend, CallOptions, Estimate, GridInfo, MatrixRecord, MemoryReport, ProgressLine, TaskReply } from '../session/backend.js';
import type { HostArray } from '../session/host-array.js';
import { copyStrided, type Strided, type WritableStrided } from '../session/strided-copy.js';
import type { MatrixReply, RankMessage, RankReply } from './rank.js';
import type { EngineOptions } from './options.js';

/** Entries that the main thread copies before it lets its event loop turn: about a millisecond. */
const ENTRIES_PER_TURN = 2 ** 18;

/** Bytes of fixed overhead that a preflight check leaves alone: packing buffers of the kernels and small temporaries. */
const RESERVE_BYTES = 2 ** 16;

/** The module that every rank's thread runs. */
const RANK_MODULE = new URL('./rank.js', import.meta.url);

interface HeldMatrix extends MatrixRecord {
  /** Where each rank's share lies, by rank. */
  readonly shares: readonly MatrixReply[];
}

export class EmbeddedBackend implements Backend {
  readonly grid: GridInfo;
  readonly kernels: string;
  readonly #team: Team;
  readonly #giveBack: () => Promise<void>;
  readonly #start: (rank: number) => RankMessage;
  readonly #matrices = new Map<number, HeldMatrix>();
  /** Loaded libraries by name, as {@link openLibrary} takes them. */
  readonly #libraries = new Map([['elemental', 'elemental']]);
  #heaps: HeapUsage[] = [];
  #nextId = 1;
  /** The tail of the queue: calls run one after another, in the order in which they were made. */
  #last: Promise<unknown> = Promise.resolve();
  #dead: { rank: number; cause: Error } | undefined;
  /** Whether all ranks are started; false between a death and the new start. */
  #ready = false;
  #closed = false;

  private constructor(options: EngineOptions, module: unknown, threads: readonly RankThread[], giveBack: () => Promise<void>) {
    this.grid = options.grid;
    this.kernels = options.kernels;
    this.#giveBack = giveBack;
    this.#team = new Team({
      threads,
      memoryPerRank: options.memoryPerWorker,
      module,
      watchdogSeconds: options.watchdogSeconds,
      onDeath: (rank, cause) => (this.#dead ??= { rank, cause }),
    });
    this.#start = (rank) => ({ kind: 'start', start: this.#team.startOf(rank), grid: this.grid, wide: options.wide, shared: options.shared });
  }

  /** An engine on threads of its own. */
  static async start(options: EngineOptions, module: unknown): Promise<EmbeddedBackend> {
    const threads = Array.from({ length: options.grid.height * options.grid.width }, () => new RankThread(RANK_MODULE));
    return EmbeddedBackend.on(threads, options, module, async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    });
  }

  /**
   * An engine on threads that somebody lends, by rank; waits until they are ready.
   * @param giveBack called once, when the session has been closed or could not be started.
   */
  static async on(threads: readonly RankThread[], options: EngineOptions, module: unknown, giveBack: () => Promise<void>): Promise<EmbeddedBackend> {
    try {
      const engine = new EmbeddedBackend(options, module, threads, giveBack);
      await engine.#startRanks();
      return engine;
    } catch (error) {
      await giveBack();
      const cause = error as AlchemistError;
      if (cause.code === 'E_MEMORY') throw cause;
      throw new AlchemistError('E_ENVIRONMENT', `the ${threads.length} workers could not be started: ${cause.message}`, {
        hint: 'start fewer workers, or check the limits on threads and virtual memory; alchemist doctor shows them',
        cause,
      });
    }
  }

  run(library: string, taskName: string, args: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<TaskReply> {
    return this.#queued(options.signal, async () => {
      const { task, bound } = await this.#bind(library, taskName, args);
      task.check?.(bound);
      this.#mustFit(taskName, task.cost?.(bound, this.grid));
      return this.#runNow(library, taskName, args, options);
    });
  }

  async estimate(library: string, taskName: string, args: Readonly<Record<string, unknown>>): Promise<Estimate> {
    const { task, bound } = await this.#bind(library, taskName, args);
    task.check?.(bound);
    if (!task.cost) throw new AlchemistError('E_ARGUMENT', `${taskName} has no cost model`, { hint: 'run it on a smaller matrix and scale' });
    return task.cost(bound, this.grid);
  }

  async #bind(library: string, taskName: string, args: Readonly<Record<string, unknown>>) {
    const task: Task = await loadTask(await openLibrary(this.#referenceOf(library)), taskName);
    return { task, bound: bindArguments(task, args, (id) => this.#matrix(id)) };
  }

  async loadLibrary(reference: string): Promise<Library> {
    const library = await openLibrary(reference);
    this.#libraries.set(library.name, reference);
    return library;
  }

  #referenceOf(library: string): string {
    const reference = this.#libraries.get(library);
    if (reference === undefined) {
      throw new AlchemistError('E_ARGUMENT', `the library ${JSON.stringify(library)} is not loaded`, { hint: `loaded are ${[...this.#libraries.keys()].join(', ')}; loadLibrary loads others` });
    }
    return reference;
  }

  /** Throws E_MEMORY before anything is allocated. */
  #mustFit(taskName: string, cost: Cost | undefined): void {
    if (!cost) return;
    const free = Math.min(...this.#heaps.map((heap) => heap.free));
    if (cost.memoryPerRank + RESERVE_BYTES > free) {
      throw new AlchemistError('E_MEMORY', `${taskName} needs ${cost.memoryPerRank} bytes on each of ${this.#team.size} workers, but only ${free} are free`, {
        hint: 'free matrices, start with more workers, or raise memoryPerWorker (at most 4 GiB each)',
        fields: { needed: cost.memoryPerRank, free },
      });
    }
  }

  async #runNow(library: string, task: string, args: Readonly<Record<string, unknown>>, { signal, onProgress }: CallOptions): Promise<TaskReply> {
    const firstId = this.#nextId;
    const channel = onProgress ? new MessageChannel() : undefined;
    let thrown: { error: unknown } | undefined;
    channel?.port1.on('message', (line: ProgressLine) => {
      try {
        if (!thrown) onProgress!(line);
      } catch (error) {
        thrown = { error };
        this.#team.control.cancel();
      }
    });
    const cancel = (): void => this.#team.control.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      const message = { kind: 'run', library: this.#referenceOf(library), task, args, firstId } as const;
      const replies = await this.#everyRank(
        (rank) => (rank === 0 && channel ? { ...message, progress: channel.port2 } : message),
        (rank) => (rank === 0 && channel ? [channel.port2] : []),
      );
      return this.#collect(replies);
    } catch (error) {
      if (!this.#closed) await this.#everyRank(() => ({ kind: 'forget', from: firstId }));
      throw thrown ? thrown.error : error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      channel?.port1.close();
    }
  }

  /** Sends every rank a message and waits for all; puts the team in order again when a rank failed or died. */
  async #everyRank(message: (rank: number) => RankMessage, transfer?: (rank: number) => unknown[]): Promise<Extract<RankReply, { ok: true }>[]> {
    const replies = await this.#team.all<RankReply>(message, transfer);
    this.#team.control.reset();
    if (this.#dead) {
      const error = this.#deathError();
      if (this.#ready) await this.#revive();
      throw error;
    }
    const settled = replies.map((reply) => (reply as PromiseFulfilledResult<RankReply>).value);
    this.#heaps = settled.map((reply) => reply.heap);
    const failures = settled.flatMap((reply) => (reply.ok ? [] : [reply.error]));
    // Ranks that stopped because another failed say E_RANK: the cause is the one that says something else.
    const cause = failures.find(({ code }) => code !== 'E_RANK') ?? failures[0];
    if (cause) throw fromWire(cause);
    return settled as Extract<RankReply, { ok: true }>[];
  }

  #deathError(): AlchemistError {
    const { rank, cause } = this.#dead!;
    return new AlchemistError('E_RANK', `the thread of rank ${rank} died: ${cause.message}`, {
      hint: 'it has been replaced; the matrices of this session are lost, send them again',
      fields: { rank },
      cause,
    });
  }

  /** After a death: a fresh thread for that rank, fresh heaps for all; every matrix is lost. */
  async #revive(): Promise<void> {
    const { rank } = this.#dead!;
    // Should the new thread die at once too, the next call tries again.
    this.#ready = false;
    this.#matrices.clear();
    await this.#team.replace(rank);
    await this.#startRanks();
  }

  async #startRanks(): Promise<void> {
    this.#dead = undefined;
    await this.#everyRank(this.#start);
    this.#ready = true;
  }

  #collect(replies: Extract<RankReply, { ok: true }>[]): TaskReply {
    const matrices: Record<string, MatrixRecord> = {};
    for (const [name, { id, layout, dtype }] of Object.entries(replies[0].matrices)) {
      const held = this.#matrices.get(id) ?? { id, layout, dtype, shares: replies.map((reply) => reply.matrices[name]) };
      this.#matrices.set(id, held);
      this.#nextId = Math.max(this.#nextId, id + 1);
      matrices[name] = held;
    }
    const most = (of: (reply: (typeof replies)[0]) => number): number => Math.max(...replies.map(of));
    return {
      matrices,
      values: replies[0].values,
      cost: {
        seconds: most((reply) => reply.seconds),
        exchangeSeconds: most((reply) => reply.cost.seconds),
        bytesMoved: sum(replies.map((reply) => reply.cost.bytesMoved)),
        bytesMovedByRank: replies.map((reply) => reply.cost.bytesMoved),
      },
    };
  }

  write(matrix: MatrixRecord, rows: Range, cols: Range, source: HostArray, { signal }: CallOptions = {}): Promise<void> {
    const everywhere = (): boolean => true;
    return this.#queued(signal, () => this.#transfer(matrix, rows, cols, signal, everywhere, (inHost, height, width, inRank) => {
      copyStrided(height, width, at(source, inHost), inRank);
    }));
  }

  read(matrix: MatrixRecord, rows: Range, cols: Range, target: WritableStrided, { signal }: CallOptions = {}): Promise<void> {
    // Copies of an entry are equal: the first one serves.
    const firstCopy = (rank: number): boolean => redundantRank(matrix.layout, rank) === 0;
    return this.#queued(signal, () => this.#transfer(matrix, rows, cols, signal, firstCopy, (inHost, height, width, inRank) => {
      copyStrided(height, width, inRank, at(target, inHost) as WritableStrided);
    }));
  }

  /** Visits every rank's share of matrix(rows, cols), in pieces between which the event loop turns. */
  async #transfer(
    matrix: MatrixRecord,
    rows: Range,
    cols: Range,
    signal: AbortSignal | undefined,
    wanted: (rank: number) => boolean,
    visit: (inHost: Block, height: number, width: number, inRank: WritableStrided) => void,
  ): Promise<void> {
    const { layout, dtype, shares } = this.#matrix(matrix.id);
    const view = viewLayout(layout, rows, cols);
    for (let rank = 0; rank < gridSize(layout); rank++) {
      const mine = share(view, rank);
      if (!mine || entries(mine) === 0 || !wanted(rank)) continue;
      const { ptr, rowStride, colStride } = shares[rank];
      const { iLoc, jLoc } = viewOffset(layout, rank, rows.start, cols.start);
      const { buffer } = this.#team.regions[rank].memory;
      const data = dtype === 'f64' ? new Float64Array(buffer) : new Float32Array(buffer);
      const first = ptr / itemBytes(dtype) + iLoc * rowStride + jLoc * colStride;
      const rowsAtOnce = Math.max(1, Math.floor(ENTRIES_PER_TURN / mine.cols.count));
      for (let i = 0; i < mine.rows.count; i += rowsAtOnce) {
        const height = Math.min(rowsAtOnce, mine.rows.count - i);
        const part = { start: mine.rows.start + i * mine.rows.step, step: mine.rows.step, count: height };
        visit({ rows: part, cols: mine.cols }, height, mine.cols.count, { data, offset: first + i * rowStride, rowStride, colStride });
        await nextTurn();
        if (signal?.aborted) throw cancelled();
        if (this.#closed) throw closedError();
      }
    }
  }

  async free(ids: readonly number[]): Promise<void> {
    if (this.#closed) return;
    return this.#queued(undefined, async () => {
      const known = ids.filter((id) => this.#matrices.delete(id));
      if (known.length > 0) await this.#everyRank(() => ({ kind: 'free', ids: known }));
    });
  }

  memory(): Promise<MemoryReport> {
    return this.#queued(undefined, async () => {
      const { height, width, order } = this.grid;
      const ranks = this.#heaps.map((_, worker) => ({ worker, ...this.#heaps[worldToVC(order, worker, height, width)] }));
      return { matrices: this.#matrices.size, used: sum(ranks.map((r) => r.used)), free: sum(ranks.map((r) => r.free)), ranks };
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#team.control.cancel();
    await this.#last.catch(() => {});
    this.#matrices.clear();
    this.#team.disband();
    await this.#giveBack();
  }

  #matrix(id: number): HeldMatrix {
    const held = this.#matrices.get(id);
    if (!held) throw new AlchemistError('E_FREED', 'the matrix has been freed, or was lost with a worker', { hint: 'send or compute it again', fields: { id } });
    return held;
  }

  /** Runs `call` when all earlier ones have ended. */
  #queued<R>(signal: AbortSignal | undefined, call: () => Promise<R>): Promise<R> {
    const mine = this.#last.then(async () => {
      if (this.#closed) throw closedError();
      if (signal?.aborted) throw cancelled();
      if (!this.#ready) await this.#revive();
      return call();
    });
    this.#last = mine.catch(() => {});
    return mine;
  }
}

/** The part of a host array that a block of global indices (relative to the array) names. */
function at(array: Strided, { rows, cols }: Block): Strided {
  return {
    data: array.data,
    offset: array.offset + rows.start * array.rowStride + cols.start * array.colStride,
    rowStride: array.rowStride * rows.step,
    colStride: array.colStride * cols.step,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const closedError = (): AlchemistError => new AlchemistError('E_CLOSED', 'the session is closed', { hint: 'start another one with Alchemist.start()' });

const cancelled = (): AlchemistError => new AlchemistError('E_CANCELLED', 'the operation was cancelled by its caller');
