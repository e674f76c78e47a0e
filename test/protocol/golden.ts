/** The golden frames: JSON files that tests in every language read, with the values that JSON lacks spelled as one-key maps. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Kind } from '#src/protocol/messages.js';

export interface Golden {
  readonly name: string;
  readonly kind: Kind;
  readonly hex: string;
  readonly header: unknown;
  readonly payload: string;
}

const FOLDER = 'test/fixtures/protocol/';

export const GOLDEN: readonly Golden[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const golden = JSON.parse(readFileSync(FOLDER + file, 'utf8')) as Golden;
    return { ...golden, header: revive(golden.header) };
  });

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, of] = ['', undefined], ...more] = Object.entries(value as Record<string, unknown>);
  if (more.length === 0) {
    if (name === '$float') return Number(of);
    if (name === '$int') return BigInt(of as string);
    if (name === '$bytes') return new Uint8Array(Buffer.from(of as string, 'hex'));
    if (name === '$f64') return Float64Array.from((of as unknown[]).map(revive) as number[]);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}
