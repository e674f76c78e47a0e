/**
 * Ridge regression, (AᵀA + λI) X = AᵀB, by conjugate gradients: AᵀA is never formed, A is read once an iteration for up to two right-hand sides.
 */
import { conform, layoutAs } from '../dist/conform.js';
import type { DistMatrix } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';
import { AlchemistError } from '../errors.js';
import { describe, type Layout } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import { conjugateGradient, type ConjugateGradientOptions, type ConjugateGradientResult } from './conjugate-gradient.js';
import { gramOperator } from './gram-operator.js';
import type { SymmetricOperator } from './operator.js';
import { finiteNorm, scaleByPowerOfTwo, wellScaled } from './well-scaled.js';

export interface RidgeOptions extends ConjugateGradientOptions {
  /** λ ≥ 0. With 0 this is least squares, for A of full rank. */
  readonly lambda: number;
}

/** S + λI. */
function shifted(S: SymmetricOperator, lambda: number): SymmetricOperator {
  return {
    order: S.order,
    vectors: (b) => S.vectors(b),
    apply(X, Y) {
      S.apply(X, Y);
      blas.add(lambda, X.local, Y.local);
    },
  };
}

/** Throws E_SHAPE unless B has a row for every row of A. */
export function mustHaveSameHeight(A: Layout, B: Layout): void {
  if (A.height !== B.height) throw new AlchemistError('E_SHAPE', `ridge: ${describe(A)} and ${describe(B)} have different heights`);
}

/**
 * X (n × r, [VC,*]) that minimises ‖A X - B‖²_F + λ ‖X‖²_F, for A m × n and B m × r in any layouts of one item type. A tall A solves
 * (AᵀA + λI) X = AᵀB; a wide one the smaller system (AAᵀ + λI) Z = B, and X = AᵀZ. `residuals` are those of the system solved.
 *
 * Memory: A once more unless it lies as whole rows or columns already, and 6r vectors; once more where its entries
 * are so large or small that their squares might overflow or vanish. Collective.
 * @throws AlchemistError E_SHAPE, E_ARGUMENT for λ < 0 or a singular system, E_NOT_FINITE, E_CONVERGENCE as {@link conjugateGradient}.
 */
export function ridge(A: DistMatrix, B: DistMatrix, { lambda, ...options }: RidgeOptions): ConjugateGradientResult {
  mustHaveSameHeight(A.layout, B.layout);
  if (!(lambda >= 0 && lambda < Infinity)) throw new AlchemistError('E_ARGUMENT', `ridge: lambda must be finite and at least 0, got ${lambda}`);
  const { heap } = A.grid.memory;
  return heap.scope(() => {
    const { operator, isTransposed } = gramOperator(A, 0);
    const { scaled, exponent } = wellScaled(operator, Math.hypot(finiteNorm('ridge', operator.A), Math.sqrt(lambda)));
    // With A′ = A/2ᵉ: (A′ᵀA′ + λ/4ᵉ I) 2ᵉX = A′ᵀB.
    const S = shifted(scaled, lambda / 2 ** exponent / 2 ** exponent);
    let result: ConjugateGradientResult;
    if (isTransposed) {
      const B_VC_STAR = operator.vectors(B.width); //                       m × r
      redistribute(B, B_VC_STAR);
      const { X: Z, ...rest } = conjugateGradient(S, B_VC_STAR, options); // m × r
      const X = operator.leftVectors(B.width); //                           n × r
      scaled.times(Z, X);
      result = { ...rest, X };
    } else {
      const BLikeA = operator.leftVectors(B.width); //                      m × r
      const AtB = operator.vectors(B.width); //                             n × r
      redistribute(B, BLikeA);
      scaled.transposedTimes(BLikeA, AtB);
      result = conjugateGradient(S, AtB, options);
    }
    scaleByPowerOfTwo(-exponent, result.X.local);
    const X = conform(result.X, layoutAs(result.X.layout, 'VC', 'STAR'));
    heap.handUp(X.local.ptr);
    return { ...result, X };
  });
}
