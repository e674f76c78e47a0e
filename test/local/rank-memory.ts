/** A rank's memory on this thread, for tests that need no peers. */
/// <reference path="../../src/local/webassembly.d.ts" />
import { instantiate, type KernelBuild, kernelModule } from '#src/local/kernels.js';
import { RankMemory } from '#src/local/rank-memory.js';

/** A memory of `bytes` with the kernels of a build (default: the best that runs here). */
export function rankMemory(bytes = 2 ** 22, build?: KernelBuild): RankMemory {
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new RankMemory(0, { memory, base: 0, limit: bytes, stage: 0 }, instantiate(kernelModule(build).module, memory));
}
