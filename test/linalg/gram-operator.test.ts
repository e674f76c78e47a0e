/** The operator AᵀA: which form of a matrix it takes, and that one pass over it is two products. */
import { SelfComm } from '#src/comm/self-comm.js';
import { DistMatrix } from '#src/dist/dist-matrix.js';
import { Grid } from '#src/dist/grid.js';
import { makeLayout } from '#src/layout/layout.js';
import type { DistPair } from '#src/layout/distribution.js';
import { gramOperator, planOperator } from '#src/linalg/gram-operator.js';
import * as blas from '#src/local/blas.js';
import type { Dtype } from '#src/local/rank-memory.js';
import { random } from '../random.js';
import { rankMemory } from '../local/rank-memory.js';

const layout = (height: number, width: number, dist: DistPair, gridHeight: number, gridWidth: number, colAlign = 0) =>
  makeLayout({ height, width, dist, gridHeight, gridWidth, colAlign });

test('a matrix that lies as whole rows or columns, contiguous, is taken as it is', () => {
  expect(planOperator(layout(90, 40, 'VC_STAR', 2, 3), 'row')).toMatchObject({ isTransposed: false, isCopy: false });
  expect(planOperator(layout(90, 40, 'VR_STAR', 2, 3, 4), 'row')).toMatchObject({ isTransposed: false, isCopy: false, rows: { colDist: 'VR', colAlign: 4 } });
  expect(planOperator(layout(40, 90, 'STAR_VC', 2, 3), 'column')).toMatchObject({ isTransposed: true, isCopy: false });
  // On a grid of one row, [MC,MR] deals whole columns.
  expect(planOperator(layout(40, 90, 'MC_MR', 1, 4), 'column')).toMatchObject({ isTransposed: true, isCopy: false });
  expect(planOperator(layout(90, 90, 'MC_MR', 1, 4), 'column')).toMatchObject({ isTransposed: true, isCopy: false });
  // Long rows are taken too while they fit a cache, unless the short side is asked for.
  expect(planOperator(layout(90, 40, 'MC_MR', 1, 4), 'column')).toMatchObject({ isTransposed: true, isCopy: false });
  expect(planOperator(layout(90, 40, 'MC_MR', 1, 4), 'column', 0)).toMatchObject({ isTransposed: false, isCopy: true });
  expect(planOperator(layout(20000, 40, 'MC_MR', 1, 4), 'column')).toMatchObject({ isTransposed: false, isCopy: true });
});

test('any other is copied to whole rows of its short side', () => {
  for (const dist of ['MC_MR', 'STAR_STAR', 'MD_STAR', 'CIRC_CIRC', 'MC_STAR', 'MR_MC'] as const) {
    expect(planOperator(layout(90, 40, dist, 2, 2), 'column')).toMatchObject({ isTransposed: false, isCopy: true, rows: { colDist: 'VC', rowDist: 'STAR', height: 90 } });
    expect(planOperator(layout(40, 90, dist, 2, 2), 'column')).toMatchObject({ isTransposed: true, isCopy: true, rows: { colDist: 'VC', rowDist: 'STAR', height: 90 } });
  }
  expect(planOperator(layout(90, 40, 'VC_STAR', 2, 2), 'column')).toMatchObject({ isTransposed: false, isCopy: true });
  expect(planOperator(layout(90, 40, 'VC_STAR', 2, 2), null)).toMatchObject({ isCopy: true });
});

test('apply gives A X and Aᵀ(A X) in one pass, for any number of columns, also where the rows are taken in many pieces', () => {
  const grid = new Grid(new SelfComm(), rankMemory(2 ** 25), 1, 1);
  const next = random(5);
  for (const dtype of ['f64', 'f32'] as const satisfies Dtype[]) {
    for (const [m, n, b] of [[1, 1, 1], [5, 3, 2], [37, 11, 3], [9, 20, 5], [103, 3000, 7], [40, 6, 70]]) {
      const A = DistMatrix.create(grid, { height: m, width: n, dtype });
      for (let j = 0; j < n; j++) for (let i = 0; i < m; i++) A.local.set(i, j, Math.round(next.next() * 16 - 8));
      const { operator, isTransposed } = gramOperator(A);
      const [X, Y, W] = [operator.vectors(b), operator.vectors(b), operator.leftVectors(b)];
      for (let j = 0; j < b; j++) for (let i = 0; i < X.height; i++) X.local.set(i, j, Math.round(next.next() * 8 - 4));
      operator.apply(X, Y, W);
      const [expectedW, expectedY] = [operator.leftVectors(b), operator.vectors(b)];
      const B = isTransposed ? A.local.transposed : A.local;
      blas.gemm(1, B, X.local, 0, expectedW.local);
      blas.gemm(1, B.transposed, expectedW.local, 0, expectedY.local);
      const difference = (P: DistMatrix, Q: DistMatrix): number => {
        blas.add(-1, P.local, Q.local);
        return blas.maxAbs(Q.local);
      };
      // Whole numbers: exact while they stay below 2⁵³, or 2²⁴.
      expect(difference(W, expectedW)).toBe(0);
      expect(difference(Y, expectedY)).toBeLessThanOrEqual(dtype === 'f64' ? 0 : 16);
      [A, X, Y, W, expectedW, expectedY].forEach((P) => P.free());
    }
  }
});
