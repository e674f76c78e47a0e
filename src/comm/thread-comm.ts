/** The team of worker threads: ranks meet at a barrier in shared words and pull from each other's shared memory. */
import { AlchemistError, cancelled } from '../errors.js';
import { type Block, entries } from '../layout/block.js';
import type { Transfer } from '../layout/plan.js';
import { type Slice, slice } from '../layout/slice.js';
import { Matrix } from '../local/matrix.js';
import { itemBytes, type RankMemory } from '../local/rank-memory.js';
import * as blas from '../local/blas.js';
import { type Communicator, type CommunicationCost, mustFitSlot, noCost, type ReduceOperation, SLOT_NUMBERS } from './communicator.js';
import { type Collective, type ControlBlock, isAlarmed, isPassed } from './control-block.js';
import { pullAll, pullBlock, pushAll } from './pull.js';
import { bundles, unitAxis } from './weave.js';

/** How often a spinning rank looks between two looks at the clock. */
const SPINS = 50;

/** Where a rank posts, in its placement, how its matrices lie, and rank 0 whether blocks are pushed. */
const PLACE = { from: 0, to: 3, pushes: 6 } as const;
/** Entries of a share, for each rank of the team, that are worth the plans of all receivers. */
const LEAST_PUSHED = 2 ** 10;

const placementOf = (A: Matrix | null): readonly number[] => (A ? [A.ptr, A.rowStride, A.colStride] : [0, 0, 0]);

export interface ThreadCommOptions {
  /** Seconds after which a rank that still waits gives up. */
  watchdogSeconds: number;
  /** Microseconds of spinning before a waiting rank sleeps: worth it while every rank has a core. */
  spinMicroseconds: number;
}

export class ThreadComm implements Communicator {
  #cost = noCost();
  #entered = 0;
  /** Small contributions alternate between two places, so that one barrier per collective is enough: nobody can write a place again before
   *  the barrier of the collective in between, which all readers of it have passed. */
  #turn = 0;

  constructor(
    readonly rank: number,
    readonly size: number,
    /** Every rank's memory as seen from this thread, by rank. */
    readonly memories: readonly RankMemory[],
    readonly control: ControlBlock,
    readonly options: ThreadCommOptions,
  ) {}

  barrier(): void {
    this.#timed(() => this.#meet('barrier'));
  }

