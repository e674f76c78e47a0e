/** The few shared words through which the ranks of a team meet: one SharedArrayBuffer, written by ranks and by the thread that leads them. */
import { SLOT_NUMBERS } from './communicator.js';

/** Int32 words: the state of the barrier, then, each on cache lines of its own, what the ranks post. */
const WORD = { state: 0, perRank: 16 } as const;

/**
 * One word holds all that decides a barrier, so that meeting and alarm exclude each other: either every rank passes, or none does.
 *
 *     bits   31 … 19      18 … 9                                          8 … 0
 *            generation   alarm: 0, or failed rank + 1, or CANCELLED      ranks that have arrived
 *
 * The generation wraps around; nobody can miss 8192 of them, since every rank takes part in each.
 */
const ARRIVED = 0x1ff;
const ALARM_SHIFT = 9;
const ALARM = 0x3ff << ALARM_SHIFT;
const CANCELLED = 0x3ff;
const GENERATION = 1 << 19;
/** More ranks than this have no place in the word. */
export const MOST_RANKS = 256;

/** Int32 words of each rank, on a cache line of its own: how many collectives it has entered, and which one last. */
const RANK_WORDS = 16;
/** Float64 numbers by which a rank tells where its source and its target lie: ptr, rowStride and colStride of each, and one more. */
const PLACEMENT_NUMBERS = 8;

/** The collectives, by the number that a rank posts when it enters one; 'end' is the end of a command. */
export const COLLECTIVES = ['nothing', 'barrier', 'exchange', 'allReduce', 'allReduceMatrix', 'broadcast', 'end'] as const;
export type Collective = (typeof COLLECTIVES)[number];

export class ControlBlock {
  readonly words: Int32Array;
  readonly #placements: Float64Array;
  readonly #slots: Float64Array;

  constructor(
    readonly buffer: SharedArrayBuffer,
    readonly size: number,
  ) {
    const { rankWords, placements, slots } = ControlBlock.#offsets(size);
    this.words = new Int32Array(buffer, 0, rankWords);
    this.#placements = new Float64Array(buffer, placements, 2 * size * PLACEMENT_NUMBERS);
    this.#slots = new Float64Array(buffer, slots, 2 * size * SLOT_NUMBERS);
  }

  static create(size: number): ControlBlock {
    return new ControlBlock(new SharedArrayBuffer(ControlBlock.#offsets(size).bytes), size);
  }

  static #offsets(size: number) {
    const rankWords = WORD.perRank + size * RANK_WORDS;
    const placements = rankWords * 4;
    const slots = placements + 2 * size * PLACEMENT_NUMBERS * 8;
    return { rankWords, placements, slots, bytes: slots + 2 * size * SLOT_NUMBERS * 8 };
  }

  /** The state now, to be asked by the functions below. */
  get state(): number {
    return Atomics.load(this.words, WORD.state);
  }

  /** Counts a rank in; the state that it made. */
  arrive(): number {
    return Atomics.add(this.words, WORD.state, 1) + 1;
  }

  /** Whether the arrival that made this state was the last one; that rank must then {@link open} the barrier. */
  isComplete(state: number): boolean {
    return (state & ARRIVED) === this.size;
  }

  /** Lets everybody pass who has arrived by `state`; false when an alarm came first, and then nobody passes. */
  open(state: number): boolean {
    const next = (state & ~(ARRIVED | ALARM)) + GENERATION;
    if (isAlarmed(state) || Atomics.compareExchange(this.words, WORD.state, state, next | 0) !== state) return false;
    Atomics.notify(this.words, WORD.state);
    return true;
  }

  /** Sleeps until the state may have changed from `state`, at most this long. */
  sleep(state: number, milliseconds: number): void {
    Atomics.wait(this.words, WORD.state, state, milliseconds);
  }

  /** Rank that failed, or -1. */
  get failedRank(): number {
    const alarm = alarmOf(this.state);
    return alarm === CANCELLED ? -1 : alarm - 1;
  }

  get cancelled(): boolean {
    return alarmOf(this.state) === CANCELLED;
  }

  /** Says that `rank` has failed, so that every rank stops at its next collective. */
  fail(rank: number): void {
    this.#raise(rank + 1);
  }

  /** As {@link fail}, unless the barrier at which the rank arrived by `arrival` has been passed in the meantime: then false. */
  failAt(arrival: number, rank: number): boolean {
    return this.#raise(rank + 1, arrival);
  }

  /** Asks every rank to stop at its next collective. */
  cancel(): void {
    this.#raise(CANCELLED);
  }

  /** The first alarm counts, later ones change nothing. Wakes all sleepers. */
  #raise(alarm: number, arrival?: number): boolean {
    for (;;) {
      const { state } = this;
      if (arrival !== undefined && isPassed(state, arrival)) return false;
      if (isAlarmed(state)) return true;
      if (Atomics.compareExchange(this.words, WORD.state, state, state | (alarm << ALARM_SHIFT)) !== state) continue;
      Atomics.notify(this.words, WORD.state);
      return true;
    }
  }

  /** Forgets alarms and half-met barriers. Only while no rank is inside a command. */
  reset(): void {
    Atomics.store(this.words, WORD.state, 0);
    for (let rank = 0; rank < this.size; rank++) this.words.fill(0, ...this.#wordsOf(rank));
  }

  /** Posts that `rank` has entered its n-th collective, and which. */
  enter(rank: number, count: number, kind: Collective): void {
    const [at] = this.#wordsOf(rank);
    Atomics.store(this.words, at + 1, COLLECTIVES.indexOf(kind));
    Atomics.store(this.words, at, count);
  }

  /** How many collectives a rank has entered, and the last one. */
  standing(rank: number): { count: number; kind: Collective } {
    const [at] = this.#wordsOf(rank);
    return { count: Atomics.load(this.words, at), kind: COLLECTIVES[Atomics.load(this.words, at + 1)] };
  }

  #wordsOf(rank: number): [start: number, end: number] {
    const start = WORD.perRank + rank * RANK_WORDS;
    return [start, start + RANK_WORDS];
  }

  /** The numbers by which `rank` tells where its matrices lie, in one of two alternating places (`turn` 0 or 1). */
  placement(rank: number, turn: number): Float64Array {
    const start = (turn * this.size + rank) * PLACEMENT_NUMBERS;
    return this.#placements.subarray(start, start + PLACEMENT_NUMBERS);
  }

  /** The small numbers that `rank` contributes to a collective, in one of two alternating places. */
  slot(rank: number, turn: number): Float64Array {
    const start = (turn * this.size + rank) * SLOT_NUMBERS;
    return this.#slots.subarray(start, start + SLOT_NUMBERS);
  }
}

/** Whether, by `state`, a rank has failed or the caller has cancelled. */
export const isAlarmed = (state: number): boolean => (state & ALARM) !== 0;

/** Whether, by `state`, the barrier at which a rank arrived by `arrival` has been opened. */
export const isPassed = (state: number, arrival: number): boolean => ((state ^ arrival) & ~(ARRIVED | ALARM)) !== 0;

const alarmOf = (state: number): number => (state & ALARM) >>> ALARM_SHIFT;
