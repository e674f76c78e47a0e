/** bench/measure.ts: every subject in every round, in turns, per call. */
import { measure, processorClock } from '#bench/measure.js';

test('subjects run in turns, and each has a figure for as many rounds as were asked for', async () => {
  const order: string[] = [];
  const subject = (name: string) => async () => {
    order.push(name);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const times = await measure([subject('a'), subject('b')], { rounds: 4, turn: 0 });
  expect(times).toHaveLength(2);
  for (const seconds of times) expect(seconds).toHaveLength(4);
  expect(order.join('')).toMatch(/^a+b+(ab){4,8}$/);
});

test('a figure is seconds a call, of asynchronous subjects too', async () => {
  const [waits] = await measure([() => new Promise((resolve) => setTimeout(resolve, 20))], { rounds: 3, turn: 0.05 });
  for (const seconds of waits) {
    expect(seconds).toBeGreaterThan(0.015);
    expect(seconds).toBeLessThan(1);
  }
});

test('the processor clock does not run while this process waits', async () => {
  const start = processorClock();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(processorClock() - start).toBeLessThan(0.25);
});
