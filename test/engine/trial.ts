/** A library of tasks that try the engine: they fail, die, hang, report and return in every way that a task can. */
import { DistMatrix } from '#src/dist/dist-matrix.js';
import type { Library } from '#src/library/library.js';
import { defineTask, type Params, type Results, type Task } from '#src/library/task.js';
import * as blas from '#src/local/blas.js';

const clock = new Int32Array(new SharedArrayBuffer(4));
const idle = (milliseconds: number): void => void Atomics.wait(clock, 0, 0, milliseconds);

const RANK = { type: 'integer', min: 0, about: 'the rank that differs' } as const;

const fail = defineTask({
  name: 'fail',
  about: 'one rank throws, after all have allocated; the others wait for it, or have finished',
  params: { rank: RANK, others: { type: 'text', oneOf: ['wait', 'finish'], default: 'wait', about: 'what the others do' } },
  returns: { A: 'never' },
  run({ grid }, { rank, others }) {
    const A = DistMatrix.create(grid, { height: 100, width: 100 });
    if (grid.rank === rank) {
      idle(30);
      throw new RangeError('a mistake in a task');
    }
    if (others === 'wait') grid.comm.barrier();
    return { A };
  },
});

const trap = defineTask({
  name: 'trap',
  about: 'one rank calls a kernel with an address outside its memory',
  params: { rank: RANK },
  returns: {},
  run({ grid }, { rank }) {
    const { kernels, region } = grid.memory;
    if (grid.rank === rank) kernels.f64.dot(1000, region.memory.buffer.byteLength - 64, 1, 64, 1);
    grid.comm.barrier();
    return {};
  },
});

const die = defineTask({
  name: 'die',
  about: 'the threads of some ranks end while the others wait; or a moment after the task',
  params: { ranks: { type: 'reals', about: 'whose' }, how: { type: 'text', oneOf: ['exit', 'error later', 'exit later'], about: 'how' } },
  returns: {},
  run({ grid }, { ranks, how }) {
    const mine = ranks.includes(grid.rank);
    if (mine && how === 'exit') process.exit(3);
    if (mine && how === 'exit later') setTimeout(() => process.exit(4), 20);
    if (mine && how === 'error later') setTimeout(() => Promise.reject(new TypeError('an error that nobody caught')), 20);
    grid.comm.barrier();
    return {};
  },
});

const wait = defineTask({
  name: 'wait',
  about: 'meets again and again for some time, and says how often; progress after each meeting',
  params: { milliseconds: { type: 'real', about: 'how long' } },
  returns: { meetings: 'how many' },
  run({ grid, progress }, { milliseconds }) {
    const end = performance.now() + milliseconds;
    const go = new Float64Array(1);
    for (let meetings = 1; ; meetings++) {
      idle(2);
      go[0] = performance.now() < end ? 1 : 0;
      grid.comm.broadcast(go, 0);
      if (go[0] === 0) return { meetings };
      progress({ step: meetings });
    }
  },
});

const compute = defineTask({
  name: 'compute',
  about: 'one rank computes for some time without ever meeting the others, who finish, or wait',
  params: { rank: RANK, milliseconds: { type: 'real', about: 'how long' }, meet: { type: 'boolean', default: true, about: 'whether the others wait' } },
  returns: {},
  run({ grid }, { rank, milliseconds, meet }) {
    const end = performance.now() + milliseconds;
    while (grid.rank === rank && performance.now() < end);
    if (meet) grid.comm.barrier();
    return {};
  },
});

const report = defineTask({
  name: 'report',
  about: 'reports progress as fast as it can, and ends at once after the last line',
  params: { lines: { type: 'integer', about: 'how many' } },
  returns: { A: 'a matrix' },
  run({ grid, progress }, { lines }) {
    for (let step = 1; step <= lines; step++) progress({ step, steps: lines, note: 'so far', values: { half: step / 2 } });
    return { A: DistMatrix.create(grid, { height: 2, width: 2 }) };
  },
});

const values = defineTask({
  name: 'values',
  about: 'returns a value of each kind, and matrices',
  params: { A: { type: 'matrix', about: 'comes back' } },
  returns: { same: 'A', fresh: 'A + 1', number: '', text: '', yes: '', nothing: '', list: '', array: '', record: '' },
  run({ grid }, { A }) {
    const fresh = A.like();
    blas.copy(A.local, fresh.local);
    const one = A.like();
    blas.fill(1, one.local);
    blas.add(1, one.local, fresh.local);
    return { same: A, fresh, number: 1 / 3, text: 'çà', yes: true, nothing: null, list: [1, 2], array: Float64Array.of(1, NaN), record: { by: { rank: grid.rank } } };
  },
});

const broken = defineTask({
  name: 'broken',
  about: 'returns what cannot be returned',
  params: { kind: { type: 'text', oneOf: ['a function', 'a view', 'the same twice', 'nothing at all'], about: 'what' }, A: { type: 'matrix', optional: true, about: '' } },
  returns: { bad: '' },
  run({ grid }, { kind, A }): Results {
    if (kind === 'nothing at all') return undefined as never;
    if (kind === 'a function') return { bad: (() => 1) as never };
    const B = A ?? DistMatrix.create(grid, { height: 4, width: 4 });
    return kind === 'a view' ? { bad: B.view({ start: 1, count: 2 }) } : { bad: B, worse: B.transposed };
  },
});

const mismatch = defineTask({
  name: 'mismatch',
  about: 'rank 0 returns before the others have met',
  params: {},
  returns: {},
  run({ grid }) {
    if (grid.rank !== 0) grid.comm.barrier();
    return {};
  },
});

const exhaust = defineTask({
  name: 'exhaust',
  about: 'allocates until the memory is full, without having announced it',
  params: { rank: RANK },
  returns: {},
  run({ grid }, { rank }) {
    while (grid.rank === rank) DistMatrix.create(grid, { height: 1000, width: 1000 });
    grid.comm.barrier();
    return {};
  },
});

const announce = defineTask({
  name: 'announce',
  about: 'needs as much memory as it is told to say, and must not run when there is less',
  params: { bytes: { type: 'real', about: 'how many' } },
  returns: { ran: 'that it ran' },
  cost: ({ bytes }) => ({ flops: 0, bytesMoved: 0, memoryPerRank: bytes }),
  run: () => ({ ran: true }),
});

const sum = defineTask({
  name: 'sum',
  about: 'Σ of the entries over all ranks, in rank order',
  params: { A: { type: 'matrix', about: 'any' } },
  returns: { value: 'the sum' },
  run({ grid }, { A }) {
    const ones = A.like();
    blas.fill(1, ones.local);
    const total = Float64Array.of(blas.dot(A.local, ones.local));
    grid.comm.allReduce(total);
    return { value: total[0] };
  },
});

const TASKS = [fail, trap, die, wait, compute, report, values, broken, mismatch, exhaust, announce, sum].map(<P extends Params>(task: Task<P>) => task as unknown as Task);

const trial: Library = {
  name: 'trial',
  about: 'tasks that try the engine',
  tasks: Object.fromEntries(TASKS.map((task) => [task.name, async () => task])),
};

export default trial;
