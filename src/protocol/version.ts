/** Protocol versions: what this side speaks, and what two sides agree on. */
import { AlchemistError } from '../errors.js';

/** An inclusive range of protocol versions. */
export interface Versions {
  readonly min: number;
  readonly max: number;
}

/** The versions that this side speaks. Every version keeps the prelude, HELLO and WELCOME of version 1. */
export const VERSIONS: Versions = { min: 1, max: 1 };

/** The highest version that client and server both speak; E_VERSION, saying which side is too old, when there is none. */
export function negotiate(client: Versions, server: Versions = VERSIONS): number {
  const version = Math.min(client.max, server.max);
  if (version >= Math.max(client.min, server.min)) return version;
  throw versionError('client', client, 'server', server, client.max < server.min);
}

/** Checks the version byte of a frame; E_VERSION unless this side speaks it. */
export function checkVersion(version: number, mine: Versions = VERSIONS): void {
  if (version >= mine.min && version <= mine.max) return;
  throw versionError('peer', { min: version, max: version }, 'side', mine, version < mine.min);
}

function versionError(theirs: string, a: Versions, mine: string, b: Versions, theirsIsOlder: boolean): AlchemistError {
  const show = ({ min, max }: Versions): string => (min === max ? `version ${min}` : `versions ${min} to ${max}`);
  return new AlchemistError('E_VERSION', `the ${theirs} speaks protocol ${show(a)}, this ${mine} ${show(b)}`, {
    hint: `upgrade ${theirsIsOlder ? `the ${theirs}` : `this ${mine}`}`,
    fields: { theirs: a, mine: b },
  });
}
