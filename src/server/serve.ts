/** Starts an Alchemist server: a driver on one port, its workers on the ports after it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { AlchemistError } from '../errors.js';
import { engineOptions, gridOf, type StartOptions } from '../engine/options.js';
import { parseGridShape } from '../layout/grid-shape.js';
import { DEFAULT_PORT } from '../protocol/port.js';
import { DataFolder } from './data-folder.js';
import { Driver } from './driver.js';
import { LibraryShelf } from './library-shelf.js';
import { openLog } from './log.js';
import type { LogLevel } from './log-level.js';
import { WorkerPool } from './worker-pool.js';

export interface ServeOptions extends Pick<StartOptions, 'workers' | 'memoryPerWorker' | 'kernels' | 'watchdogSeconds'> {
  /** The driver's port; worker k listens on port + k. 0: each on any free port. Default 24960. */
  readonly port?: number;
  /** Default 127.0.0.1. Any other address needs a token, or `insecure`. */
  readonly host?: string;
  /** Secret that clients must present. */
  readonly token?: string;
  /** File that holds the token. */
  readonly tokenFile?: string;
  /** Serves other hosts without a token. */
  readonly insecure?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Host name or address that clients are told to reach the workers at. */
  readonly advertise?: string;
  readonly logFile?: string;
  /** Default 'silent'. */
  readonly logLevel?: LogLevel;
  /** Receives the server's address as one line of JSON once it is ready, and is removed when it stops. */
  readonly addressFile?: string;
  /** Directory of the files that clients may load and save; without it they may name none. */
  readonly data?: string;
  /** Shape of the grid for sessions that have as many workers as it has places, and ask for no other. */
  readonly grid?: string;
  /** Directory of modules that clients may load as libraries. */
  readonly libraries?: string;
  /** Ends sessions that have been silent for so long, with no request under way; default 0: never. */
  readonly idleSeconds?: number;
  /** Seconds in which a client must have shown who it is; default 10. */
  readonly greetingSeconds?: number;
  /** Seconds that running requests have to end when the server stops, before they are cancelled; default 10. */
  readonly drainSeconds?: number;
}

/** A running server. */
export interface AlchemistServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Ports of the workers, by id from 1. */
  readonly workerPorts: readonly number[];
  /** `alchemist://host:port` */
  readonly url: string;
  /** Sessions that live at the moment. */
  readonly sessions: number;
  /** Takes no new requests, lets running ones end, then ends sessions and workers. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Starts a server in this process.
 * @throws AlchemistError E_ARGUMENT for impossible options, E_AUTH for another host without a token, E_FILE for files that cannot be read,
 * E_ENVIRONMENT for ports that are taken.
 */
export async function serve(options: ServeOptions = {}): Promise<AlchemistServer> {
  const { host = '127.0.0.1', port = DEFAULT_PORT, insecure = false, idleSeconds = 0, greetingSeconds = 10, drainSeconds = 10 } = options;
  const shape = options.grid === undefined ? undefined : parseGridShape(options.grid);
  const places = shape && shape.height * shape.width;
  const workers = options.workers ?? places ?? Math.min(4, availableParallelism());
  if (places !== undefined && places > workers) {
    throw new AlchemistError('E_ARGUMENT', `a ${shape!.height}×${shape!.width} grid has ${places} places, but there are ${workers} workers`, { hint: 'give fewer places, more workers, or only one of the two' });
  }
  mustBePort(port, workers);
  const token = options.token ?? (options.tokenFile === undefined ? undefined : readText(options.tokenFile, 'token file').trim());
  if (token === '') throw new AlchemistError('E_ARGUMENT', 'the token is empty');
  if (!LOOPBACK.has(host) && token === undefined && !insecure) {
    throw new AlchemistError('E_AUTH', `serving ${host} lets anybody who reaches it run tasks and read matrices`, { hint: 'give a token file, or say insecure if that is meant' });
  }
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) throw new AlchemistError('E_ARGUMENT', 'TLS needs both a certificate and a key');
  const tls = options.tlsCert === undefined ? undefined : { cert: readText(options.tlsCert, 'certificate'), key: readText(options.tlsKey!, 'key'), minVersion: 'TLSv1.2' as const };
  // Wrong engine options are told now, not to the first client.
  gridOf({ workers });
  engineOptions({ workers, memoryPerWorker: options.memoryPerWorker, kernels: options.kernels }, true);
  const log = openLog(options.logLevel ?? 'silent', options.logFile);
  const shelf = new LibraryShelf(options.libraries);
  const data = new DataFolder(options.data);
  const pool = await WorkerPool.start({ workers, host, port, greetingSeconds, tls });
  const { memoryPerWorker, kernels, watchdogSeconds } = options;
  const driver = new Driver({ pool, shelf, log, data, engine: { memoryPerWorker, kernels, watchdogSeconds, grid: options.grid }, token, advertise: options.advertise, idleSeconds, greetingSeconds, drainSeconds, version: packageVersion(), tls });
  try {
    await driver.port.listen(host, port);
  } catch (cause) {
    await pool.close();
    throw new AlchemistError('E_ENVIRONMENT', `the driver cannot listen on ${host}:${port}: ${(cause as Error).message}`, { hint: 'choose another --port, or --port 0 for any free one', cause });
  }
  const bound = driver.port.number;
  const workerPorts = pool.workers.map((worker) => worker.port);
  const url = `alchemist://${options.advertise ?? host}:${bound}`;
  log.info({ url, workerPorts }, 'ready');
  const { addressFile } = options;
  const address = `${JSON.stringify({ url, host: options.advertise ?? host, port: bound, workers: workerPorts })}\n`;
  if (addressFile !== undefined) writeFileSync(addressFile, address);
  const stop = async (): Promise<void> => {
    if (addressFile !== undefined) removeIfSame(addressFile, address);
    await driver.close();
    await pool.close();
    log.info({}, 'stopped');
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= stop());
  return {
    host,
    port: bound,
    workerPorts,
    url,
    get sessions() {
      return driver.sessions.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function mustBePort(port: number, workers: number): void {
  if (Number.isInteger(port) && (port === 0 || (port >= 1 && port + workers <= 65_535))) return;
  throw new AlchemistError('E_ARGUMENT', `port must be 0 or from 1 to ${65_535 - workers}, so that ${workers} workers find ports after it; got ${port}`);
}

/** Removes a file that still says `text`; another server may have written its own address there. */
function removeIfSame(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch {
    // Somebody else has removed it, or it is not ours to remove any more.
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AlchemistError('E_FILE', `the ${what} ${path} cannot be read: ${(cause as Error).message}`, { cause, fields: { path } });
  }
}

const packageVersion = (): string => (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
