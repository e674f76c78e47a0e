/** One contract for every communicator, on real threads: in one shared memory, and with a memory for each rank. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ReduceOperation, SLOT_NUMBERS } from '#src/comm/communicator.js';
import { slice } from '#src/layout/slice.js';
import { random } from '../random.js';
import { type MemoryKind, type Outcome, Ranks } from './ranks.js';
import { partial, type StridedCase, type SumCase } from './scenarios.js';

const SCENARIOS = new URL('./scenarios.js', import.meta.url);

const TEAMS: readonly (readonly [name: string, size: number, kind: MemoryKind])[] = [
  ['SelfComm', 1, 'self'],
  ...[1, 2, 3, 4, 6].map((size) => [`ThreadComm of ${size} in one memory`, size, 'shared'] as const),
  ...[2, 3, 4, 6].map((size) => [`ThreadComm of ${size} with a memory each`, size, 'own'] as const),
];

const codes = (outcomes: Outcome<unknown>[]): string[] => outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code));

const messages = (outcomes: Outcome<unknown>[]): string[] => outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.message));

const bits = (numbers: Iterable<number>): string => Buffer.from(Float64Array.from(numbers).buffer).toString('hex');

const allRanks = (size: number): number[] => Array.from({ length: size }, (_, rank) => rank);

describe.each(TEAMS)('%s', (_, size, kind) => {
  let ranks: Ranks;
  beforeAll(async () => {
    ranks = await Ranks.start(size, kind, SCENARIOS);
  });
  afterAll(() => ranks.close());

  test('has its ranks numbered from 0', async () => {
    expect(await ranks.values('whoAmI')).toEqual(allRanks(size).map((rank) => ({ rank, size })));
  });

  test('nobody passes a barrier before everybody has come', async () => {
    const counter = new Int32Array(new SharedArrayBuffer(4));
    await ranks.values('barriers', { counter, rounds: 40 });
    expect(counter[0]).toBe(40 * size);
  });

  const blocks = [
    { rows: slice(0, 1, 4), cols: slice(0, 1, 3) },
    { rows: slice(1, 3, 5), cols: slice(2, 2, 4) },
    { rows: slice(2, 5, 1), cols: slice(0, 7, 9) },
    { rows: slice(0, 1, 0), cols: slice(0, 1, 3) },
  ];
  test.each([undefined, 1, -2])('an exchange puts strided blocks where they belong, with alpha %p and in both orders of storage', async (alpha) => {
    for (const dtype of ['f64', 'f32'] as const) {
      for (const from of ['column', 'row'] as const) {
        for (const to of ['column', 'row'] as const) {
          for (const { rows, cols } of blocks) {
            for (const gap of [1, 2]) {
              const bytes = rows.count * cols.count * (dtype === 'f64' ? 8 : 4);
              const cost = await ranks.values('exchangeStrided', { dtype, from, to, rows, cols, gap, alpha } satisfies StridedCase);
              expect(cost).toEqual(allRanks(size).map(() => ({ moved: (size - 1) * bytes, copied: bytes })));
            }
          }
        }
      }
    }
  });

  test('an exchange of blocks larger than a staging slot is whole: tall, wide and square', async () => {
    for (const [m, n] of [[40_000, 1], [1, 40_000], [300, 301]]) {
      const rows = slice(0, 1, m);
      const cols = slice(0, 1, n);
      // Entries name their place in 10 bits each, so long axes repeat; that is enough to see a piece in a wrong place.
      await ranks.values('exchangeStrided', { dtype: 'f64', from: 'column', to: m > n ? 'column' : 'row', rows, cols, gap: 1 } satisfies StridedCase);
    }
  });

  test('an exchange works where one rank alone has a source and one alone a target', async () => {
    for (const holder of allRanks(size)) for (const taker of [0, size - 1]) await ranks.values('exchangeOneToOne', { holder, taker });
  });

  test('an exchange adds in the order of its transfers', async () => {
    const length = 20;
    for (const order of [allRanks(size), allRanks(size).reverse()]) {
      const sums = await ranks.values<Float64Array>('exchangeInOrder', { order, length });
      const expected = allRanks(length).map((i) => order.reduce((sum, peer) => sum + partial(peer, i), 0));
      expect(sums.map(bits)).toEqual(sums.map(() => bits(expected)));
    }
  });

  test('a source may be overwritten as soon as its exchange is over', async () => {
    await ranks.values('exchangeAndOverwrite', { rounds: 60, length: 3000 });
  });

  test.each<ReduceOperation | undefined>([undefined, 'sum', 'max', 'min'])('allReduce (%p) gives every rank the bits of the operation in rank order', async (operation) => {
    for (const length of [0, 1, 7, SLOT_NUMBERS]) {
      const results = await ranks.values<Float64Array>('allReduce', { length, operation });
      const combine = (a: number, b: number): number => (operation === 'max' ? Math.max(a, b) : operation === 'min' ? Math.min(a, b) : a + b);
      const expected = allRanks(length).map((i) => allRanks(size).map((rank) => partial(rank, i)).reduce((a, b) => combine(a, b)));
      expect(new Set(results.map(bits))).toEqual(new Set([bits(expected)]));
    }
  });

  test('a collective never shows the numbers of the next one to a slow reader', async () => {
    await ranks.values('allReduceOften', { rounds: 400 });
  });

  test('allReduce refuses more numbers than a slot has, and works on', async () => {
    expect(await ranks.values('allReduceTooLong', { length: SLOT_NUMBERS + 1 })).toEqual(allRanks(size).map(() => 'E_ARGUMENT'));
  });

  test('allReduceMatrix gives every rank the bits of the sum in rank order, in views too, and touches nothing else', async () => {
    for (const dtype of ['f64', 'f32'] as const) {
      for (const order of ['column', 'row'] as const) {
        for (const view of [false, true]) {
          for (const [height, width] of [[5, 3], [1, 9], [0, 4], [4, 0], [200, 170]]) {
            const results = await ranks.values<{ sum: number[]; moved: number }>('allReduceMatrix', { dtype, height, width, order, view } satisfies SumCase);
            const rounded = dtype === 'f64' ? (x: number) => x : Math.fround;
            const first = view ? 10 * (width + 1) : 0;
            const expected = allRanks(height * width).map((at) => allRanks(size).map((rank) => rounded(partial(rank, at + first))).reduce((a, b) => rounded(a + b)));
            expect(new Set(results.map(({ sum }) => bits(sum)))).toEqual(new Set([bits(expected)]));
            const bytes = height * width * (dtype === 'f64' ? 8 : 4);
            expect(results.map(({ moved }) => moved)).toEqual(results.map(() => (size - 1) * bytes));
          }
        }
      }
    }
  });

  test('broadcast carries any length, longer than a slot too, from any root', async () => {
    for (const root of [0, size - 1]) for (const length of [0, 1, SLOT_NUMBERS, 2 * SLOT_NUMBERS + 1]) await ranks.values('broadcast', { length, root });
  });

  test('a plain value of one rank reaches all as it is', async () => {
    for (const value of [undefined, null, 'çà', { names: ['a', 'b'], sizes: [1, 2.5], deep: { yes: true } }, 'x'.repeat(100_000)]) {
      expect(await ranks.values('broadcastOfValue', { value, root: size - 1 })).toEqual(allRanks(size).map(() => value));
    }
  });

  test('the counters say what was moved and copied, and are cleared when taken', async () => {
    const results = await ranks.values<Record<string, unknown>>('counted');
    expect(results).toEqual(
      allRanks(size).map((rank) => ({
        bytesMoved: (size > 1 ? 32 : 0) + (rank === 0 ? 0 : 24),
        bytesCopied: size > 1 ? 0 : 32,
        exchanges: 1,
        timed: true,
        cleared: true,
      })),
    );
  });

  test('an error of any rank reaches the caller as it was thrown', async () => {
    const outcomes = await ranks.run('failing', { who: size - 1, when: 0, rounds: 1 });
    expect(messages(outcomes)[size - 1]).toBe('RangeError: what a rank says when it fails');
  });
});

/** Milliseconds in which even a busy machine gets round to it, but long before the watchdog of 20 s. */
const AT_ONCE = 10_000;

