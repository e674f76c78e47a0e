/** What tasks that solve systems by iteration have in common: their parameters, and how they tell of progress. */
import type { ConjugateGradientProgress } from '../linalg/conjugate-gradient.js';
import type { Params, TaskContext } from './task.js';

export const iterationParams = {
  tolerance: { type: 'real', min: 0, optional: true, about: 'largest residual of a column in units of its right-hand side; default 1e-10, for f32 1e-5' },
  maxIterations: { type: 'integer', min: 1, default: 1000, about: 'then E_CONVERGENCE tells how far it came' },
} as const satisfies Params;

/** Tells of each iteration on `columns` right-hand sides. */
export const reportTo =
  (progress: TaskContext['progress'], columns: number) =>
  ({ iteration, converged, residual }: ConjugateGradientProgress): void =>
    progress({ step: iteration, note: `${converged} of ${columns} columns`, values: { converged, residual } });