  exchange(transfers: readonly Transfer[], from: Matrix | null, to: Matrix | null, alpha?: number, deliveries?: () => readonly Transfer[]): void {
    this.#timed(() => {
      const turn = this.#nextTurn();
      const post = this.control.placement(this.rank, turn);
      post.set(placementOf(from), PLACE.from);
      post.set(placementOf(to), PLACE.to);
      if (this.rank === 0) post[PLACE.pushes] = Number(alpha === undefined && this.#shallPush(from, deliveries));
      this.#meet('exchange');
      const count = (peer: number, bytes: number): void => {
        if (peer === this.rank) this.#cost.bytesCopied += bytes;
        else this.#cost.bytesMoved += bytes;
      };
      if (this.control.placement(0, turn)[PLACE.pushes]) {
        for (const { peer, target } of transfers) count(peer, entries(target) * itemBytes(to!.dtype));
        if (from) pushAll(deliveries!(), from, ({ peer, target }) => (peer === this.rank ? to! : this.#matrixOf(peer, turn, PLACE.to, target, from)));
      } else {
        pullAll(transfers, ({ peer, source }) => (peer === this.rank ? from! : this.#matrixOf(peer, turn, PLACE.from, source, to!)), to, alpha, count);
      }
      this.#cost.exchanges++;
      this.#meet('exchange');
    });
  }

  /** Whether blocks leave `from` interleaved, so that putting them reads its cache lines once, and pulling them once for every receiver. */
  #shallPush(from: Matrix | null, deliveries: (() => readonly Transfer[]) | undefined): boolean {
    if (!from || !deliveries || from.size < LEAST_PUSHED * this.size || !this.memories.every((memory) => memory.sameSpace(from.memory))) return false;
    return bundles(deliveries().map(({ peer, source, target }) => ({ peer, part: target, whole: source })), unitAxis(from)).length > 0;
  }

  /** The matrix that a peer has posted at `place`; only the part up to the block's last entry is known, and needed. */
  #matrixOf(peer: number, turn: number, place: number, { rows, cols }: Block, like: Matrix): Matrix {
    const [ptr, rowStride, colStride] = this.control.placement(peer, turn).subarray(place);
    const extent = (s: Slice): number => s.start + s.step * (s.count - 1) + 1;
    return new Matrix(this.memories[peer], like.dtype, extent(rows), extent(cols), ptr, rowStride, colStride);
  }

  allReduce(x: Float64Array, operation: ReduceOperation = 'sum'): void {
    mustFitSlot(x);
    this.#timed(() => {
      const turn = this.#nextTurn();
      this.control.slot(this.rank, turn).set(x);
      this.#meet('allReduce');
      x.set(this.control.slot(0, turn).subarray(0, x.length));
      for (let peer = 1; peer < this.size; peer++) {
        const theirs = this.control.slot(peer, turn);
        if (operation === 'sum') for (let i = 0; i < x.length; i++) x[i] += theirs[i];
        else if (operation === 'max') for (let i = 0; i < x.length; i++) x[i] = Math.max(x[i], theirs[i]);
        else for (let i = 0; i < x.length; i++) x[i] = Math.min(x[i], theirs[i]);
      }
    });
  }

  allReduceMatrix(X: Matrix): void {
    if (this.size === 1) return;
    this.#timed(() => {
      const turn = this.#nextTurn();
      this.control.placement(this.rank, turn).set(placementOf(X), PLACE.from);
      this.#meet('allReduceMatrix');
      const { heap } = X.memory;
      heap.scope(() => {
        const block = { rows: slice(0, 1, X.height), cols: slice(0, 1, X.width) };
        const sum = Matrix.alloc(X.memory, X.dtype, X.height, X.width);
        for (let peer = 0; peer < this.size; peer++) {
          const theirs = peer === this.rank ? X : this.#matrixOf(peer, turn, PLACE.from, block, X);
          const bytes = pullBlock(theirs, block, sum, block, peer === 0 ? undefined : 1);
          if (peer !== this.rank) this.#cost.bytesMoved += bytes;
        }
        this.#meet('allReduceMatrix');
        blas.copy(sum, X);
      });
    });
  }

  broadcast(x: Float64Array, root: number): void {
    this.#timed(() => {
      for (let start = 0; start < x.length || start === 0; start += SLOT_NUMBERS) {
        const part = x.subarray(start, start + SLOT_NUMBERS);
        const turn = this.#nextTurn();
        if (this.rank === root) this.control.slot(root, turn).set(part);
        this.#meet('broadcast');
        if (this.rank !== root) part.set(this.control.slot(root, turn).subarray(0, part.length));
        if (this.rank !== root) this.#cost.bytesMoved += part.length * itemBytes('f64');
      }
    });
  }

  abort(): void {
    this.control.fail(this.rank);
  }

  checkCancelled(): void {
    const { control, rank } = this;
    if (!isAlarmed(control.state)) return;
    if (control.cancelled) throw cancelled();
    const { failedRank } = control;
    throw new AlchemistError('E_RANK', `rank ${rank} stopped because rank ${failedRank} failed`, { fields: { rank, failedRank } });
  }

  takeCost(): CommunicationCost {
    const cost = this.#cost;
    this.#cost = noCost();
    return cost;
  }

  /** Starts a command: ranks count their collectives from zero, so that a mismatch shows. */
  begin(): void {
    this.#entered = 0;
    this.#turn = 0;
  }

  /**
   * Ends a command, without waiting for the others: a peer that is still in a collective, or enters another one, learns by this that nobody
   * will come.
   */
  end(): void {
    this.checkCancelled();
    this.#arrive('end');
  }

  #nextTurn(): number {
    this.#turn ^= 1;
    return this.#turn;
  }

  #timed(collective: () => void): void {
    const start = performance.now();
    try {
      collective();
    } finally {
      this.#cost.seconds += (performance.now() - start) / 1000;
    }
  }

  /** The barrier under every collective: spin for a moment, then sleep; give up when a peer failed, the caller cancelled, or time is out. */
  #meet(kind: Collective): void {
    this.checkCancelled();
    this.#cost.barriers++;
    const { control } = this;
    const mine = this.#arrive(kind);
    const start = performance.now();
    const spinUntil = start + this.options.spinMicroseconds / 1000;
    const deadline = start + this.options.watchdogSeconds * 1000;
    for (;;) {
      const { state } = control;
      if (isPassed(state, mine)) return;
      if (isAlarmed(state)) this.checkCancelled();
      const now = performance.now();
      if (now < spinUntil) {
        for (let i = 0; i < SPINS; i++) if (control.state !== state) break;
      } else if (now < deadline) control.sleep(state, deadline - now);
      else if (control.failAt(mine, this.rank)) throw this.#watchdogError(kind);
    }
  }

  /** Says that this rank is at a collective, and opens the barrier when it is the last to come. @returns the state that this made. */
  #arrive(kind: Collective): number {
    const { control, rank } = this;
    control.enter(rank, ++this.#entered, kind);
    const mine = control.arrive();
    if (control.isComplete(mine)) {
      this.#mustAgree(kind);
      if (!control.open(mine)) this.checkCancelled();
    }
    return mine;
  }

  /** The last to arrive compares: ranks in different collectives are a bug in a task, and would exchange nonsense. */
  #mustAgree(kind: Collective): void {
    const { control, rank, size } = this;
    for (let peer = 0; peer < size; peer++) {
      const theirs = control.standing(peer);
      if (theirs.kind === kind && theirs.count === this.#entered) continue;
      control.fail(rank);
      throw new AlchemistError('E_TASK', `the ranks do not call the same collectives: ${this.#standings()}`, {
        hint: 'a task must make the same collective calls on every rank, whatever data the rank holds',
      });
    }
  }

  #watchdogError(kind: Collective): AlchemistError {
    return new AlchemistError(
      'E_WATCHDOG',
      `rank ${this.rank} has waited ${this.options.watchdogSeconds} s in ${kind}: ${this.#standings()}`,
      { hint: 'a rank computes for longer than the watchdog allows, or has left the common sequence of collectives; raise watchdogSeconds for very long steps' },
    );
  }

  #standings(): string {
    return Array.from({ length: this.size }, (_, peer) => {
      const { count, kind } = this.control.standing(peer);
      if (kind === 'end') return `rank ${peer}: finished after ${count - 1} collectives`;
      return `rank ${peer}: ${count === 0 ? 'no collective yet' : `collective ${count}, ${kind}`}`;
    }).join('; ');
  }
}
