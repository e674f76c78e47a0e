/** The k largest singular triplets of a distributed matrix: Golub–Kahan–Lanczos in its one-pass form (svd-search.ts). */
import { conform, layoutAs } from '../dist/conform.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import { describe, type Layout } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import { Matrix } from '../local/matrix.js';
import { EPSILON } from './epsilon.js';
import { gramOperator } from './gram-operator.js';
import { fixSigns } from './sign-rule.js';
import { fromMatrix, overRanks } from './small-matrix.js';
import { type SearchOptions, SvdSearch } from './svd-search.js';
import { finiteNorm, wellScaled } from './well-scaled.js';

export type { SvdProgress } from './svd-search.js';

/** `rank` triplets; by default a tolerance of 8ε (ε = 2⁻⁵³, or 2⁻²⁴ for f32; the least that means anything), 5000 iterations, seed 0. */
export type TruncatedSvdOptions = Pick<SearchOptions, 'rank'> & Partial<SearchOptions>;

export interface TruncatedSvd {
  /** m × k with orthonormal columns, [VC,*]; the largest entry of each column is positive. */
  readonly U: DistMatrix;
  /** k values, descending. Values below 4ε‖A‖_F are rounding errors of A's own entries, and may be given as 0. */
  readonly values: Float64Array;
  /** n × k with orthonormal columns, [VC,*]. */
  readonly V: DistMatrix;
  /** Passes over A that the search took, of two vectors each. */
  readonly iterations: number;
  /** Runs of the Lanczos process: 1 unless the values fall by more than 256, or repeat. */
  readonly stages: number;
  /** max over i of ‖Aᵀ uᵢ - σᵢ vᵢ‖ in units of σ₁, computed from A; ‖A vᵢ - σᵢ uᵢ‖ is no more than rounding, since U comes from A V. */
  readonly residual: number;
  /** The largest entry of |UᵀU - I| and |VᵀV - I|. */
  readonly orthogonality: number;
}

/**
 * A V = U Σ and Aᵀ U = V Σ for the `rank` largest singular values of A (m × n, any layout).
 *
 * Cost: a pass over A for every two vectors, 170 for the ten largest values of a Gaussian 4000 × 4000 matrix, 22 for values that fall as 1/i.
 * Memory: A once more unless it lies as whole rows or columns already, and 2·rank + 60 vectors of length n and rank of length m. Collective.
 * The same grid and seed give the same bits.
 * @throws AlchemistError E_ARGUMENT for a wrong option, E_NOT_FINITE when A has entries that are no finite numbers, and E_CONVERGENCE, with the
 * best `values` so far and their `residuals` in units of σ₁ as fields, when the iterations are used up.
 */
export function truncatedSvd(A: DistMatrix, options: TruncatedSvdOptions): TruncatedSvd {
  const search = withDefaults(A, options);
  const { heap } = A.grid.memory;
  return heap.scope(() => {
    const { operator, isTransposed } = gramOperator(A);
    const norm = finiteNorm('truncatedSvd', operator.A);
    const { scaled, exponent } = wellScaled(operator, norm);
    const run = new SvdSearch(scaled, norm / 2 ** exponent, 2 ** exponent, search);
    const triplets = run.run();
    const [left, right] = isTransposed ? [triplets.V, triplets.U] : [triplets.U, triplets.V];
    const [U, V] = [left, right].map((X) => conform(X, layoutAs(X.layout, 'VC', 'STAR')));
    fixSigns(U, V);
    [U, V].forEach((X) => heap.handUp(X.local.ptr));
    return {
      U,
      values: triplets.values.map((value) => value * 2 ** exponent),
      V,
      iterations: run.iterations,
      stages: run.stages,
      residual: Math.max(...triplets.residuals) / (triplets.values[0] || 1),
      orthogonality: Math.max(departure(U), departure(V)),
    };
  });
}

function withDefaults(A: DistMatrix, options: TruncatedSvdOptions): SearchOptions {
  const least = 8 * EPSILON[A.dtype];
  const { rank, tolerance = least, maxIterations = 5000, seed = 0, onProgress } = options;
  mustBeRank(A.layout, rank);
  return { rank, tolerance: Math.max(tolerance, least), maxIterations, seed, onProgress };
}

/** Throws E_ARGUMENT unless a matrix of this layout has so many singular triplets. */
export function mustBeRank(layout: Layout, rank: number): void {
  const most = Math.min(layout.height, layout.width);
  if (Number.isInteger(rank) && rank >= 1 && rank <= most) return;
  const range = most === 0 ? 'has no singular values' : `has ${most} singular values: rank must be an integer from 1 to ${most}`;
  throw new AlchemistError('E_ARGUMENT', `truncatedSvd: ${describe(layout)} ${range}, got ${rank}`, { fields: { rank, most } });
}

/** The largest entry of |XᵀX - I|. Collective. */
function departure(X: DistMatrix): number {
  const { memory, comm } = X.grid;
  return memory.heap.scope(() => {
    const G = Matrix.alloc(memory, X.dtype, X.width, X.width);
    blas.gemm(1, X.local.transposed, X.local, 0, G);
    const gram = fromMatrix(G);
    overRanks(comm, gram);
    return gram.reduce((most, entry, at) => Math.max(most, Math.abs(entry - (at % (X.width + 1) === 0 ? 1 : 0))), 0);
  });
}
