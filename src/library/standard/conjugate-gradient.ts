/** Conjugate gradients for a symmetric positive definite matrix. */
import { AlchemistError } from '../../errors.js';
import { DistMatrix } from '../../dist/dist-matrix.js';
import { redistribute } from '../../dist/redistribute.js';
import { layoutAs, sameOwnership } from '../../dist/conform.js';
import { conjugateGradient as solve } from '../../linalg/conjugate-gradient.js';
import { matrixOperator, mustBeSquare } from '../../linalg/matrix-operator.js';
import { gemmWorkBytes } from '../../local/blas.js';
import { itemBytes } from '../../local/rank-memory.js';
import { describeMatrix, defineTask } from '../task.js';
import { mustHaveSameType } from '../checks.js';
import { iterationParams, reportTo } from '../iteration.js';
import { storageOf } from '../storage.js';

/** Iterations that an estimate counts. */
const USUAL_ITERATIONS = 50;

export const conjugateGradient = defineTask({
  name: 'conjugateGradient',
  about: 'A X = B for symmetric positive definite A',
  params: {
    A: { type: 'matrix', about: 'n×n, symmetric positive definite (symmetry is not checked), any distribution' },
    B: { type: 'matrix', about: 'n×r, any distribution, a column for every right-hand side' },
    ...iterationParams,
  },
  returns: { X: 'n×r, [VC,*]', iterations: 'products with A', residuals: 'relative residual of every column' },
  check({ A, B }) {
    mustBeSquare('conjugateGradient', A.layout);
    if (A.layout.height !== B.layout.height) throw new AlchemistError('E_SHAPE', `conjugateGradient: ${describeMatrix(A)} and ${describeMatrix(B)} do not fit`);
    mustHaveSameType('conjugateGradient', A, B);
  },
  cost({ A: { layout, dtype }, B }, grid) {
    const p = grid.height * grid.width;
    const { height: n, width: r } = B.layout;
    const rows = layoutAs(layout, 'VC', 'STAR');
    const isCopy = !sameOwnership(layout, rows);
    const bytes = itemBytes(dtype);
    return {
      flops: USUAL_ITERATIONS * 2 * n * n * r,
      bytesMoved: Math.ceil(((isCopy ? (n * n) / p : 0) + (USUAL_ITERATIONS + 1) * n * r) * (1 - 1 / p) * bytes),
      memoryPerRank: Math.ceil((isCopy ? storageOf(rows, dtype) : 0) + (7 * Math.ceil(n / p) + n) * r * bytes) + gemmWorkBytes(Math.ceil(n / p), r, n, dtype),
    };
  },
  run({ grid, progress }, { A, B, tolerance, maxIterations }) {
    const B_VC_STAR = DistMatrix.ofLayout(grid, layoutAs(B.layout, 'VC', 'STAR'), B.dtype);
    redistribute(B, B_VC_STAR);
    return { ...solve(matrixOperator(A), B_VC_STAR, { tolerance, maxIterations, onProgress: reportTo(progress, B.width) }) };
  },
});
