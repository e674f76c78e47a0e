/** Connects to an Alchemist server and gives a session of the same type as the embedded engine's. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { AlchemistError } from '../errors.js';
import { parseGridShape, type GridOrder } from '../layout/grid-shape.js';
import { DEFAULT_BUFFER_BYTES, MAX_BUFFER_BYTES, MIN_BUFFER_BYTES } from '../protocol/limits.js';
import { Session } from '../session/session.js';
import { parseAddress } from './address.js';
import { ControlLink } from './control-link.js';
import { RemoteBackend } from './remote-backend.js';

export interface ConnectOptions {
  /** Workers to ask for; fewer are granted when fewer are free. Default 1. */
  readonly workers?: number;
  /** Shape of the grid, such as '2x3'; default Elemental's for the workers that are granted. */
  readonly grid?: string;
  readonly order?: GridOrder;
  /** What the server was started with. */
  readonly token?: string;
  /** TLS settings, for instance { ca } for a certificate of your own; an alchemists:// address alone uses the system's authorities. */
  readonly tls?: ConnectionOptions;
  /** Longest payload of a frame in bytes, both ways; from 4 KiB to 1 GiB, default 100 MB. */
  readonly bufferSize?: number;
  /** Milliseconds to wait for a connection; default 10 000. */
  readonly timeoutMs?: number;
}

/**
 * A session on `workers` workers of the server at `address` ('alchemist://host:port', 'host:port', alchemists:// for TLS).
 * @throws AlchemistError E_CLOSED when no server answers, E_AUTH for a missing or wrong token, E_VERSION when the protocols differ,
 * E_WORKERS when no worker is free.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Session> {
  const { host, port, secure } = parseAddress(address);
  const { workers = 1, grid, order, token, bufferSize = DEFAULT_BUFFER_BYTES, timeoutMs = 10_000 } = options;
  if (!Number.isInteger(bufferSize) || bufferSize < MIN_BUFFER_BYTES || bufferSize > MAX_BUFFER_BYTES) {
    throw new AlchemistError('E_ARGUMENT', `bufferSize must be an integer from ${MIN_BUFFER_BYTES} to ${MAX_BUFFER_BYTES} bytes, got ${bufferSize}`);
  }
  const wire = { host, port, tls: options.tls ?? (secure ? {} : undefined), timeoutMs };
  const { link, welcome } = await ControlLink.open(wire, { name: 'alchemist-node', language: 'TypeScript', version: packageVersion() }, token);
  const backend = new RemoteBackend(link, welcome, wire, bufferSize);
  try {
    await backend.requestWorkers(workers, { grid: grid === undefined ? undefined : parseGridShape(grid), order });
  } catch (error) {
    await backend.close();
    throw error;
  }
  return new Session(backend);
}

const packageVersion = (): string => (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
