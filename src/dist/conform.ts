/** A matrix as an algorithm wants it: itself where it already lies so, a redistributed copy otherwise. */
import type { Dist } from '../layout/distribution.js';
import { crossSize, copies, gridSize, type Layout, makeLayout, share } from '../layout/layout.js';
import { DistMatrix } from './dist-matrix.js';
import { redistribute } from './redistribute.js';

/** The layout of A in another pair, with the alignments given (default 0). */
export function layoutAs(A: Layout, colDist: Dist, rowDist: Dist, colAlign = 0, rowAlign = 0): Layout {
  const { height, width, gridHeight, gridWidth } = A;
  return makeLayout({ height, width, dist: [colDist, rowDist], colAlign, rowAlign, gridHeight, gridWidth });
}

/** Whether every rank holds the same entries in both layouts, so that one can stand for the other without a copy. */
export function sameOwnership(a: Layout, b: Layout): boolean {
  for (let rank = 0; rank < gridSize(a); rank++) {
    const [mine, wanted] = [share(a, rank), share(b, rank)];
    if (!mine || !wanted) {
      if (mine || wanted) return false;
      continue;
    }
    for (const axis of ['rows', 'cols'] as const) {
      const [s, t] = [mine[axis], wanted[axis]];
      if (s.count !== t.count || (s.count > 0 && s.start !== t.start) || (s.count > 1 && s.step !== t.step)) return false;
    }
  }
  return true;
}

/**
 * A in the wanted layout: A's own entries where the ownership is the same already (no copy; then the caller must not write), else a fresh
 * redistributed copy, stored in A's order, in the heap's current scope. Collective.
 */
export function conform(A: DistMatrix, layout: Layout): DistMatrix {
  if (sameOwnership(A.layout, layout)) return new DistMatrix(A.grid, layout, A.local);
  const B = DistMatrix.ofLayout(A.grid, layout, A.dtype, A.local.order);
  redistribute(A, B);
  return B;
}

/** Whether each entry lives on exactly one rank and every rank may own some: the layouts on which work divides evenly, by rows and columns. */
export function isBalanced(layout: Layout): boolean {
  return copies(layout) === 1 && crossSize(layout) === 1 && layout.colDist !== 'CIRC';
}

/** A's layout where it is balanced, else [MC,MR]. */
export function balancedLayout(A: Layout): Layout {
  return isBalanced(A) ? A : layoutAs(A, 'MC', 'MR');
}

/** A itself where its layout is balanced, else A as [MC,MR]. Collective. */
export function balanced(A: DistMatrix): DistMatrix {
  return isBalanced(A.layout) ? A : conform(A, balancedLayout(A.layout));
}
