/** The engine inside this process: leads a team of rank threads and reads and writes their shared memories directly. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RankThread } from '../comm/rank-thread.js';
import { Team } from '../comm/team.js';
import { AlchemistError, cancelled, fromWire } from '../errors.js';
import { worldToVC } from '../layout/grid-shape.js';
import { type Range, redundantRank } from '../layout/layout.js';
import { describeTasks, type Library, loadTask } from '../library/library.js';
import { BUILT_IN, openLibrary } from '../library/open.js';
import { bindArguments, type Cost, type Task } from '../library/task.js';
import type { HeapUsage } from '../local/heap.js';
import { storageOrder } from '../local/matrix.js';
import type {
  Backend, CallOptions, Estimate, GridInfo, LibraryInfo, MatrixRecord, MemoryReport, TaskInfo, TaskReply, WorkerInfo, WorkerSelection,
} from '../session/backend.js';
import type { HostArray } from '../session/host-array.js';
import { copyStrided, type WritableStrided } from '../session/strided-copy.js';
import { ProgressChannel } from './progress-channel.js';
import type { EngineOptions } from './options.js';
import type { RankMessage, RankReply } from './rank.js';
import { PIECE_ENTRIES, type Piece, piecesOf, partOf, type Shares } from './shares.js';

/** Milliseconds that a running task has to hear that the session is closed; then its threads are ended. */
const CLOSING_MS = 2000;

/** Bytes of fixed overhead that a preflight check leaves alone: packing buffers of the kernels and small temporaries. */
const RESERVE_BYTES = 2 ** 16;

/** The module that every rank's thread runs. */
const RANK_MODULE = new URL('./rank-entry.js', import.meta.url);

type HeldMatrix = MatrixRecord & Shares;

export class EmbeddedBackend implements Backend {
  readonly grid: GridInfo;
  readonly kernels: string;
  readonly memoryPerWorker: number;
  readonly #team: Team;
  readonly #giveBack: () => Promise<void>;
  readonly #start: (rank: number) => RankMessage;
  readonly #matrices = new Map<number, HeldMatrix>();
  /** Loaded libraries by name, as {@link openLibrary} takes them. */
  readonly #libraries = new Map([['elemental', 'elemental']]);
  #heaps: HeapUsage[] = [];
  #nextId = 1;
  /** The tail of the queue: calls run one after another, in the order in which they were made. */
  #last: Promise<void> = Promise.resolve();
  /** Who has died, and why, since all ranks were last started. */
  readonly #dead = new Map<number, Error>();
  /** Whether all ranks are started; false between a death and the new start. */
  #ready = false;
  #closing: Promise<void> | undefined;

