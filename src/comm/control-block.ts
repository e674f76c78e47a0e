/** The few shared words through which the ranks of a team meet: one SharedArrayBuffer, written by ranks and by the thread that leads them. */

/** Numbers that one small collective can carry per rank. */
export const SLOT_NUMBERS = 4096;

/** Int32 words at the front. */
const WORD = { arrived: 0, generation: 1, failedRank: 2, cancelled: 3, perRank: 16 } as const;
/** Int32 words of each rank, on a cache line of its own: how many collectives it has entered, and which one last. */
const RANK_WORDS = 16;
/** Float64 numbers by which a rank tells where its source matrix lies: ptr, rowStride, colStride. */
const PLACEMENT_NUMBERS = 8;

/** The collectives, by the number that a rank posts when it enters one. */
export const COLLECTIVES = ['nothing', 'barrier', 'exchange', 'allReduce', 'allReduceMatrix', 'broadcast'] as const;
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

  /** Index of the word that ranks sleep on. */
  readonly generation = WORD.generation;

  /** Counts this rank in; true for the one that completes the team, which must then open the next generation. */
  arrive(): boolean {
    return Atomics.add(this.words, WORD.arrived, 1) === this.size - 1;
  }

  /** Lets everybody go on. */
  open(): void {
    Atomics.store(this.words, WORD.arrived, 0);
    Atomics.add(this.words, WORD.generation, 1);
    Atomics.notify(this.words, WORD.generation);
  }

  /** Rank that failed first, or -1. */
  get failedRank(): number {
    return Atomics.load(this.words, WORD.failedRank) - 1;
  }

  /** Marks `rank` as failed, if nobody failed before it, and wakes everybody who waits. */
  fail(rank: number): void {
    Atomics.compareExchange(this.words, WORD.failedRank, 0, rank + 1);
    this.#wake();
  }

  get cancelled(): boolean {
    return Atomics.load(this.words, WORD.cancelled) === 1;
  }

  /** Asks every rank to stop at its next collective. */
  cancel(): void {
    Atomics.store(this.words, WORD.cancelled, 1);
    this.#wake();
  }

  /** A new generation without anybody having met: sleepers look at the flags, then sleep on or throw. */
  #wake(): void {
    Atomics.notify(this.words, WORD.generation);
  }

  /** Forgets failures, cancellation and half-met barriers. Only while no rank is inside a command. */
  reset(): void {
    Atomics.store(this.words, WORD.arrived, 0);
    Atomics.store(this.words, WORD.failedRank, 0);
    Atomics.store(this.words, WORD.cancelled, 0);
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

  /** Three numbers by which `rank` tells where a matrix lies, in one of two alternating places (`turn` 0 or 1). */
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
