/** What ranks do together in the contract of the communicators. Every function runs on all ranks at once and checks what it can itself. */
import { broadcastValue } from '#src/comm/broadcast-value.js';
import type { Communicator, ReduceOperation } from '#src/comm/communicator.js';
import type { Transfer } from '#src/layout/plan.js';
import { all, slice, type Slice } from '#src/layout/slice.js';
import { Matrix, type StorageOrder } from '#src/local/matrix.js';
import type { Dtype } from '#src/local/rank-memory.js';
import { random } from '../random.js';
import type { RankContext } from './rank-worker.js';

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Does nothing for a while, as a rank that computes. */
function idle(milliseconds: number): void {
  Atomics.wait(clock, 0, 0, milliseconds);
}

function must(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message());
}

/** Entry (i, j) of rank `rank`: an integer that tells all three, exact in f32 too. */
const entry = (rank: number, i: number, j: number): number => rank * 2 ** 20 + i * 2 ** 10 + j;

function filled({ memory }: RankContext, dtype: Dtype, height: number, width: number, order: StorageOrder, value: (i: number, j: number) => number): Matrix {
  const A = Matrix.alloc(memory, dtype, height, width, order);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) A.set(i, j, value(i, j));
  return A;
}

/** In each round everybody counts up before the barrier and finds the full count behind it, however late some come. */
export function barriers({ comm }: RankContext, { counter, rounds }: { counter: Int32Array; rounds: number }): void {
  const { next } = random(comm.rank);
  for (let round = 1; round <= rounds; round++) {
    if (next() < 0.2) idle(next() * 4);
    Atomics.add(counter, 0, 1);
    comm.barrier();
    const count = Atomics.load(counter, 0);
    must(count >= round * comm.size, () => `rank ${comm.rank} passed barrier ${round} when only ${count} had come`);
    comm.barrier();
  }
}

export interface StridedCase {
  readonly dtype: Dtype;
  readonly from: StorageOrder;
  readonly to: StorageOrder;
  readonly rows: Slice;
  readonly cols: Slice;
  /** Rows and columns between the entries as they are written. */
  readonly gap: number;
  readonly alpha?: number;
}

const last = ({ start, step, count }: Slice): number => start + step * (count - 1) + 1;

/** Everybody pulls the same strided block from everybody, and puts the blocks of the ranks in rows below each other. */
export function exchangeStrided(context: RankContext, { dtype, from, to, rows, cols, gap, alpha }: StridedCase): { moved: number; copied: number } {
  const { comm, memory } = context;
  const { rank, size } = comm;
  return memory.heap.scope(() => {
    const A = filled(context, dtype, last(rows) + 2, last(cols) + 1, from, (i, j) => entry(rank, i, j));
    const B = filled(context, dtype, size * rows.count * gap + 1, cols.count * gap, to, () => -1);
    const targetRows = (peer: number): Slice => slice(peer * rows.count * gap + 1, gap, rows.count);
    const targetCols = slice(gap - 1, gap, cols.count);
    const transfers = Array.from({ length: size }, (_, peer): Transfer => ({ peer, source: { rows, cols }, target: { rows: targetRows(peer), cols: targetCols } }));
    comm.takeCost();
    comm.exchange(transfers, A, B, alpha);
    const { bytesMoved, bytesCopied } = comm.takeCost();
    for (let i = 0; i < B.height; i++) {
      for (let j = 0; j < B.width; j++) {
        const [a, b] = [(i - 1) / gap, (j + 1) / gap - 1];
        const written = Number.isInteger(a) && a >= 0 && a < size * rows.count && Number.isInteger(b);
        const value = written ? entry(Math.floor(a / rows.count), rows.start + (a % rows.count) * rows.step, cols.start + b * cols.step) : 0;
        const expected = !written ? -1 : alpha === undefined ? value : -1 + alpha * value;
        if (B.get(i, j) !== expected) throw new Error(`entry (${i}, ${j}) is ${B.get(i, j)}, not ${expected}`);
      }
    }
    return { moved: bytesMoved, copied: bytesCopied };
  });
}

/** Only rank `holder` has a source and only rank `taker` a target. */
export function exchangeOneToOne(context: RankContext, { holder, taker }: { holder: number; taker: number }): void {
  const { comm } = context;
  const block = { rows: all(3), cols: all(2) };
  const A = comm.rank === holder ? filled(context, 'f64', 3, 2, 'column', (i, j) => entry(holder, i, j)) : null;
  const B = comm.rank === taker ? filled(context, 'f64', 3, 2, 'row', () => -1) : null;
  comm.exchange(B ? [{ peer: holder, source: block, target: block }] : [], A, B);
  for (let i = 0; B && i < 3; i++) for (let j = 0; j < 2; j++) must(B.get(i, j) === entry(holder, i, j), () => `(${i}, ${j}) is ${B.get(i, j)}`);
}

