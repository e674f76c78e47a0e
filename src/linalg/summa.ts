/**
 * SUMMA: the three ways to multiply distributed matrices, by the operand that stays where it is.
 * R. van de Geijn and J. Watts, SUMMA: scalable universal matrix multiplication algorithm (1997); M. Schatz, R. van de Geijn and
 * J. Poulson, Parallel matrix multiplication: a systematic journey (2016), which also gives the inner-product form.
 *
 * Transposed operands are transposed views: [MC,MR] read as [MR,MC]. The plans then move every entry straight to where it is needed, so no
 * variant has forms for NT, TN and TT; stationary B is stationary A on Cᵀ = Bᵀ Aᵀ.
 */
import { conform, layoutAs, sameOwnership } from '../dist/conform.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { contract } from '../dist/redistribute.js';
import { contractedEntries, receivedEntries } from '../layout/plan.js';
import { gridSize, type Layout, makeLayout, type Range } from '../layout/layout.js';
import * as blas from '../local/blas.js';

/** Width of a panel: the depth of the kernel's packed blocks, so that a panel is one pass through its innermost loops. */
export const PANEL = 256;
/** The inner-product form sums blocks of C of at most this many rows and columns, to bound its memory. */
export const DOT_BLOCK = 2048;

const ALL: Range | undefined = undefined;
const range = (start: number, count: number): Range => ({ start, count });

/** What a variant needs of its operands, as layouts: A in `A`, B in `B`, and C as partial sums in `D` where it is summed at the end. */
export interface VariantLayouts {
  readonly A: Layout;
  readonly B: Layout;
  readonly D?: Layout;
}

/** Layouts of C += A B with C staying: A as [U,*] and B as [*,V], where C is [U,V]. */
export function layoutsForStationaryC(A: Layout, B: Layout, C: Layout): VariantLayouts {
  return { A: layoutAs(A, C.colDist, 'STAR', C.colAlign), B: layoutAs(B, 'STAR', C.rowDist, 0, C.rowAlign) };
}

/** Layouts of C += A B with A [U,V] staying: B as [V,*]; each rank's product is a partial sum D, [U,*]. */
export function layoutsForStationaryA(A: Layout, B: Layout, C: Layout): VariantLayouts {
  return { A, B: layoutAs(B, A.rowDist, 'STAR', A.rowAlign), D: layoutAs(C, A.colDist, 'STAR', A.colAlign) };
}

/** Layouts of C += A B by inner products: A as [*,VC] and B as [VC,*], so that every rank sums over a share of k; D is [*,*]. */
export function layoutsForDot(A: Layout, B: Layout, C: Layout): VariantLayouts {
  return { A: layoutAs(A, 'STAR', 'VC'), B: layoutAs(B, 'VC', 'STAR'), D: layoutAs(C, 'STAR', 'STAR') };
}

/** Entries that go from one layout to another: copied, or, where every copy of `from` holds a partial sum, added. */
export interface Move {
  readonly from: Layout;
  readonly to: Layout;
  readonly sums?: boolean;
}

/** What moves when A and B go into a variant's layouts and D is summed into C: panels add up to the whole. */
export function movesInto(need: VariantLayouts, A: Layout, B: Layout, C: Layout): Move[] {
  const operands = [{ from: A, to: need.A }, { from: B, to: need.B }];
  return need.D ? [...operands, { from: need.D, to: C, sums: true }] : operands;
}

/** Words that the busiest rank receives in all these moves together. */
export function wordsMoved(moves: readonly Move[]): number {
  let most = 0;
  for (let rank = 0; rank < gridSize(moves[0].from); rank++) {
    const words = moves.map(({ from, to, sums }) => (sums ? contractedEntries : receivedEntries)(from, to, rank));
    most = Math.max(most, words.reduce((sum, n) => sum + n, 0));
  }
  return most;
}

