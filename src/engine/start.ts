/** Starts the embedded engine. */
import { kernelModule } from '../local/kernels.js';
import { Session } from '../session/session.js';
import { EmbeddedBackend } from './embedded.js';
import { gridOf, memoryOf, type StartOptions } from './options.js';

/**
 * Starts worker threads on a process grid and gives the session that owns them. Close it to end the threads.
 * @throws AlchemistError E_ARGUMENT for impossible options, E_MEMORY when the memories cannot be reserved, E_ENVIRONMENT when threads or
 * kernels cannot be started.
 */
export async function start(options: StartOptions = {}): Promise<Session> {
  const grid = gridOf(options);
  const { kernels = 'auto', watchdogSeconds = 600 } = options;
  const { build, module } = kernelModule(kernels === 'auto' || kernels === 'wide' ? undefined : kernels);
  const memoryPerWorker = memoryOf(options, grid.height * grid.width);
  const words = { relaxed: 'relaxed SIMD (fused multiply-add)', simd: 'SIMD (multiply, then add)' };
  const backend = await EmbeddedBackend.start({ grid, memoryPerWorker, kernels: words[build], wide: kernels === 'wide', shared: false, watchdogSeconds }, module);
  return new Session(backend);
}
