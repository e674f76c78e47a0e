/** Addresses of Alchemist servers as people write them. */
import { AlchemistError } from '../errors.js';
import { DEFAULT_PORT } from '../protocol/port.js';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Whether the address asks for TLS: alchemists://. */
  readonly secure: boolean;
}

/** 'alchemist://host:port', 'alchemists://host:port' for TLS, 'host:port' or 'host'. @throws AlchemistError E_ARGUMENT. */
export function parseAddress(text: string): Address {
  const match = /^(?:(alchemists?):\/\/)?(\[[^\]]+\]|[^:/[\]]+)(?::(\d{1,5}))?\/?$/.exec(text.trim());
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new AlchemistError('E_ARGUMENT', `${JSON.stringify(text)} is not the address of a server`, { hint: "write 'alchemist://host:port', 'host:port' or 'host' (port 24960)" });
  }
  return { host: match[2].replace(/^\[|\]$/g, ''), port, secure: match[1] === 'alchemists' };
}
