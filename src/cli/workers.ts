/** The options of every command that computes, and the session that they ask for. */
import { type Command, Option } from 'commander';
import type { StartOptions } from '../engine/options.js';
import type { GridShape } from '../layout/grid-shape.js';
import type { Session } from '../session/session.js';
import { gridShape, integer } from './arguments.js';

export interface WorkerOptions {
  readonly workers?: number;
  readonly grid?: GridShape;
  readonly memory?: string;
  readonly kernels: NonNullable<StartOptions['kernels']>;
}

/** `usual` says how many workers there are when nobody says. */
export function addWorkerOptions(command: Command, usual = 'one per core, at most 4'): Command {
  return command
    .option('-w, --workers <count>', `worker threads (default: ${usual})`, integer(1))
    .option('-g, --grid <RxC>', 'shape of the process grid, such as 2x3 (default: as square as the workers allow)', gridShape)
    .option('--memory <size>', 'memory of each worker, such as 512MiB (default: 4 GiB shared out evenly; untouched memory costs nothing)')
    .addOption(new Option('--kernels <build>', 'which kernels to use').choices(['auto', 'relaxed', 'simd', 'wide']).default('auto'));
}

/** Starts a session, lends it to `use`, and closes it whatever happens. */
export async function withSession<R>({ workers, grid, memory, kernels }: WorkerOptions, use: (session: Session) => Promise<R>): Promise<R> {
  const { start } = await import('../engine/start.js'); // not before it is needed: help and layout answer at once
  const session = await start({ workers, grid: grid && [grid.height, grid.width], memoryPerWorker: memory, kernels });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
