/** Serving and connecting: what they need is loaded when they are first called, so that importing the package stays quick. */
import type { ConnectOptions } from './client/connect.js';
import type { AlchemistServer, ServeOptions } from './server/serve.js';
import type { Session } from './session/session.js';

/**
 * Starts an Alchemist server in this process: a driver on `port`, worker k on port + k. Close it to end its sessions and threads.
 * @throws AlchemistError E_ARGUMENT for impossible options, E_AUTH for another host than this one without a token, E_FILE for files that
 * cannot be read, E_ENVIRONMENT for ports that are taken.
 */
export async function serve(options: ServeOptions = {}): Promise<AlchemistServer> {
  return (await import('./server/serve.js')).serve(options);
}

/**
 * A session on workers of the server at `address`: 'alchemist://host:port', alchemists:// for TLS, 'host:port', or 'host'. It is used as one that
 * `Alchemist.start` gives.
 * @throws AlchemistError E_CLOSED when no server answers, E_AUTH for a missing or wrong token, E_VERSION when the protocols differ, E_WORKERS when no
 * worker is free.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Session> {
  return (await import('./client/connect.js')).connect(address, options);
}
