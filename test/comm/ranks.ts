/** Real threads with real memories, as the engine starts them, that run the functions of a test module as ranks. */
import { Worker } from 'node:worker_threads';
import { ControlBlock } from '#src/comm/control-block.js';
import { ADDRESS_SPACE, layOutMemories, type RankStart } from '#src/comm/team.js';
import type { WireError } from '#src/errors.js';
import { kernelModule } from '#src/local/kernels.js';

/** 'self': a SelfComm; 'shared': regions of one memory; 'own': a memory for each rank, so that blocks are staged. */
export type MemoryKind = 'self' | 'shared' | 'own';

export type Outcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: WireError };

/** What a rank's thread is told when it starts. */
export interface RankWorkerData extends RankStart {
  readonly kind: MemoryKind;
  /** URL of the module with the functions that can be run. */
  readonly scenarios: string;
}

export interface RankCommand {
  readonly name: string;
  readonly args: unknown;
}

export class Ranks {
  private constructor(
    readonly size: number,
    readonly control: ControlBlock,
    private readonly workers: readonly Worker[],
  ) {}

  static async start(size: number, kind: MemoryKind, scenarios: URL, { watchdogSeconds = 20 } = {}): Promise<Ranks> {
    const regions = layOutMemories(size, kind === 'own' ? ADDRESS_SPACE : 2 ** 26);
    const control = ControlBlock.create(size);
    const { module } = kernelModule();
    const workers = Array.from({ length: size }, (_, rank) => {
      const start: RankStart = { rank, size, regions, control: control.buffer, module, options: { watchdogSeconds, spinMicroseconds: size <= 2 ? 50 : 0 } };
      return new Worker(new URL('./rank-worker.js', import.meta.url), { workerData: { ...start, kind, scenarios: scenarios.href } satisfies RankWorkerData });
    });
    return new Ranks(size, control, workers);
  }

  /** Runs a function of the module on every rank, as one command; how it ended on each. */
  async run<R>(name: string, args: unknown = undefined): Promise<Outcome<R>[]> {
    this.control.reset();
    return Promise.all(
      this.workers.map(
        (worker) =>
          new Promise<Outcome<R>>((resolve, reject) => {
            const answered = (outcome: Outcome<R>): void => {
              worker.off('error', reject);
              resolve(outcome);
            };
            worker.once('message', answered);
            worker.once('error', reject);
            worker.postMessage({ name, args } satisfies RankCommand);
          }),
      ),
    );
  }

  /** As {@link run}, where every rank must succeed. */
  async values<R>(name: string, args: unknown = undefined): Promise<R[]> {
    return (await this.run<R>(name, args)).map((outcome, rank) => {
      if (!outcome.ok) throw new Error(`rank ${rank}: ${outcome.error.code} ${outcome.error.stack ?? outcome.error.message}`);
      return outcome.value;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
