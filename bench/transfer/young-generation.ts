/** V8's young generation at its full size: it doubles now and then as a process grows older, by megabytes that would be taken for those of a send. */
import { getHeapSpaceStatistics } from 'node:v8';

/** Objects that are alive at a time while it grows: a megabyte or two. */
const SURVIVORS = 50_000;
/** Rounds without growth after which it counts as full, and the most rounds. */
const STILL = 16;
const MOST = 200;

/** Lets objects survive until V8 makes room for no more of them: a fifth of a second for what a service has after a while. */
export function fillYoungGeneration(): void {
  let survivors: object[] = [];
  for (let round = 0, grown = 0, size = 0; round < MOST && round - grown < STILL; round++) {
    survivors = Array.from({ length: SURVIVORS }, (_, at) => ({ at, before: survivors.length }));
    const now = youngBytes();
    if (now > size) grown = round;
    size = Math.max(size, now);
  }
}

const youngBytes = (): number => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
