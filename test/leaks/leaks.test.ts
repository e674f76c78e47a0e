/** Nothing grows: neither with the matrices that a session has seen, nor with the sessions that a process has seen. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Sample } from './samples.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

interface Report {
  readonly samples: readonly Sample[];
  readonly used: number;
  readonly matrices: number;
  readonly peak: number;
}

async function run(script: string, ...flags: string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...flags, fileURLToPath(new URL(script, import.meta.url))]);
  return JSON.parse(stdout) as Report;
}

const most = (samples: readonly Sample[], what: keyof Sample): number => Math.max(...samples.map((sample) => sample[what]));

test('10 000 matrices created and freed leave nothing behind', async () => {
  // Nobody collects in the threads; their young generations would grow for long before they stay as they are (in Node 24 by 24 MB at a time).
  const { samples, used, matrices, peak } = await run('./matrices.js', '--max-semi-space-size=1');
  expect({ used, matrices }).toEqual({ used: 0, matrices: 0 });
  expect(peak).toBeLessThan(4096); // two small matrices at a time
  expect(samples).toHaveLength(10);
  // The first fifth warms up; from then on nothing may grow with the count.
  const [early, late] = [samples.slice(2, 5), samples.slice(5)];
  expect(most(late, 'heap') - most(early, 'heap')).toBeLessThan(MIB / 2);
  expect(most(late, 'resident') - most(early, 'resident')).toBeLessThan(8 * MIB);
  expect(most(late, 'addresses') - most(early, 'addresses')).toBeLessThan(64 * MIB);
  expect(most(late, 'threads')).toBe(most(early, 'threads'));
}, 120_000);

// A memory takes 10 GiB of addresses, and 32 MB of these are touched; a few may wait for the collector at any time.
const FEW_MEMORIES = 80 * GIB;
const FEW_TOUCHED = 160 * MIB;
// Threads that have been told to end may take their time on a busy machine.
const FEW_THREADS = 8;

test('100 sessions started and closed give back their threads, their memories and their addresses', async () => {
  const { samples } = await run('./sessions.js');
  expect(samples).toHaveLength(100);
  const [early, late] = [samples.slice(20, 50), samples.slice(50)];
  expect(most(samples, 'addresses')).toBeLessThan(FEW_MEMORIES);
  expect(most(late, 'resident') - most(early, 'resident')).toBeLessThan(FEW_TOUCHED);
  expect(most(late, 'heap') - most(early, 'heap')).toBeLessThan(4 * MIB);
  expect(most(late, 'threads') - most(early, 'threads')).toBeLessThan(FEW_THREADS);
}, 120_000);

test('threads that are lent to one session after the other do not hold on to the memories of those before', async () => {
  const { samples } = await run('./lent.js');
  expect(samples).toHaveLength(60);
  const [early, late] = [samples.slice(10, 30), samples.slice(30)];
  expect(most(samples, 'addresses')).toBeLessThan(FEW_MEMORIES);
  expect(most(late, 'resident') - most(early, 'resident')).toBeLessThan(FEW_TOUCHED);
  expect(most(late, 'threads')).toBe(most(early, 'threads'));
}, 120_000);
