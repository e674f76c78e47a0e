/** Moves entries between layouts: every rank pulls what its plan names straight from the owners' memories, or has it put there. */
import { AlchemistError } from '../errors.js';
import { contraction, deliveries, plan } from '../layout/plan.js';
import { isParticipating } from '../layout/layout.js';
import { DistMatrix, mustHaveSameShape } from './dist-matrix.js';

/**
 * B := A, from any layout to any other on the same grid. Collective; each rank receives exactly what `receivedEntries` of the plan says.
 * B's storage order may differ from A's, so a redistribution can transpose the storage on the way.
 */
export function redistribute(A: DistMatrix, B: DistMatrix): void {
  mustHaveSameShape('redistribute', A, B);
  mustShareGrid(A, B);
  const { comm, rank } = A.grid;
  comm.exchange(plan(A.layout, B.layout, rank), holds(A) ? A.local : null, holds(B) ? B.local : null, undefined, () => deliveries(A.layout, B.layout, rank));
}

/**
 * B += alpha · Σ over the copies of A. A is redundant in shape ([MC,*], [*,*], …), but each copy holds a partial sum. Copies are added in
 * rank order, so the bits do not depend on timing. Collective.
 */
export function contract(alpha: number, A: DistMatrix, B: DistMatrix): void {
  mustHaveSameShape('contract', A, B);
  mustShareGrid(A, B);
  const { comm, rank } = A.grid;
  comm.exchange(contraction(A.layout, B.layout, rank), holds(A) ? A.local : null, holds(B) ? B.local : null, alpha);
}

function holds(A: DistMatrix): boolean {
  return isParticipating(A.layout, A.grid.rank);
}

function mustShareGrid(A: DistMatrix, B: DistMatrix): void {
  if (A.grid.comm !== B.grid.comm) {
    throw new AlchemistError('E_LAYOUT', `${A} and ${B} live on different grids`, { hint: 'move one of them through the client' });
  }
}