/** C := alpha A B + beta C, C stays. A (m×k) and B (k×n) in any layout, C (m×n) in a balanced one. */
export function stationaryC(alpha: number, A: DistMatrix, B: DistMatrix, beta: number, C: DistMatrix, strassen = 0): void {
  const k = A.width;
  const need = layoutsForStationaryC(A.layout, B.layout, C.layout);
  const inPlace = sameOwnership(A.layout, need.A) && sameOwnership(B.layout, need.B);
  // Strassen's form saves on deep products only.
  const nb = inPlace || strassen > 0 ? Math.max(k, 1) : PANEL;
  if (k === 0) blas.scale(beta, C.local);
  for (let l = 0; l < k; l += nb) {
    const w = Math.min(nb, k - l);
    A.grid.memory.heap.scope(() => {
      const A1 = A.view(ALL, range(l, w)); //                              m × w
      const B1 = B.view(range(l, w), ALL); //                              w × n
      const A1_U_STAR = conform(A1, layoutsForStationaryC(A1.layout, B1.layout, C.layout).A); // m × w  [U,*]
      const B1_STAR_V = conform(B1, layoutsForStationaryC(A1.layout, B1.layout, C.layout).B); // w × n  [*,V]
      blas.gemm(alpha, A1_U_STAR.local, B1_STAR_V.local, l === 0 ? beta : 1, C.local, strassen); // no communication
    });
  }
}

/** C := alpha A B + beta C, A stays. A (m×k) in a balanced layout, B (k×n) and C (m×n) in any. */
export function stationaryA(alpha: number, A: DistMatrix, B: DistMatrix, beta: number, C: DistMatrix): void {
  const n = B.width;
  blas.scale(beta, C.local);
  for (let j = 0; j < n; j += PANEL) {
    const w = Math.min(PANEL, n - j);
    A.grid.memory.heap.scope(() => {
      const B1 = B.view(ALL, range(j, w)); //                              k × w
      const C1 = C.view(ALL, range(j, w)); //                              m × w
      const need = layoutsForStationaryA(A.layout, B1.layout, C1.layout);
      const B1_V_STAR = conform(B1, need.B); //                            k × w  [V,*]
      const D1_U_STAR = DistMatrix.ofLayout(A.grid, need.D!, C.dtype); //   m × w  [U,*], partial sums
      blas.gemm(alpha, A.local, B1_V_STAR.local, 0, D1_U_STAR.local);
      contract(1, D1_U_STAR, C1); //                                       reduce-scatter into C
    });
  }
}

/** C := alpha A B + beta C, B stays: stationary A on the transposes. */
export function stationaryB(alpha: number, A: DistMatrix, B: DistMatrix, beta: number, C: DistMatrix): void {
  stationaryA(alpha, B.transposed, A.transposed, beta, C.transposed);
}

/** C := alpha A B + beta C by inner products: for small C and long k. A, B and C in any layout. */
export function innerProducts(alpha: number, A: DistMatrix, B: DistMatrix, beta: number, C: DistMatrix): void {
  const { grid } = A;
  const need = layoutsForDot(A.layout, B.layout, C.layout);
  blas.scale(beta, C.local);
  grid.memory.heap.scope(() => {
    const A_STAR_VC = conform(A, need.A); //                               m × k  [*,VC]
    const B_VC_STAR = conform(B, need.B); //                               k × n  [VC,*]
    for (let i = 0; i < C.height; i += DOT_BLOCK) {
      const h = Math.min(DOT_BLOCK, C.height - i);
      for (let j = 0; j < C.width; j += DOT_BLOCK) {
        const w = Math.min(DOT_BLOCK, C.width - j);
        grid.memory.heap.scope(() => {
          const C1 = C.view(range(i, h), range(j, w)); //                  h × w
          const D1 = DistMatrix.ofLayout(grid, makeLayout({ ...C1.layout, dist: 'STAR_STAR', colAlign: 0, rowAlign: 0, root: 0 }), C.dtype);
          const A1 = A_STAR_VC.view(range(i, h), ALL);
          const B1 = B_VC_STAR.view(ALL, range(j, w));
          blas.gemm(alpha, A1.local, B1.local, 0, D1.local); //            partial sums over this rank's share of k
          contract(1, D1, C1);
        });
      }
    }
  });
}
