import { ControlBlock, isAlarmed, isPassed, MOST_RANKS } from '#src/comm/control-block.js';

/** Ranks of one thread, which therefore act in exactly the order that a test writes. */
function arrivals(control: ControlBlock, count: number): number[] {
  return Array.from({ length: count }, () => control.arrive());
}

test('the last arrival completes the barrier, and opening it lets every arrival pass', () => {
  const control = ControlBlock.create(3);
  const states = arrivals(control, 3);
  expect(states.map((state) => control.isComplete(state))).toEqual([false, false, true]);
  expect(states.map((state) => isPassed(control.state, state))).toEqual([false, false, false]);
  expect(control.open(states[2])).toBe(true);
  expect(states.map((state) => isPassed(control.state, state))).toEqual([true, true, true]);
  expect(isAlarmed(control.state)).toBe(false);
});

test('an alarm between the last arrival and the opening keeps everybody out', () => {
  for (const raise of [(control: ControlBlock) => control.cancel(), (control: ControlBlock) => control.fail(1)]) {
    const control = ControlBlock.create(3);
    const states = arrivals(control, 3);
    raise(control);
    expect(control.open(states[2])).toBe(false);
    expect(states.map((state) => isPassed(control.state, state))).toEqual([false, false, false]);
  }
});

test('an alarm before the last arrival keeps everybody out, the last one too', () => {
  const control = ControlBlock.create(2);
  const first = control.arrive();
  control.cancel();
  const second = control.arrive();
  expect(control.isComplete(second)).toBe(true);
  expect(control.open(second)).toBe(false);
  expect(isPassed(control.state, first)).toBe(false);
});

test('an alarm after the opening stops nobody at that barrier, and everybody at the next', () => {
  const control = ControlBlock.create(2);
  const states = arrivals(control, 2);
  control.open(states[1]);
  control.cancel();
  expect(states.map((state) => isPassed(control.state, state))).toEqual([true, true]);
  const next = arrivals(control, 2);
  expect(control.open(next[1])).toBe(false);
});

test('a rank that gives up waiting raises the alarm only if its barrier has not been opened in that very moment', () => {
  const control = ControlBlock.create(2);
  const [mine, theirs] = arrivals(control, 2);
  control.open(theirs);
  expect(control.failAt(mine, 0)).toBe(false);
  expect(isAlarmed(control.state)).toBe(false);
  const again = control.arrive();
  expect(control.failAt(again, 0)).toBe(true);
  expect(control.failedRank).toBe(0);
});

test('the first alarm counts: who failed, or that the caller cancelled', () => {
  const failed = ControlBlock.create(4);
  expect([failed.failedRank, failed.cancelled]).toEqual([-1, false]);
  failed.fail(2);
  failed.fail(3);
  failed.cancel();
  expect([failed.failedRank, failed.cancelled]).toEqual([2, false]);
  const cancelled = ControlBlock.create(4);
  cancelled.cancel();
  cancelled.fail(0);
  expect([cancelled.failedRank, cancelled.cancelled]).toEqual([-1, true]);
});

test('after a reset nothing is left of alarms, half-met barriers and standings', () => {
  const control = ControlBlock.create(2);
  control.enter(1, 7, 'exchange');
  control.arrive();
  control.fail(1);
  control.reset();
  expect([control.failedRank, control.cancelled, isAlarmed(control.state)]).toEqual([-1, false, false]);
  expect(control.standing(1)).toEqual({ count: 0, kind: 'nothing' });
  expect(arrivals(control, 2).map((state) => control.isComplete(state))).toEqual([false, true]);
});

test('as many ranks as can be started fit into the word, the last one and cancellation apart', () => {
  const control = ControlBlock.create(MOST_RANKS);
  const states = arrivals(control, MOST_RANKS);
  expect(states.filter((state) => control.isComplete(state))).toEqual([states[MOST_RANKS - 1]]);
  control.open(states[MOST_RANKS - 1]);
  expect(states.every((state) => isPassed(control.state, state))).toBe(true);
  control.fail(MOST_RANKS - 1);
  expect([control.failedRank, control.cancelled]).toEqual([MOST_RANKS - 1, false]);
});

test('generations come round without being taken for an alarm or an earlier barrier', () => {
  const control = ControlBlock.create(1);
  let before = control.arrive();
  control.open(before);
  for (let generation = 0; generation < 20_000; generation++) {
    const mine = control.arrive();
    if (isPassed(control.state, mine) || !control.isComplete(mine) || !control.open(mine)) throw new Error(`generation ${generation} does not open`);
    if (!isPassed(control.state, mine) || !isPassed(control.state, before) || isAlarmed(control.state)) throw new Error(`generation ${generation} is not passed`);
    before = mine;
  }
});

test('the places of the ranks do not overlap, nor do the two turns', () => {
  const control = ControlBlock.create(3);
  const marks: [Float64Array, number][] = [];
  for (const turn of [0, 1]) {
    for (let rank = 0; rank < 3; rank++) {
      marks.push([control.slot(rank, turn), 10 * rank + turn], [control.placement(rank, turn), 100 + 10 * rank + turn]);
    }
  }
  for (const [numbers, mark] of marks) numbers.fill(mark);
  for (const [numbers, mark] of marks) expect(numbers.every((x) => x === mark)).toBe(true);
  expect(control.state).toBe(0);
});
