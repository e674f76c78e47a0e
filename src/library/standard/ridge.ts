/** Ridge regression: (AᵀA + λI) X = AᵀB. */
import { mustHaveSameHeight, ridge as solve } from '../../linalg/ridge.js';
import { PANEL, planOperator } from '../../linalg/gram-operator.js';
import { gemmWorkBytes } from '../../local/blas.js';
import { itemBytes } from '../../local/rank-memory.js';
import { mustHaveSameType } from '../checks.js';
import { iterationParams, reportTo } from '../iteration.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

/** Iterations that an estimate counts: a well-conditioned system, or a useful λ, needs no more. */
const USUAL_ITERATIONS = 50;

export const ridge = defineTask({
  name: 'ridge',
  about: 'X minimises ‖A X - B‖² + λ‖X‖² (Frobenius norms), by conjugate gradients without forming AᵀA',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    B: { type: 'matrix', about: 'm×r, any distribution, a column for every right-hand side' },
    lambda: { type: 'real', min: 0, default: 0, about: 'λ; 0 is least squares, for A of full rank' },
    ...iterationParams,
  },
  returns: { X: 'n×r, [VC,*]', iterations: 'passes over A, for two columns each', residuals: 'relative residual of every column' },
  check({ A, B }) {
    mustHaveSameHeight(A.layout, B.layout);
    mustHaveSameType('ridge', A, B);
  },
  cost({ A: { layout, dtype }, B }, grid) {
    const p = grid.height * grid.width;
    const r = B.layout.width;
    const { rows, isCopy } = planOperator(layout, 'column', 0);
    const { height: m, width: n } = rows;
    const bytes = itemBytes(dtype);
    const panel = Math.min(r, PANEL);
    return {
      flops: (USUAL_ITERATIONS + 1) * 4 * m * n * r,
      bytesMoved: Math.ceil(((isCopy ? (m * n) / p : 0) + (USUAL_ITERATIONS + 2) * 2 * n * r) * (1 - 1 / p) * bytes),
      memoryPerRank: Math.ceil((isCopy ? storageOf(rows, dtype) : 0) + (7 * Math.ceil(n / p) * r + Math.ceil(m / p) * (r + panel) + 2 * n * panel) * bytes) + gemmWorkBytes(n, panel, Math.ceil(m / p), dtype),
    };
  },
  run({ progress }, { A, B, lambda, tolerance, maxIterations }) {
    return { ...solve(A, B, { lambda, tolerance, maxIterations, onProgress: reportTo(progress, B.width) }) };
  },
});
