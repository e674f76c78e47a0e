/** Starts the embedded engine. */
import { Session } from '../session/session.js';
import { EmbeddedBackend } from './embedded.js';
import { engineOptions, type StartOptions } from './options.js';

/**
 * Starts worker threads on a process grid and gives the session that owns them. Close it to end the threads.
 * @throws AlchemistError E_ARGUMENT for impossible options, E_MEMORY when the memories cannot be reserved, E_ENVIRONMENT when threads or
 * kernels cannot be started.
 */
export async function start(options: StartOptions = {}): Promise<Session> {
  const { options: complete, module } = engineOptions(options, false);
  return new Session(await EmbeddedBackend.start(complete, module));
}
