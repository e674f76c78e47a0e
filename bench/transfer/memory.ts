/** The resident memory of this process and its peak, as Linux counts them; undefined elsewhere. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Starts the peak anew. */
export function clearPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed: the peak then is that of the whole run, and told as unknown.
    allowed = false;
  }
}

let allowed = true;

export const residentBytes = (): number | undefined => field('VmRSS');

/** The most since {@link clearPeak}. */
export const peakBytes = (): number | undefined => (allowed ? field('VmHWM') : undefined);

function field(name: string): number | undefined {
  try {
    const match = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
    return match ? Number(match[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}