/** Ends the wait of the late rank. */
function letGo(go: Int32Array): void {
  go[0] = 1;
  Atomics.notify(go, 0);
}

// What happens to the others when one fails does not depend on where their matrices lie.
describe.each(TEAMS.filter(([, size, kind]) => size > 1 && kind === 'shared'))('%s, when something goes wrong,', (_, size, kind) => {
  let ranks: Ranks;
  beforeAll(async () => {
    ranks = await Ranks.start(size, kind, SCENARIOS);
  });
  afterEach(async () => {
    // Whatever happened, the next command starts afresh.
    await ranks.values('allReduceOften', { rounds: 5 });
  });
  afterAll(() => ranks.close());

  test('a rank that throws never leaves the others waiting: they stop and name it', async () => {
    for (const who of allRanks(size)) {
      for (const when of [0, 1, 4]) {
        const started = performance.now();
        const outcomes = await ranks.run('failing', { who, when, rounds: 5 });
        expect(performance.now() - started).toBeLessThan(AT_ONCE);
        expect(codes(outcomes)).toEqual(allRanks(size).map((rank) => (rank === who ? 'E_TASK' : 'E_RANK')));
        for (const rank of allRanks(size)) {
          if (rank !== who) expect(messages(outcomes)[rank]).toBe(`rank ${rank} stopped because rank ${who} failed`);
        }
      }
    }
  });

  test('cancelling wakes every rank that waits, and stops the one that computes at its next collective', async () => {
    for (const late of [0, size - 1]) {
      const go = new Int32Array(new SharedArrayBuffer(4));
      const running = ranks.run('waiting', { late, go });
      await delay(50);
      ranks.control.cancel();
      letGo(go);
      expect(codes(await running)).toEqual(allRanks(size).map(() => 'E_CANCELLED'));
    }
  });

  test('cancelling wakes the waiting ranks at once, and a rank that asks', async () => {
    const running = ranks.run('asking', { late: 0 });
    await delay(30);
    ranks.control.cancel();
    expect(codes(await running)).toEqual(allRanks(size).map(() => 'E_CANCELLED'));
  });

  test('a cancellation at any moment finds all ranks before the same barrier: all pass it, or none does', async () => {
    const { below } = random(size);
    const rounds = 40;
    const seen = new Set<number>();
    for (let run = 0; run < 120; run++) {
      const passed = new Int32Array(new SharedArrayBuffer(4 * size));
      const running = ranks.run('passBarriers', { rounds, slow: run % size, passed });
      // Not before some rank has come so far; the others may be anywhere then.
      const [who, entered] = [below(size), below(rounds + 1)];
      while (ranks.control.standing(who).count < entered);
      ranks.control.cancel();
      for (const code of codes(await running)) expect(['ok', 'E_CANCELLED']).toContain(code);
      expect(new Set(passed).size).toBe(1);
      seen.add(passed[0]);
    }
    expect(seen.size).toBeGreaterThan(5); // or the moments were all alike
  });

  test.each([
    ['another', /do not call the same collectives.*rank 0: collective 2, allReduce; rank 1: collective 2, barrier/],
    ['one more', /do not call the same collectives.*rank 0: collective 3, barrier; rank 1: finished after 2 collectives/],
    ['one less', /do not call the same collectives.*rank 0: finished after 1 collectives; rank 1: collective 2, barrier/],
  ])('ranks that call different collectives (%s on rank 0) are told so at once, with where each stands', async (mismatch, message) => {
    const started = performance.now();
    const outcomes = await ranks.run('mismatched', { kind: mismatch });
    expect(performance.now() - started).toBeLessThan(AT_ONCE);
    const texts = messages(outcomes).filter((text) => text !== 'ok');
    expect(texts.filter((text) => message.test(text))).toHaveLength(1);
    for (const text of texts) expect(text).toMatch(/do not call the same collectives|stopped because rank \d failed/);
  });

  test('a task that catches what its collectives throw does no harm', async () => {
    const times = 1000;
    const results = await ranks.run<number>('stubborn', { who: 0, times });
    // Rank 0 fails each time; no other ever passes. All end the command with an alarm pending.
    expect(codes(results)).toEqual(allRanks(size).map(() => 'E_RANK'));
  });
});

describe.each([2, 4])('the watchdog of %i ranks', (size) => {
  let ranks: Ranks;
  beforeAll(async () => {
    ranks = await Ranks.start(size, 'shared', SCENARIOS, { watchdogSeconds: 1.5 });
  });
  afterAll(() => ranks.close());

  test('lets the waiting ranks go, says where each rank stands, and stops the late one when it comes', async () => {
    const go = new Int32Array(new SharedArrayBuffer(4));
    const running = ranks.run('waiting', { late: 1, go });
    while (ranks.control.failedRank < 0) await delay(10);
    letGo(go);
    const outcomes = await running;
    const standings = allRanks(size).map((rank) => `rank ${rank}: collective ${rank === 1 ? 1 : 2}, barrier`).join('; ');
    const told = messages(outcomes).filter((text) => text.startsWith('rank'));
    expect(codes(outcomes)[1]).toBe('E_RANK');
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.error.code === 'E_WATCHDOG').length).toBeGreaterThan(0);
    expect(told.some((text) => text.includes(`has waited 1.5 s in barrier: ${standings}`))).toBe(true);
    expect(await ranks.values('whoAmI')).toHaveLength(size);
  });
});
