/** A rank's thread: holds its share of every matrix and runs tasks on them, one at a time, to completion. */
import type { MessagePort } from 'node:worker_threads';
import { ControlBlock } from '../comm/control-block.js';
import { type CommunicationCost, noCost } from '../comm/communicator.js';
import type { RankStart } from '../comm/team.js';
import { ThreadComm } from '../comm/thread-comm.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { Grid } from '../dist/grid.js';
import { SharedMatrix } from '../dist/shared-matrix.js';
import { AlchemistError, toWire, type WireError } from '../errors.js';
import type { GridOrder } from '../layout/grid-shape.js';
import type { Layout } from '../layout/layout.js';
import { loadTask } from '../library/library.js';
import { openLibrary } from '../library/open.js';
import { bindArguments, type Progress, type Results } from '../library/task.js';
import type { HeapUsage } from '../local/heap.js';
import { bindMemories, type Dtype, type RankMemory } from '../local/rank-memory.js';
import { remindCollector } from '../local/remind-collector.js';

/** What the engine asks of a rank. */
export type RankMessage =
  | {
      readonly kind: 'start';
      readonly start: RankStart;
      readonly grid: { height: number; width: number; order: GridOrder };
      readonly wide: boolean;
      /** Whether every rank shall know where all shares of each matrix lie, so that it can serve any block of it. */
      readonly shared: boolean;
    }
  | {
      readonly kind: 'run';
      /** As {@link openLibrary} takes it. */
      readonly library: string;
      readonly task: string;
      readonly args: Record<string, unknown>;
      /** Ids for the matrices that the task returns, in the order of their names. */
      readonly firstId: number;
      /** Only what the call would cost, by the task's `appraise`. */
      readonly appraise?: boolean;
      /** Where progress goes; only rank 0 gets one, and only when somebody listens. */
      readonly progress?: MessagePort;
    }
  | { readonly kind: 'free'; readonly ids: readonly number[] }
  /** A library is unloaded: forgets what its tasks have kept. */
  | { readonly kind: 'unload'; readonly library: string }
  /** The session is over: forgets its matrices and memories. */
  | { readonly kind: 'stop' }
  /** Frees every matrix from this id on: what a failed task left on the ranks that had finished. */
  | { readonly kind: 'forget'; readonly from: number };

/** A returned matrix: an old one by its id, or a new one with where this rank's share lies. */
export interface MatrixReply {
  readonly id: number;
  readonly layout: Layout;
  readonly dtype: Dtype;
  readonly ptr: number;
  readonly rowStride: number;
  readonly colStride: number;
}

export type RankReply =
  | {
      readonly ok: true;
      readonly matrices: Readonly<Record<string, MatrixReply>>;
      readonly values: Readonly<Record<string, unknown>>;
      readonly cost: CommunicationCost;
      readonly heap: HeapUsage;
      /** Seconds inside the task. */
      readonly seconds: number;
    }
  | { readonly ok: false; readonly error: WireError; readonly heap: HeapUsage };

const STOPPED: RankReply = { ok: true, matrices: {}, values: {}, cost: noCost(), heap: { used: 0, peak: 0, free: 0, capacity: 0 }, seconds: 0 };

/** The rank of this thread, once started. */
let rank: Rank | undefined;

/** @param memories the team's, where they have been bound before a start. */
export default async function handle(message: RankMessage, memories?: readonly RankMemory[]): Promise<RankReply> {
  if (message.kind === 'start' || message.kind === 'stop') letGo();
  if (message.kind === 'stop') return STOPPED;
  if (message.kind === 'start') rank = new Rank(message, memories);
  if (!rank) throw new Error('a rank got a message before it was started');
  if (message.kind === 'run') return rank.run(message);
  if (message.kind === 'free') rank.free(message.ids);
  if (message.kind === 'forget') rank.forget(message.from);
  if (message.kind === 'unload') rank.unload(message.library);
  return rank.nothing();
}

/** Ends what this thread was, and gives its memories back. */
function letGo(): void {
  if (!rank) return;
  const { peak } = rank.memory.heap.usage();
  rank = undefined;
  remindCollector(peak);
}

/** The rank that this thread is at the moment. */
export const currentRank = (): Rank | undefined => rank;

export class Rank {
  readonly #comm: ThreadComm;
  readonly #grid: Grid;
  readonly #matrices = new Map<number, DistMatrix>();
  /** The same matrices with all their shares, where the engine was started so. */
  readonly #shared: Map<number, SharedMatrix> | undefined;
  /** What the tasks of each library keep between calls. */
  readonly #states = new Map<string, Record<string, unknown>>();

  constructor({ start, grid: shape, wide, shared }: Extract<RankMessage, { kind: 'start' }>, memories: readonly RankMemory[] = bindMemories(start.regions, start.module as object)) {
    this.#shared = shared ? new Map() : undefined;
    const mine = memories[start.rank];
    if (wide) mine.gemmKernel = 'gemmWide';
    this.#comm = new ThreadComm(start.rank, start.size, memories, new ControlBlock(start.control, start.size), start.options);
    this.#grid = new Grid(this.#comm, mine, shape.height, shape.width, shape.order);
  }