  private constructor(options: EngineOptions, module: unknown, threads: readonly RankThread[], giveBack: () => Promise<void>) {
    this.grid = options.grid;
    this.kernels = options.kernels;
    this.memoryPerWorker = options.memoryPerWorker;
    this.#giveBack = giveBack;
    this.#team = new Team({
      threads,
      memoryPerRank: options.memoryPerWorker,
      module,
      watchdogSeconds: options.watchdogSeconds,
      onDeath: (rank, cause) => this.#dead.set(rank, cause),
    });
    this.#start = (rank) => ({ kind: 'start', start: this.#team.startOf(rank), grid: this.grid, wide: options.wide, shared: options.shared });
  }

  /** An engine on threads of its own. */
  static async start(options: EngineOptions, module: unknown): Promise<EmbeddedBackend> {
    const size = options.grid.height * options.grid.width;
    const threads: RankThread[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(threads.map((thread) => thread.close()));
    };
    try {
      while (threads.length < size) threads.push(new RankThread(RANK_MODULE));
    } catch (error) {
      await close();
      throw cannotStart(size, error as Error);
    }
    const engine = await EmbeddedBackend.on(threads, options, module, close);
    // Any message makes them load the rest of their modules.
    void engine.#team.all((): RankMessage => ({ kind: 'free', ids: [] }));
    return engine;
  }

  /**
   * An engine on threads that somebody lends, by rank; waits until they are ready.
   * @param giveBack called once, when the session has been closed or could not be started.
   */
  static async on(threads: readonly RankThread[], options: EngineOptions, module: unknown, giveBack: () => Promise<void>): Promise<EmbeddedBackend> {
    let engine: EmbeddedBackend | undefined;
    try {
      engine = new EmbeddedBackend(options, module, threads, giveBack);
      await engine.#startRanks();
      return engine;
    } catch (error) {
      if (engine) engine.#team.disband(0);
      await giveBack();
      throw cannotStart(threads.length, error as Error);
    }
  }

  /** How many matrices live. */
  get matrices(): number {
    return this.#matrices.size;
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
    if (this.#closed) throw closedError();
    const { task, bound } = await this.#bind(library, taskName, args);
    task.check?.(bound);
    if (task.appraise) return this.#queued(undefined, async () => (await this.#runNow(library, taskName, args, {}, true)).values.cost as Cost);
    if (!task.cost) throw new AlchemistError('E_ARGUMENT', `${taskName} has no cost model`, { hint: 'run it on a smaller matrix and scale' });
    return task.cost(bound, this.grid);
  }

  async #bind(library: string, taskName: string, args: Readonly<Record<string, unknown>>) {
    const task = await this.task(library, taskName);
    return { task, bound: bindArguments(task, args, (id) => this.#matrix(id)) };
  }

  /** The task of a loaded library. @throws AlchemistError E_ARGUMENT when there is none of this name. */
  async task(library: string, name: string): Promise<Task> {
    return loadTask(await openLibrary(this.#referenceOf(library)), name);
  }

  async loadLibrary(reference: string): Promise<Library> {
    const library = await openLibrary(reference);
    this.#libraries.set(library.name, reference);
    return library;
  }

  unloadLibrary(name: string): Promise<void> {
    return this.#queued(undefined, async () => {
      const reference = this.#referenceOf(name);
      await this.#everyRank(() => ({ kind: 'unload', library: reference }));
      this.#libraries.delete(name);
    });
  }

  async libraries(): Promise<readonly LibraryInfo[]> {
    const loaded = await Promise.all([...this.#libraries.values()].map(openLibrary));
    const others = [...BUILT_IN.values()].filter(({ name }) => !this.#libraries.has(name));
    return [...loaded, ...others].map((library) => ({ name: library.name, about: library.about, loaded: loaded.includes(library) }));
  }

  async tasks(name: string): Promise<readonly TaskInfo[]> {
    return describeTasks(await openLibrary(this.#referenceOf(name)));
  }

  async requestWorkers(): Promise<never> {
    throw fixedWorkers();
  }

  async yieldWorkers(): Promise<never> {
    throw fixedWorkers();
  }

  async listWorkers(which: WorkerSelection): Promise<readonly WorkerInfo[]> {
    return which === 'inactive' ? [] : Array.from({ length: this.#team.size }, (_, k) => ({ id: k + 1, active: true, assigned: true }));
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

  /** @param appraise asks the ranks only what the call would cost. */
  async #runNow(library: string, task: string, args: Readonly<Record<string, unknown>>, { signal, onProgress }: CallOptions, appraise = false): Promise<TaskReply> {
    if (signal?.aborted) throw cancelled();
    const firstId = this.#nextId;
    const cancel = (): void => this.#team.control.cancel();
    const progress = onProgress && new ProgressChannel(onProgress, cancel);
    try {
      const message = { kind: 'run', library: this.#referenceOf(library), task, args, firstId, appraise } as const;
      signal?.addEventListener('abort', cancel, { once: true });
      const replies = await this.#everyRank(
        (rank) => (rank === 0 && progress ? { ...message, progress: progress.port } : message),
        (rank) => (rank === 0 && progress ? [progress.port] : []),
      );
      progress?.end();
      return this.#collect(replies);
    } catch (error) {
      // What some ranks have finished is of no use when others have not.
      if (!this.#closed && this.#ready) await this.#everyRank(() => ({ kind: 'forget', from: firstId })).catch(() => {});
      throw progress?.thrown ? progress.thrown.error : error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      progress?.close();
    }
  }

  /** Sends every rank a message and waits for all; puts the team in order again when a rank failed or died. */
  async #everyRank(message: (rank: number) => RankMessage, transfer?: (rank: number) => unknown[]): Promise<Extract<RankReply, { ok: true }>[]> {
    if (this.#closed) throw closedError();
    if (this.#dead.size > 0) await this.#mourn();
    this.#team.control.reset();
    const replies = await this.#team.all<RankReply>(message, transfer);
    if (this.#closed) throw closedError();
    if (this.#dead.size > 0) await this.#mourn();
    const settled = replies.map((reply) => (reply as PromiseFulfilledResult<RankReply>).value);
    this.#heaps = settled.map((reply) => reply.heap);
    const failures = settled.flatMap((reply) => (reply.ok ? [] : [reply.error]));
    // Ranks that stopped because another failed say E_RANK: the cause is the one that says something else.
    const cause = failures.find(({ code }) => code !== 'E_RANK') ?? failures[0];
    if (cause) throw fromWire(cause);
    return settled as Extract<RankReply, { ok: true }>[];
  }

  /** After deaths: fresh threads for the dead, fresh heaps for all; every matrix is lost. Throws E_RANK, which says so. */
  async #mourn(): Promise<never> {
    const dead = [...this.#dead].map(([rank, cause]) => `the thread of rank ${rank} died: ${cause.message}`);
    const ranks = [...this.#dead.keys()];
    const [cause] = this.#dead.values();
    this.#matrices.clear();
    if (this.#ready) {
      this.#ready = false;
      // Should a new thread die at once too, the next call tries again.
      await this.#startRanks().catch(() => {});
    }
    throw new AlchemistError('E_RANK', dead.join('; '), {
      hint: 'it has been replaced; the matrices of this session are lost, send them again',
      fields: { ranks },
      cause,
    });
  }

  async #startRanks(): Promise<void> {
    await this.#team.replaceDead();
    this.#dead.clear();
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
    return this.#transfer(matrix, rows, cols, signal, everywhere, ({ height, width, block, inRank }) => copyStrided(height, width, partOf(source, block), inRank));
  }

  read(matrix: MatrixRecord, rows: Range, cols: Range, target: WritableStrided, { signal }: CallOptions = {}): Promise<void> {
    // Copies of an entry are equal: the first one serves.
    const firstCopy = (rank: number): boolean => redundantRank(matrix.layout, rank) === 0;
    return this.#transfer(matrix, rows, cols, signal, firstCopy, ({ height, width, block, inRank }) => copyStrided(height, width, inRank, partOf(target, block)));
  }

  /** Copies matrix(rows, cols) piece by piece on this thread, whose event loop turns in between. */
  #transfer(matrix: MatrixRecord, rows: Range, cols: Range, signal: AbortSignal | undefined, wanted: (rank: number) => boolean, copy: (piece: Piece) => void): Promise<void> {
    return this.#queued(signal, async () => {
      let copied = 0;
      for (const piece of piecesOf(this.#matrix(matrix.id), this.#team.regions, rows, cols, wanted)) {
        copy(piece);
        copied += piece.height * piece.width;
        if (copied < PIECE_ENTRIES) continue;
        copied = 0;
        await nextTurn();
        if (signal?.aborted) throw cancelled();
        if (this.#closed) throw closedError();
      }
    });
  }

  async free(ids: readonly number[]): Promise<void> {
    if (this.#closed) return;
    return this.#queued(undefined, async () => {
      const known = ids.filter((id) => this.#matrices.delete(id));
      if (known.length > 0) await this.#everyRank(() => ({ kind: 'free', ids: known }));
    });
  }

  /**
   * Takes over another engine's matrices and libraries, ids included, before it has any of its own: when a session's team changes. Alignments
   * start anew, since they belong to the other grid.
   */
  async adopt(other: EmbeddedBackend): Promise<void> {
    for (const reference of other.#libraries.values()) await this.loadLibrary(reference);
    for (const { id, layout, dtype, shares } of [...other.#matrices.values()].sort((a, b) => a.id - b.id)) {
      const { height, width, colDist, rowDist } = layout;
      const order = shares.some((share) => storageOrder(share) === 'row') ? 'row' : 'column';
      this.#nextId = id;
      const { matrices } = await this.run('elemental', 'create', { height, width, dist: `${colDist}_${rowDist}`, dtype, order, fill: false });
      const rowsAtOnce = Math.max(1, Math.floor(PIECE_ENTRIES / Math.max(1, width)));
      const cols = { start: 0, count: width };
      for (let i = 0; i < height; i += rowsAtOnce) {
        const rows = { start: i, count: Math.min(rowsAtOnce, height - i) };
        const data = dtype === 'f64' ? new Float64Array(rows.count * width) : new Float32Array(rows.count * width);
        const band = { data, height: rows.count, width, offset: 0, rowStride: width, colStride: 1 };
        await other.read({ id, layout, dtype }, rows, cols, band);
        await this.write(matrices.A, rows, cols, band);
      }
    }
    this.#nextId = Math.max(this.#nextId, other.#nextId);
  }

  memory(): Promise<MemoryReport> {
    return this.#queued(undefined, async () => {
      const { height, width, order } = this.grid;
      const ranks = this.#heaps.map((_, worker) => ({ worker, ...this.#heaps[worldToVC(order, worker, height, width)] }));
      return { matrices: this.#matrices.size, used: sum(ranks.map((r) => r.used)), free: sum(ranks.map((r) => r.free)), ranks };
    });
  }

  get #closed(): boolean {
    return this.#closing !== undefined;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#closeNow());
  }

  async #closeNow(): Promise<void> {
    this.#team.control.cancel();
    // A rank that meets nobody does not hear that.
    const impatience = setTimeout(() => this.#team.kill(closedError()), CLOSING_MS);
    await this.#last;
    clearTimeout(impatience);
    this.#matrices.clear();
    this.#team.disband(sum(this.#heaps.map(({ peak }) => peak)));
    await this.#giveBack();
  }

  #matrix(id: number): HeldMatrix {
    const held = this.#matrices.get(id);
    if (!held) throw new AlchemistError('E_FREED', 'the matrix has been freed, or was lost with a worker', { hint: 'send or compute it again', fields: { id } });
    return held;
  }

  /** Runs `call` when all earlier ones have ended. A signal that is raised before rejects at once. */
  #queued<R>(signal: AbortSignal | undefined, call: () => Promise<R>): Promise<R> {
    let begun = false;
    const mine = this.#last.then(async () => {
      begun = true;
      if (this.#closed) throw closedError();
      if (signal?.aborted) throw cancelled();
      if (!this.#ready) await this.#startRanks();
      return call();
    });
    this.#last = mine.then(
      () => {},
      () => {},
    );
    if (!signal) return mine;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        if (!begun) reject(cancelled());
      };
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      mine.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }
}

/** What went wrong at the start; a memory that cannot be reserved has said so itself. */
function cannotStart(workers: number, cause: Error & { code?: string }): Error {
  if (cause.code === 'E_MEMORY') return cause;
  return new AlchemistError('E_ENVIRONMENT', `the ${workers} workers could not be started: ${cause.message}`, {
    hint: 'start fewer workers, or check the limits on threads and virtual memory; alchemist doctor shows them',
    cause,
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const closedError = (): AlchemistError => new AlchemistError('E_CLOSED', 'the session is closed', { hint: 'start another one with Alchemist.start()' });

const fixedWorkers = (): AlchemistError =>
  new AlchemistError('E_WORKERS', 'this session runs inside its process: its workers are the same from start to close', {
    hint: 'start another session with as many workers as you need, or connect to a server',
  });
