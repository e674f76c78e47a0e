/** How the ranks of a team talk: a small set of collective operations that every rank of the team calls in the same order. */
import { AlchemistError } from '../errors.js';
import type { Transfer } from '../layout/plan.js';
import type { Matrix } from '../local/matrix.js';

export type ReduceOperation = 'sum' | 'max' | 'min';

/** What a rank's communication has cost since the counters were last taken. */
export interface CommunicationCost {
  /** Payload bytes pulled from other ranks. */
  bytesMoved: number;
  /** Payload bytes copied within this rank by exchanges. */
  bytesCopied: number;
  exchanges: number;
  barriers: number;
  /** Seconds inside collectives, waiting included. */
  seconds: number;
}

/**
 * A team of `size` ranks; `rank` is the VC rank of its process grid. Everything but `abort` and the counters is collective, blocks until the
 * team has met, and throws AlchemistError E_RANK when a peer has failed, E_CANCELLED when the caller has cancelled, and E_WATCHDOG when a peer
 * does not come.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;

  /** Returns when every rank has called it. */
  barrier(): void;

  /**
   * Every rank pulls the blocks that its transfers name from the peers' `from` matrices into its own `to`. With `alpha` the blocks are
   * multiplied by it and added, in the order of the transfers; without, they replace the entries. `from` and `to` are null on ranks that hold
   * nothing of the source or of the target. Ends with a barrier: then `from` may be changed or freed.
   *
   *     before    rank 0: from = ■■□□   rank 1: from = □□▲▲        (each lists what it needs as Transfers)
   *     after     rank 0: to   = ■▲     rank 1: to   = ■▲
   *
   * `deliveries` tells, if asked, what the peers' transfers need of this rank's `from`, each with its receiver as the peer: where blocks lie
   * apart only at their receivers, ranks may put them there instead.
   */
  exchange(transfers: readonly Transfer[], from: Matrix | null, to: Matrix | null, alpha?: number, deliveries?: () => readonly Transfer[]): void;

  /** x := the operation over all ranks' x, entry by entry, in rank order: the same bits on every rank. At most {@link SLOT_NUMBERS} numbers. */
  allReduce(x: Float64Array, operation?: ReduceOperation): void;

  /** X := Σ over ranks of X (equal shapes), in rank order: the same bits on every rank. For vectors and matrices in rank memory. */
  allReduceMatrix(X: Matrix): void;

  /** x := root's x, on every rank. */
  broadcast(x: Float64Array, root: number): void;

  /** Makes every peer's pending and future collective throw: called when this rank fails. Not collective. */
  abort(): void;

  /** Throws E_CANCELLED when the caller has asked to stop. Not collective; collectives check by themselves. */
  checkCancelled(): void;

  /** The counters since the last call, which it clears. Not collective. */
  takeCost(): CommunicationCost;
}

/** Numbers that one small collective carries per rank. */
export const SLOT_NUMBERS = 4096;

/** Throws E_ARGUMENT when x is too long for an allReduce. */
export function mustFitSlot(x: Float64Array): void {
  if (x.length <= SLOT_NUMBERS) return;
  throw new AlchemistError('E_ARGUMENT', `allReduce takes at most ${SLOT_NUMBERS} numbers, got ${x.length}`, { hint: 'use allReduceMatrix' });
}

/** Fresh counters. */
export const noCost = (): CommunicationCost => ({ bytesMoved: 0, bytesCopied: 0, exchanges: 0, barriers: 0, seconds: 0 });
