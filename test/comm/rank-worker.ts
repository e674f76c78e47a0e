/** The thread of one rank in a test: runs commands one after another, each as the engine's ranks run a task. */
/// <reference path="../../src/local/webassembly.d.ts" />
import { parentPort, workerData } from 'node:worker_threads';
import type { Communicator } from '#src/comm/communicator.js';
import { ControlBlock } from '#src/comm/control-block.js';
import { SelfComm } from '#src/comm/self-comm.js';
import { ThreadComm } from '#src/comm/thread-comm.js';
import { toWire } from '#src/errors.js';
import { instantiate, type Kernels } from '#src/local/kernels.js';
import { RankMemory } from '#src/local/rank-memory.js';
import type { Outcome, RankCommand, RankWorkerData } from './ranks.js';

/** What a scenario gets. */
export interface RankContext {
  readonly comm: Communicator;
  readonly memory: RankMemory;
}

/** A function that ranks run together. */
export type Scenario = (context: RankContext, args: never) => unknown;

const { kind, scenarios, rank, size, regions, control, module, options } = workerData as RankWorkerData;
const instances = new Map<unknown, Kernels>();
const memories = regions.map((region, peer) => {
  const kernels = instances.get(region.memory) ?? instantiate(module as WebAssembly.Module, region.memory);
  instances.set(region.memory, kernels);
  return new RankMemory(peer, region, kernels);
});
const memory = memories[rank];
const threadComm = new ThreadComm(rank, size, memories, new ControlBlock(control, size), options);
const comm = kind === 'self' ? new SelfComm() : threadComm;

async function run({ name, args }: RankCommand): Promise<Outcome<unknown>> {
  const module = (await import(scenarios)) as Record<string, Scenario>;
  try {
    threadComm.begin();
    const value = memory.heap.scope(() => module[name]({ comm, memory }, args as never));
    if (kind !== 'self') threadComm.end();
    return { ok: true, value };
  } catch (error) {
    comm.abort();
    return { ok: false, error: toWire(error) };
  }
}

parentPort!.on('message', (command: RankCommand) => {
  void run(command).then((outcome) => parentPort!.postMessage(outcome));
});
