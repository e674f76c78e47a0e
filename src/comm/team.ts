/** A team: threads that work together as the ranks 0, 1, … of a grid, their memories, and the words they meet through. */
import { availableParallelism } from 'node:os';
import { AlchemistError } from '../errors.js';
import { type MemoryRegion, STAGE_BYTES } from '../local/rank-memory.js';
import { remindCollector } from '../local/remind-collector.js';
import { ControlBlock } from './control-block.js';
import type { RankThread } from './rank-thread.js';
import type { ThreadCommOptions } from './thread-comm.js';

/** Bytes by which WebAssembly memories are measured. */
export const PAGE = 65536;
/** What a 32-bit address reaches. */
export const ADDRESS_SPACE = 65536 * PAGE;
/** Where matrices end at the latest: kernels compute the address behind the last entry, which must not wrap around to 0. */
const LAST_ADDRESS = ADDRESS_SPACE - PAGE;

/**
 * A page and a line of the cache: how far from whole pages regions are apart. Ranks allocate alike; were their regions a power of two apart,
 * equal parts of a matrix would be, too, and caches take those for one another (AMD Zen 4: redistributions four times slower).
 */
const STAGGER = 4096 + 64;

/** What a rank's thread gets when it starts; everything crosses threads by reference. */
export interface RankStart {
  readonly rank: number;
  readonly size: number;
  readonly regions: readonly MemoryRegion[];
  readonly control: SharedArrayBuffer;
  readonly module: unknown;
  readonly options: ThreadCommOptions;
}

export interface TeamOptions {
  /** The threads, by rank. They are the caller's: a team only borrows them. */
  readonly threads: readonly RankThread[];
  /** Bytes of each rank's memory, at most 4 GiB. */
  readonly memoryPerRank: number;
  /** The compiled kernels. */
  readonly module: unknown;
  readonly watchdogSeconds: number;
  /** Called when a rank's thread has died. */
  readonly onDeath: (rank: number, cause: Error) => void;
}

export class Team {
  readonly control: ControlBlock;
  readonly #options: TeamOptions;
  readonly #listeners: readonly ((cause: Error) => void)[];
  #regions: readonly MemoryRegion[];

  constructor(options: TeamOptions) {
    this.#options = options;
    this.#regions = layOutMemories(this.size, options.memoryPerRank);
    this.control = ControlBlock.create(this.size);
    this.#listeners = options.threads.map((thread, rank) => (thread.onDeath = (cause) => {
      this.control.fail(rank);
      options.onDeath(rank, cause);
    }));
  }

  get size(): number {
    return this.#options.threads.length;
  }

  /** Every rank's part of the shared memories; none once the team is disbanded. */
  get regions(): readonly MemoryRegion[] {
    return this.#regions;
  }

  /** What a rank's thread needs to know first. */
  startOf(rank: number): RankStart {
    const { size, regions, control } = this;
    const { module, watchdogSeconds } = this.#options;
    // Spinning pays while every rank has a core of its own; with more ranks than cores it keeps the awaited one from running.
    const spinMicroseconds = size <= availableParallelism() ? 50 : 0;
    return { rank, size, regions, control: control.buffer, module, options: { watchdogSeconds, spinMicroseconds } };
  }

  /**
   * Sends every rank its message and waits for all the answers, also when some fail. Once one has answered, the others have as long as a rank
   * may be waited for in a collective; then they are taken for lost, and their threads end.
   */
  async all<R>(message: (rank: number) => unknown, transfer?: (rank: number) => readonly unknown[]): Promise<PromiseSettledResult<R>[]> {
    const { threads, watchdogSeconds } = this.#options;
    const missing = new Set(threads);
    let patience: NodeJS.Timeout | undefined;
    const answers = threads.map(async (thread, rank) => {
      try {
        return await thread.run<R>(message(rank), transfer?.(rank));
      } finally {
        missing.delete(thread);
        patience ??= setTimeout(() => {
          for (const late of missing) late.kill(new Error(`it had not answered ${watchdogSeconds} s after rank ${rank}`));
        }, watchdogSeconds * 1000);
      }
    });
    const settled = await Promise.allSettled(answers);
    clearTimeout(patience);
    return settled;
  }

  /** Fresh threads in the place of dead ones; all must be started again. */
  async replaceDead(): Promise<void> {
    await Promise.all(this.#options.threads.filter(({ dead }) => dead).map((thread) => thread.replace()));
  }

  /** Ends every thread at once, whatever it does. */
  kill(cause: Error): void {
    for (const thread of this.#options.threads) thread.kill(cause);
  }

  /**
   * Stops whatever runs, and lets the threads and the memories go.
   * @param touched bytes of the memories that have been written to.
   */
  disband(touched: number): void {
    this.control.cancel();
    for (const [rank, thread] of this.#options.threads.entries()) {
      if (thread.onDeath === this.#listeners[rank]) thread.onDeath = undefined;
    }
    this.#regions = [];
    remindCollector(touched);
  }
}

/**
 * Regions for `size` ranks of `bytes` each. Where they fit into one address space together, they share one WebAssembly memory and kernels
 * reach every peer directly; otherwise each rank has a memory of its own and blocks are staged between them. Memories are made at their final
 * size: untouched pages cost nothing, and growth would be seen late by other threads.
 */
export function layOutMemories(size: number, bytes: number): MemoryRegion[] {
  const region = Math.ceil(bytes / PAGE) * PAGE;
  try {
    if (size * region <= ADDRESS_SPACE) {
      const apart = (size * (region + STAGGER) <= ADDRESS_SPACE ? region : region - PAGE) + STAGGER;
      const pages = Math.ceil((size * apart) / PAGE);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      return Array.from({ length: size }, (_, rank) => ({ memory, base: rank * apart, limit: Math.min((rank + 1) * apart, LAST_ADDRESS), stage: 0 }));
    }
    return Array.from({ length: size }, () => {
      const pages = Math.min(region + size * STAGE_BYTES, ADDRESS_SPACE) / PAGE;
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      const stage = Math.min(pages * PAGE, LAST_ADDRESS) - size * STAGE_BYTES;
      return { memory, base: 0, limit: stage, stage };
    });
  } catch (cause) {
    throw new AlchemistError('E_MEMORY', `this process cannot reserve ${size} × ${region} bytes of shared memory: ${(cause as Error).message}`, {
      hint: 'lower memoryPerWorker or workers, or raise the limit on virtual memory (ulimit -v)',
      fields: { workers: size, memoryPerWorker: region },
      cause,
    });
  }
}
