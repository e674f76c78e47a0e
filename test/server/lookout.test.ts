import { setTimeout as sleep } from 'node:timers/promises';
import { Lookout } from '#src/server/lookout.js';

/** Whether the event loop has something left to do, so that it does not sleep. */
const isAwake = (): boolean => process.getActiveResourcesInfo().includes('Immediate');

test('little that comes lets the event loop sleep', () => {
  const lookout = new Lookout();
  for (let k = 0; k < 10; k++) lookout.came(1000);
  expect(isAwake()).toBe(false);
});

test('much that comes keeps it awake, but not for long, and begins anew then', async () => {
  const lookout = new Lookout();
  for (let round = 0; round < 3; round++) {
    lookout.came(1000);
    expect(isAwake()).toBe(false);
    lookout.came(100_000);
    expect(isAwake()).toBe(true);
    await sleep(20);
    expect(isAwake()).toBe(false);
  }
});
