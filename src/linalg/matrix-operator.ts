/** A symmetric distributed matrix as an operator: whole rows on each rank, multiplied with gathered vectors. */
import { conform, layoutAs } from '../dist/conform.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';
import { AlchemistError } from '../errors.js';
import { describe, type Layout } from '../layout/layout.js';
import type { SymmetricOperator } from './operator.js';
import { multiplyThin } from './small-matrix.js';

/** Throws E_SHAPE unless the layout is square. */
export function mustBeSquare(operation: string, layout: Layout): void {
  if (layout.height !== layout.width) throw new AlchemistError('E_SHAPE', `${operation}: ${describe(layout)} is not square`);
}

/**
 * X ↦ A X for a symmetric n × n matrix A in any layout, which is redistributed to [VC,*] unless it lies so, into the heap's current scope. That
 * A is symmetric is not checked. Collective.
 */
export function matrixOperator(A: DistMatrix): SymmetricOperator {
  mustBeSquare('matrixOperator', A.layout);
  const { grid, dtype, height: order } = A;
  const A_VC_STAR = conform(A, layoutAs(A.layout, 'VC', 'STAR')); //    n × n  [VC,*]
  const create = (dist: 'VC_STAR' | 'STAR_STAR', b: number): DistMatrix => DistMatrix.create(grid, { height: order, width: b, dist, dtype });
  return {
    order,
    vectors: (b) => create('VC_STAR', b),
    apply(X, Y) {
      grid.memory.heap.scope(() => {
        const X_STAR_STAR = create('STAR_STAR', X.width); //              n × b  [*,*]
        redistribute(X, X_STAR_STAR);
        multiplyThin(1, A_VC_STAR.local, X_STAR_STAR.local, 0, Y.local);
      });
    },
  };
}
