/** Launches the ranks of a team: a Piscina pool of one thread each, their memories, and the words they meet through. */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { AlchemistError } from '../errors.js';
import { type MemoryRegion, STAGE_BYTES } from '../local/rank-memory.js';
import { ControlBlock } from './control-block.js';
import type { ThreadCommOptions } from './thread-comm.js';

const PAGE = 65536;
/** What a 32-bit address reaches. */
export const ADDRESS_SPACE = 65536 * PAGE;

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
  readonly size: number;
  /** Bytes of each rank's memory, at most 4 GiB. */
  readonly memoryPerRank: number;
  /** The compiled kernels. */
  readonly module: unknown;
  /** The module whose default export handles a rank's messages; its first message is a {@link RankStart}. */
  readonly worker: URL;
  readonly watchdogSeconds: number;
  /** Called once when a rank's thread has died. */
  readonly onDeath: (rank: number, cause: Error) => void;
}

/** One thread per rank: rank affinity is exact, and no rank queues behind another. */
export class Team {
  readonly size: number;
  readonly regions: readonly MemoryRegion[];
  readonly control: ControlBlock;
  readonly #options: TeamOptions;
  readonly #pools: Piscina[];
  #closed = false;

  constructor(options: TeamOptions) {
    this.#options = options;
    this.size = options.size;
    this.regions = layOutMemories(options.size, options.memoryPerRank);
    this.control = ControlBlock.create(options.size);
    this.#pools = Array.from({ length: options.size }, (_, rank) => this.#startPool(rank));
  }

  #startPool(rank: number): Piscina {
    const pool = new Piscina({
      filename: this.#options.worker.href,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      // Otherwise an idle worker's event loop is frozen.
      atomics: 'disabled',
      recordTiming: false,
    });
    pool.on('error', (error: Error) => this.#died(rank, error));
    return pool;
  }

  /** What a rank's thread needs to know first. */
  startOf(rank: number): RankStart {
    const { size, module, watchdogSeconds } = this.#options;
    // Spinning pays while every rank has a core of its own; with more ranks than cores it keeps the awaited one from running.
    const spinMicroseconds = size <= availableParallelism() ? 50 : 0;
    return { rank, size, regions: this.regions, control: this.control.buffer, module, options: { watchdogSeconds, spinMicroseconds } };
  }

  /** Sends every rank its message and waits for all the answers, also when some fail. */
  async all<R>(message: (rank: number) => unknown, transfer?: (rank: number) => unknown[]): Promise<PromiseSettledResult<R>[]> {
    return Promise.allSettled(
      this.#pools.map((pool, rank) => {
        const answer = pool.run(message(rank), { transferList: (transfer?.(rank) ?? []) as never }) as Promise<R>;
        return answer.catch((error: Error) => {
          // An answer that is an error is the worker's own; a rejected call means that the thread is gone.
          this.#died(rank, error);
          throw error;
        });
      }),
    );
  }

  #died(rank: number, cause: Error): void {
    if (this.#closed) return;
    this.control.fail(rank);
    this.#options.onDeath(rank, cause);
  }

  /** A fresh thread in the place of a dead one; it must be started again. */
  async replace(rank: number): Promise<void> {
    await this.#pools[rank].destroy().catch(() => {});
    this.#pools[rank] = this.#startPool(rank);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.control.cancel();
    await Promise.all(this.#pools.map((pool) => pool.destroy()));
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
      const memory = new WebAssembly.Memory({ initial: (size * region) / PAGE, maximum: (size * region) / PAGE, shared: true });
      return Array.from({ length: size }, (_, rank) => ({ memory, base: rank * region, limit: (rank + 1) * region, stage: 0 }));
    }
    return Array.from({ length: size }, () => {
      const pages = Math.min(region + size * STAGE_BYTES, ADDRESS_SPACE) / PAGE;
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
      const stage = pages * PAGE - size * STAGE_BYTES;
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