/** What a rank adds to one entry: numbers whose sum depends on the order of adding. */
export const partial = (rank: number, i: number): number => [1e16, 1, -1e16, 1 / 3, 2 ** -40][(rank + i) % 5] * (1 + rank / 7);

/** Adds all ranks' columns, in the order given, and returns what came out. */
export function exchangeInOrder(context: RankContext, { order, length }: { order: number[]; length: number }): Float64Array {
  const { comm } = context;
  const A = filled(context, 'f64', length, 1, 'column', (i) => partial(comm.rank, i));
  const B = filled(context, 'f64', length, 1, 'column', () => 0);
  const block = { rows: all(length), cols: all(1) };
  comm.exchange(order.map((peer): Transfer => ({ peer, source: block, target: block })), A, B, 1);
  return Float64Array.from(B.flat);
}

/** The source is overwritten as soon as the exchange is over; what was pulled must be what was there before. */
export function exchangeAndOverwrite(context: RankContext, { rounds, length }: { rounds: number; length: number }): void {
  const { comm } = context;
  const { rank, size } = comm;
  const block = { rows: all(length), cols: all(1) };
  const peer = (rank + 1) % size;
  const { next } = random(rank);
  const A = filled(context, 'f64', length, 1, 'column', () => 0);
  const B = filled(context, 'f64', length, 1, 'column', () => 0);
  for (let round = 0; round < rounds; round++) {
    A.flat.fill(entry(rank, round, 0));
    comm.exchange([{ peer, source: block, target: block }], A, B);
    A.flat.fill(-1);
    if (next() < 0.1) idle(1);
    must(B.flat.every((x) => x === entry(peer, round, 0)), () => `round ${round}: rank ${rank} got ${B.get(0, 0)}`);
  }
}

export function allReduce({ comm }: RankContext, { length, operation }: { length: number; operation?: ReduceOperation }): Float64Array {
  const x = Float64Array.from({ length }, (_, i) => partial(comm.rank, i));
  comm.allReduce(x, operation);
  return x;
}

/** Small collectives in quick succession: a slow reader must never see the numbers of a later one. */
export function allReduceOften({ comm }: RankContext, { rounds }: { rounds: number }): void {
  const { rank, size } = comm;
  const { next } = random(rank);
  for (let round = 0; round < rounds; round++) {
    const x = Float64Array.of(rank + round, 1);
    comm.allReduce(x);
    must(x[0] === (size * (size - 1)) / 2 + size * round && x[1] === size, () => `round ${round}: ${x}`);
    const y = Float64Array.of(round);
    comm.broadcast(y, round % size);
    must(y[0] === round, () => `round ${round}: ${y}`);
    if (next() < 0.02) idle(1);
  }
}

/** allReduce of too many numbers, and then of few: the refusal costs nothing but itself. */
export function allReduceTooLong({ comm }: RankContext, { length }: { length: number }): string {
  let refusal = '';
  try {
    comm.allReduce(new Float64Array(length));
  } catch (error) {
    refusal = (error as { code?: string }).code ?? String(error);
  }
  const x = Float64Array.of(1);
  comm.allReduce(x);
  must(x[0] === comm.size, () => `then the sum is ${x[0]}`);
  return refusal;
}

export interface SumCase {
  readonly dtype: Dtype;
  readonly height: number;
  readonly width: number;
  readonly order: StorageOrder;
  /** Whether X is a part of a larger matrix, which must not change around it. */
  readonly view: boolean;
}

/** Σ over the ranks of X; the sum by rows, and whether the rest of the matrix was left alone. */
export function allReduceMatrix(context: RankContext, { dtype, height, width, order, view }: SumCase): { sum: number[]; moved: number } {
  const { comm } = context;
  const margin = view ? 2 : 0;
  const A = filled(context, dtype, height + 2 * margin, width + 2 * margin, order, (i, j) => partial(comm.rank, (i - margin) * width + (j - margin) + 5 * margin * (width + 1)));
  const before = (i: number, j: number): number => partial(comm.rank, (i - margin) * width + (j - margin) + 5 * margin * (width + 1));
  const inside = (i: number, j: number): boolean => i >= margin && j >= margin && i < margin + height && j < margin + width;
  const X = A.view(margin, margin, height, width);
  comm.takeCost();
  comm.allReduceMatrix(X);
  const moved = comm.takeCost().bytesMoved;
  const rounded = dtype === 'f64' ? (x: number) => x : Math.fround;
  for (let i = 0; i < A.height; i++) {
    for (let j = 0; j < A.width; j++) must(inside(i, j) || A.get(i, j) === rounded(before(i, j)), () => `(${i}, ${j}) outside changed`);
  }
  const sum: number[] = [];
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) sum.push(X.get(i, j));
  return { sum, moved };
}

