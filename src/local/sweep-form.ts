/**
 * Which form of the sweep is faster here: interleaved, or in turns (assembly/sweep.ts says why processors differ). It is found while working,
 * by timing the first sweeps over large matrices: both forms give the same bits, so that no result depends on how the timing came out.
 */
import type { Dtype } from './rank-memory.js';

/** Bytes from which a matrix is read from memory, at least in part. */
const LARGE = 4 * 2 ** 20;
/** Timings of each form; the quickest counts, since others only make a sweep slower. */
const TRIALS = 3;

/** Milliseconds a byte of this thread's trials. */
const trials: Record<Dtype, { interleaved: number[]; inTurns: number[] }> = {
  f64: { interleaved: [], inTurns: [] },
  f32: { interleaved: [], inTurns: [] },
};

/** Sweeps over `bytes` of a matrix in the form that has been faster for its item type. */
export function fasterSweep(dtype: Dtype, bytes: number, sweep: (inTurns: 0 | 1) => void): void {
  if (bytes < LARGE) return sweep(0);
  const { interleaved, inTurns } = trials[dtype];
  if (inTurns.length === TRIALS) return sweep(Math.min(...inTurns) < Math.min(...interleaved) ? 1 : 0);
  const next = interleaved.length > inTurns.length ? inTurns : interleaved;
  const start = performance.now();
  sweep(next === inTurns ? 1 : 0);
  next.push((performance.now() - start) / bytes);
}
