/** Times things against each other, in turns, so that what drifts drifts in all of them. */
import { cpus } from 'node:os';

/** Seconds by some clock; only differences mean anything. */
export type Clock = () => number;

export const wallClock: Clock = () => performance.now() / 1000;

/** Processor time of this process: what one thread computes takes as long on a busy machine as on an idle one, but for shared caches. */
export const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Share of a processor that others may use during a quiet round. */
const QUIET = 0.12;
/** Seconds after which optimised code has come, even on a busy machine. */
const WARM_UP = 0.2;

export interface MeasureOptions {
  /** Rounds that are to count; up to twice as many are made. */
  readonly rounds?: number;
  /** Seconds for which a subject runs in each round, at least once. */
  readonly turn?: number;
  readonly clock?: Clock;
}

/**
 * Seconds of each subject in each round that counts: result[subject][round]. Rounds during which other processes were at work are repeated,
 * within reason; the calmest ones count.
 */
export async function measure(subjects: readonly (() => unknown)[], options: MeasureOptions = {}): Promise<number[][]> {
  const { rounds = 9, turn = 0.05, clock = wallClock } = options;
  const calls: number[] = [];
  for (const subject of subjects) calls.push(Math.max(1, Math.ceil(turn / (await warmUp(subject)))));
  const all: { seconds: number[]; disturbance: number }[] = [];
  while (all.length < 2 * rounds && all.filter(({ disturbance }) => disturbance <= QUIET).length < rounds) {
    const [start, others] = [wallClock(), otherWork()];
    const seconds: number[] = [];
    for (const [index, subject] of subjects.entries()) seconds.push(await repeat(subject, calls[index], clock));
    // The system counts in hundredths of a second.
    all.push({ seconds, disturbance: (otherWork() - others - 0.02) / (wallClock() - start) });
  }
  const kept = all.sort((p, q) => p.disturbance - q.disturbance).slice(0, rounds);
  return subjects.map((_, index) => kept.map(({ seconds }) => seconds[index]));
}

/** Runs a subject, twice at least, until compilers have had their turn at it; seconds a call at the end. */
async function warmUp(subject: () => unknown): Promise<number> {
  const start = wallClock();
  let seconds = await repeat(subject, 1, wallClock);
  for (let calls = 1; calls === 1 || wallClock() - start < WARM_UP; calls *= 2) seconds = await repeat(subject, calls, wallClock);
  return seconds;
}

/** Seconds a call. */
async function repeat(subject: () => unknown, calls: number, clock: Clock): Promise<number> {
  const start = clock();
  for (let call = 0; call < calls; call++) {
    const result = subject() as PromiseLike<unknown> | undefined;
    if (typeof result?.then === 'function') await result;
  }
  return (clock() - start) / calls;
}

/** Processor seconds that all other processes have used so far. */
function otherWork(): number {
  let busy = 0;
  for (const { times } of cpus()) busy += times.user + times.nice + times.sys + times.irq;
  const { user, system } = process.cpuUsage();
  return busy / 1e3 - (user + system) / 1e6;
}