export function broadcast({ comm }: RankContext, { length, root }: { length: number; root: number }): void {
  const x = Float64Array.from({ length }, (_, i) => (comm.rank === root ? i / 3 : NaN));
  comm.broadcast(x, root);
  must(x.every((value, i) => value === i / 3), () => `rank ${comm.rank} has a wrong number`);
}

export function broadcastOfValue({ comm }: RankContext, { value, root }: { value: unknown; root: number }): unknown {
  return broadcastValue(comm, comm.rank === root ? value : undefined, root);
}

/** Meets `rounds` times; rank `who` throws before the meeting `when`. */
export function failing({ comm }: RankContext, { who, when, rounds }: { who: number; when: number; rounds: number }): void {
  for (let round = 0; round < rounds; round++) {
    if (comm.rank === who && round === when) {
      idle(20); // the others wait already
      throw new RangeError('what a rank says when it fails');
    }
    comm.allReduce(Float64Array.of(round));
  }
}

/** Counts the barriers that each rank passes until it is stopped; rank `slow` comes late to the last one. */
export function passBarriers({ comm }: RankContext, { rounds, slow, passed }: { rounds: number; slow: number; passed: Int32Array }): void {
  for (let round = 0; round < rounds; round++) {
    if (comm.rank === slow && round === rounds - 1) idle(1);
    comm.barrier();
    passed[comm.rank]++;
  }
}

/** Rank `late` works until it is let go, and then looks whether it should stop. */
export function waiting({ comm }: RankContext, { late, go }: { late: number; go: Int32Array }): void {
  comm.barrier();
  if (comm.rank === late) Atomics.wait(go, 0, 0);
  comm.barrier();
}

/** All wait for rank `late`, which never meets anybody, but asks from time to time whether it should stop. */
export function asking({ comm }: RankContext, { late }: { late: number }): void {
  if (comm.rank === late) {
    for (let t = 0; t < 10_000; t++) {
      comm.checkCancelled();
      idle(1);
    }
    throw new Error('it was never told to stop');
  }
  comm.barrier();
}

/** Rank 0 calls other collectives than its peers. */
export function mismatched({ comm }: RankContext, { kind }: { kind: 'another' | 'one more' | 'one less' }): void {
  comm.barrier();
  if (kind === 'another' && comm.rank === 0) comm.allReduce(Float64Array.of(1));
  else if (kind !== 'one less' || comm.rank !== 0) comm.barrier();
  if (kind === 'one more' && comm.rank === 0) comm.barrier();
}

/** A task that catches what its collectives throw, and goes on regardless. */
export function stubborn({ comm }: RankContext, { who, times }: { who: number; times: number }): number {
  let caught = 0;
  for (let t = 0; t < times; t++) {
    try {
      if (comm.rank === who) throw new Error('now');
      comm.barrier();
    } catch {
      if (comm.rank === who) comm.abort();
      caught++;
    }
  }
  return caught;
}

/** What a rank has counted for a barrier, an exchange and a broadcast. */
export function counted(context: RankContext): unknown {
  const { comm } = context;
  comm.takeCost();
  comm.barrier();
  const A = filled(context, 'f64', 2, 2, 'column', () => 1);
  const block = { rows: all(2), cols: all(2) };
  const peer = (comm.rank + 1) % comm.size;
  comm.exchange([{ peer, source: block, target: block }], A, Matrix.alloc(A.memory, 'f64', 2, 2));
  comm.broadcast(new Float64Array(3), 0);
  const { bytesMoved, bytesCopied, exchanges, seconds } = comm.takeCost();
  const after = comm.takeCost();
  return { bytesMoved, bytesCopied, exchanges, timed: seconds >= 0 && seconds < 10, cleared: Object.values(after).every((x) => x === 0) };
}

export const whoAmI = ({ comm }: RankContext): Pick<Communicator, 'rank' | 'size'> => ({ rank: comm.rank, size: comm.size });