  nothing(): RankReply {
    return { ok: true, matrices: {}, values: {}, cost: this.#comm.takeCost(), heap: this.#heap, seconds: 0 };
  }

  /** This rank's memory. */
  get memory(): RankMemory {
    return this.#grid.memory;
  }

  /** A matrix with all its shares. @throws AlchemistError E_FREED when there is none of this id. */
  shared(id: number): SharedMatrix {
    const matrix = this.#shared?.get(id);
    if (!matrix) throw new AlchemistError('E_FREED', `there is no matrix ${id} in this session, or it has been freed`, { fields: { id } });
    return matrix;
  }

  get #heap(): HeapUsage {
    return this.#grid.memory.heap.usage();
  }

  free(ids: readonly number[]): void {
    for (const id of ids) {
      this.#matrices.get(id)?.free();
      this.#matrices.delete(id);
      this.#shared?.delete(id);
    }
  }

  forget(from: number): void {
    this.free([...this.#matrices.keys()].filter((id) => id >= from));
  }

  unload(library: string): void {
    this.#states.delete(library);
  }

  async run({ library, task: name, args, firstId, appraise, progress }: Extract<RankMessage, { kind: 'run' }>): Promise<RankReply> {
    try {
      const task = await loadTask(await openLibrary(library), name);
      const bound = bindArguments(task, args, (id, parameter) => this.#matrix(id, parameter));
      await task.prepare?.(bound);
      const { heap } = this.#grid.memory;
      this.#comm.begin();
      const start = performance.now();
      const context = {
        grid: this.#grid,
        state: this.#stateOf(library),
        progress: (line: Omit<Progress, 'task'>) => progress?.postMessage({ task: name, ...line } satisfies Progress),
      };
      const run = (): Results => (appraise ? { cost: { ...task.appraise!(context, bound) } } : task.run(context, bound));
      const reply = heap.scope(() => this.#keep(name, run(), firstId));
      if (this.#shared) this.#share(Object.values(reply.matrices).filter(({ id }) => id >= firstId));
      this.#comm.end();
      return { ok: true, ...reply, cost: this.#comm.takeCost(), heap: this.#heap, seconds: (performance.now() - start) / 1000 };
    } catch (error) {
      this.#comm.abort();
      this.#comm.takeCost();
      return { ok: false, error: toWire(error), heap: this.#heap };
    } finally {
      progress?.close();
    }
  }

  #matrix(id: number, parameter: string): DistMatrix {
    const A = this.#matrices.get(id);
    if (!A) throw new AlchemistError('E_FREED', `the matrix passed as ${parameter} has been freed`, { fields: { parameter, id } });
    return A;
  }

  #stateOf(library: string): Record<string, unknown> {
    const state = this.#states.get(library) ?? {};
    this.#states.set(library, state);
    return state;
  }

  /** Tells every rank where all shares of the fresh matrices lie. Collective. */
  #share(fresh: readonly MatrixReply[]): void {
    const { size, rank: me } = this.#grid;
    for (const { id, layout, dtype, ptr, rowStride, colStride } of fresh) {
      // Each rank fills in its own three numbers; the sum of the others' zeros leaves them as they are.
      const numbers = new Float64Array(3 * size);
      numbers.set([ptr, rowStride, colStride], 3 * me);
      this.#comm.allReduce(numbers);
      const shares = Array.from({ length: size }, (_, r) => ({ ptr: numbers[3 * r], rowStride: numbers[3 * r + 1], colStride: numbers[3 * r + 2] }));
      this.#shared!.set(id, new SharedMatrix(layout, dtype, shares, this.#comm.memories, this.memory));
    }
  }

  /** Splits results into matrices, which stay here under ids, and values, of which rank 0's travel. */
  #keep(task: string, results: Results, firstId: number): { matrices: Record<string, MatrixReply>; values: Record<string, unknown> } {
    const matrices: Record<string, MatrixReply> = {};
    const values: Record<string, unknown> = {};
    const { heap } = this.#grid.memory;
    let nextId = firstId;
    for (const [name, result] of Object.entries(results)) {
      if (!(result instanceof DistMatrix)) {
        if (this.#grid.rank === 0) values[name] = travelling(task, name, result);
        continue;
      }
      const { ptr, rowStride, colStride } = result.local;
      const known = [...this.#matrices].find(([, A]) => A === result)?.[0];
      if (known === undefined && !heap.keep(ptr)) {
        throw new AlchemistError('E_TASK', `${task} returned ${name}, a view of another matrix`, { hint: 'return a matrix of its own, or an argument as it came' });
      }
      const id = known ?? nextId++;
      this.#matrices.set(id, result);
      matrices[name] = { id, layout: result.layout, dtype: result.dtype, ptr, rowStride, colStride };
    }
    return { matrices, values };
  }
}

/** The value as it will arrive. What structured clone refuses is refused here: in the reply it would end the thread. */
function travelling(task: string, name: string, value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new AlchemistError('E_TASK', `${task} returned ${name}, which cannot be sent to its caller: ${(cause as Error).message}`, { cause });
  }
}
