/** What `Alchemist.start` takes, checked and completed. */
import { availableParallelism } from 'node:os';
import { MOST_RANKS } from '../comm/control-block.js';
import { ADDRESS_SPACE, PAGE } from '../comm/team.js';
import { AlchemistError } from '../errors.js';
import { gridShape, type GridOrder, parseGridShape } from '../layout/grid-shape.js';
import { type KernelBuild, kernelModule } from '../local/kernels.js';
import { tryWide } from '../local/wide.js';
import type { GridInfo } from '../session/backend.js';

export interface StartOptions {
  /** Ranks, one thread each. Default: the product of `grid`, else as many as the machine runs at once, at most 4. */
  readonly workers?: number;
  /** Shape of the process grid, `'2x3'` or [2, 3]; default Elemental's: the smallest divisor of `workers` from its square root on, by the rest. */
  readonly grid?: string | readonly [height: number, width: number];
  /** Which worker sits where: 'column' (default) counts down the columns of the grid, 'row' along its rows. */
  readonly order?: GridOrder;
  /** Bytes per worker, as a number or like '512MiB', '4GiB'; at most 4 GiB. Reserved, not touched. Default: 4 GiB shared out evenly. */
  readonly memoryPerWorker?: number | string;
  /** 'auto' (default): fused multiply-add where the engine has relaxed SIMD. 'simd' and 'relaxed' insist. 'wide' tries the 256-bit form. */
  readonly kernels?: 'auto' | 'simd' | 'relaxed' | 'wide';
  /** Seconds after which a rank that waits in a collective gives up, and after which a rank that others have outlived is ended. Default 600. */
  readonly watchdogSeconds?: number;
}

export interface EngineOptions {
  readonly grid: GridInfo;
  readonly memoryPerWorker: number;
  /** What the kernels are, in words. */
  readonly kernels: string;
  readonly wide: boolean;
  /** Whether each rank can serve any block of any matrix: what a server's data ports need. */
  readonly shared: boolean;
  readonly watchdogSeconds: number;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

/** '1.5GiB' → 1610612736. @throws AlchemistError E_ARGUMENT. */
export function parseBytes(text: number | string): number {
  const match = /^\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(String(text));
  const bytes = match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : NaN;
  if (!(bytes >= 0)) throw new AlchemistError('E_ARGUMENT', `${JSON.stringify(text)} is not a number of bytes`, { hint: "write 536870912, '512MiB' or '4GiB'" });
  return Math.floor(bytes);
}

export function gridOf({ workers, grid, order = 'column' }: StartOptions): GridInfo {
  if (order !== 'column' && order !== 'row') throw new AlchemistError('E_ARGUMENT', `order must be 'column' or 'row', got ${JSON.stringify(order)}`);
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1 || workers > MOST_RANKS)) {
    throw new AlchemistError('E_ARGUMENT', `workers must be an integer from 1 to ${MOST_RANKS}, got ${workers}`);
  }
  if (grid === undefined) return { ...gridShape(workers ?? Math.min(4, availableParallelism())), order };
  const { height, width } = typeof grid === 'string' ? parseGridShape(grid) : { height: grid[0], width: grid[1] };
  const size = height * width;
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1 || size > MOST_RANKS || (workers !== undefined && workers !== size)) {
    throw new AlchemistError('E_ARGUMENT', `a ${height}×${width} grid has ${size} processes${workers === undefined ? ` (1 to ${MOST_RANKS} can be started)` : `, but workers is ${workers}`}`, {
      hint: 'give one of the two, or make them agree',
    });
  }
  return { height, width, order };
}

/** Bytes per worker: as asked, at most the 4 GiB that an address reaches. */
export function memoryOf({ memoryPerWorker }: StartOptions, size: number): number {
  // Whole pages, so that all shares together still fit into one address space.
  const bytes = memoryPerWorker === undefined ? Math.floor(ADDRESS_SPACE / size / PAGE) * PAGE : parseBytes(memoryPerWorker);
  if (bytes < 2 ** 20 || bytes > ADDRESS_SPACE) {
    throw new AlchemistError('E_ARGUMENT', `memoryPerWorker must be from 1 MiB to 4 GiB (WebAssembly's 32-bit addresses reach no further), got ${bytes} bytes`, {
      hint: 'for larger matrices start more workers: each holds a share',
    });
  }
  return bytes;
}

const KERNEL_CHOICES: readonly NonNullable<StartOptions['kernels']>[] = ['auto', 'simd', 'relaxed', 'wide'];

/** Seconds that a timer can run. */
const LONGEST_WATCH = 2_000_000;

const KERNELS_IN_WORDS: Readonly<Record<KernelBuild, string>> = { relaxed: 'relaxed SIMD (fused multiply-add)', simd: 'SIMD (multiply, then add)' };

/**
 * The complete options and the compiled kernels.
 * @param shared whether each rank shall be able to serve any block of any matrix.
 * @throws AlchemistError E_ARGUMENT, E_ENVIRONMENT.
 */
export function engineOptions(options: StartOptions, shared: boolean): { options: EngineOptions; module: unknown } {
  const grid = gridOf(options);
  const { kernels = 'auto', watchdogSeconds = 600 } = options;
  if (!KERNEL_CHOICES.includes(kernels)) throw new AlchemistError('E_ARGUMENT', `kernels must be one of ${KERNEL_CHOICES.join(', ')}, got ${JSON.stringify(kernels)}`);
  if (!(watchdogSeconds > 0 && watchdogSeconds <= LONGEST_WATCH)) {
    throw new AlchemistError('E_ARGUMENT', `watchdogSeconds must be a number above 0, at most ${LONGEST_WATCH}, got ${watchdogSeconds}`);
  }
  const memoryPerWorker = memoryOf(options, grid.height * grid.width);
  const chosen = chooseKernels(kernels);
  return { options: { grid, memoryPerWorker, kernels: chosen.inWords, wide: chosen.wide, shared, watchdogSeconds }, module: chosen.module };
}

function chooseKernels(kernels: NonNullable<StartOptions['kernels']>): { module: unknown; wide: boolean; inWords: string } {
  if (kernels === 'wide') {
    const { module, usable, reason } = tryWide();
    if (usable) return { module, wide: true, inWords: `${KERNELS_IN_WORDS.relaxed}, 256-bit products (${reason})` };
    const { build } = kernelModule();
    return { module, wide: false, inWords: `${KERNELS_IN_WORDS[build]}; no 256-bit products: ${reason}` };
  }
  const { build, module } = kernelModule(kernels === 'auto' ? undefined : kernels);
  return { module, wide: false, inWords: KERNELS_IN_WORDS[build] };
}
