/** One rank's memory: a byte range of a shared WebAssembly memory, the kernels bound to it, and (for its owner) the heap. */
import { instantiate, type KernelSet, type Kernels, type SharedMemory } from './kernels.js';
import { Heap } from './heap.js';

/** A rank's byte range [base, limit) of a WebAssembly memory, as plain data that crosses threads. */
export interface MemoryRegion {
  readonly memory: SharedMemory;
  readonly base: number;
  readonly limit: number;
  /** Address of the staging slots, one of {@link STAGE_BYTES} for each rank of the team; unused where all ranks share one memory. */
  readonly stage: number;
}

/** Bytes of a staging slot: small enough to stay in a core's second-level cache. */
export const STAGE_BYTES = 256 * 1024;

export type Dtype = 'f64' | 'f32';

/** Bytes of one entry. */
export const itemBytes = (dtype: Dtype): number => (dtype === 'f64' ? 8 : 4);

/**
 * A rank's memory as seen from this thread. Ranks whose regions lie in one WebAssembly memory share one kernel instance, so a kernel
 * reads a peer's region as it reads its own; `sameSpace` tells.
 */
export class RankMemory {
  readonly heap: Heap;
  /** Which GEMM kernel blas.gemm calls: the 256-bit form is faster where the engine turns vector pairs into wide vectors. */
  gemmKernel: 'gemm' | 'gemmWide' = 'gemm';
  readonly #f64: Float64Array;
  readonly #f32: Float32Array;

  constructor(
    readonly rank: number,
    readonly region: MemoryRegion,
    readonly kernels: Kernels,
  ) {
    this.heap = new Heap(region.base, region.limit);
    this.#f64 = new Float64Array(region.memory.buffer);
    this.#f32 = new Float32Array(region.memory.buffer);
  }

  /** The kernels for one item type, bound to this memory. */
  kernelsFor(dtype: Dtype): KernelSet {
    return this.kernels[dtype];
  }

  /** The whole WebAssembly memory as an array of entries: entry `ptr / itemBytes(dtype)` is the one at address `ptr`. */
  array(dtype: Dtype): Float64Array | Float32Array {
    return dtype === 'f64' ? this.#f64 : this.#f32;
  }

  /** Address, in this memory, of the staging slot that `reader` uses when it pulls from here. */
  stageFor(reader: RankMemory): number {
    return this.region.stage + reader.rank * STAGE_BYTES;
  }

  /** Whether a kernel bound to this memory can read and write the other one's addresses. */
  sameSpace(other: RankMemory): boolean {
    return this.region.memory === other.region.memory;
  }
}

/** Binds the compiled kernels to every rank's region, by rank; ranks that share a memory share one instance. */
export function bindMemories(regions: readonly MemoryRegion[], module: object): RankMemory[] {
  const instances = new Map<SharedMemory, Kernels>();
  return regions.map((region, rank) => {
    const kernels = instances.get(region.memory) ?? instantiate(module, region.memory);
    instances.set(region.memory, kernels);
    return new RankMemory(rank, region, kernels);
  });
}
