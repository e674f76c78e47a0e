/** The memories of a team as one rank's thread sees them. */
import type { RankStart } from '../comm/team.js';
import { instantiate, type Kernels } from '../local/kernels.js';
import { RankMemory } from '../local/rank-memory.js';

/** Binds the kernels to every rank's memory, by rank; ranks that share a memory share one instance. */
export function bindMemories({ regions, module }: RankStart): RankMemory[] {
  const instances = new Map<unknown, Kernels>();
  return regions.map((region, rank) => {
    const kernels = instances.get(region.memory) ?? instantiate(module as WebAssembly.Module, region.memory);
    instances.set(region.memory, kernels);
    return new RankMemory(rank, region, kernels);
  });
}
