/** What a process holds, sample by sample, while it repeats something many times. Run as a script with --expose-gc; prints JSON. */
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** Bytes, but for the threads; `addresses` and `threads` are -1 where the system does not tell. */
export interface Sample {
  readonly resident: number;
  readonly heap: number;
  readonly addresses: number;
  readonly threads: number;
}

function fromProc(field: string): number {
  try {
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? -1);
  } catch {
    return -1;
  }
}

/** Samples without collecting: what a process sees that nobody helps. */
export function sampleAsItIs(): Sample {
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss, heap: heapUsed, addresses: fromProc('VmSize') * 1024, threads: fromProc('Threads') };
}

/** Samples after everything that can be collected has been. */
export async function sampleCollected(): Promise<Sample> {
  for (let t = 0; t < 3; t++) {
    (globalThis as unknown as { gc(): void }).gc();
    await turn();
  }
  return sampleAsItIs();
}
