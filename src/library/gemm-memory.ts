/** What GEMM needs besides its operands: the panels, copies and workspace of each variant, as bytes on the fullest rank. */
import { balancedLayout, sameOwnership } from '../dist/conform.js';
import { colStride, gridSize, type Layout, rowStride, transposed, viewLayout } from '../layout/layout.js';
import type { GemmVariant } from '../linalg/gemm.js';
import { DOT_BLOCK, layoutsForDot, layoutsForStationaryA, layoutsForStationaryC, PANEL } from '../linalg/summa.js';
import { gemmWorkBytes } from '../local/blas.js';
import { matrixBytes } from '../local/matrix.js';
import type { Dtype } from '../local/rank-memory.js';
import { storageOf } from './storage.js';

/** Bytes that a variant takes besides A (m×k), B (k×n) and C (m×n) while it multiplies them. */
export function gemmMemory(variant: GemmVariant, A: Layout, B: Layout, C: Layout, dtype: Dtype, strassen = 0): number {
  const copy = (from: Layout, to: Layout): number => (sameOwnership(from, to) ? 0 : storageOf(to, dtype));

  const ifCStays = (): number => {
    const C1 = balancedLayout(C);
    const w = strassen > 0 ? A.width : Math.min(PANEL, A.width);
    const [A1, B1] = [panel(A, A.height, w), panel(B, w, B.width)];
    const need = layoutsForStationaryC(A1, B1, C1);
    const panels = copy(A1, need.A) + copy(B1, need.B);
    return copy(C, C1) + panels + gemmWorkBytes(rowsOn(C1), colsOn(C1), panels === 0 ? A.width : w, dtype, strassen);
  };
  const ifAStays = (A: Layout, A1: Layout, B: Layout, C: Layout): number => {
    const w = Math.min(PANEL, B.width);
    const B1 = panel(B, B.height, w);
    const need = layoutsForStationaryA(A1, B1, panel(C, C.height, w));
    return copy(A, A1) + copy(B1, need.B) + storageOf(need.D!, dtype) + gemmWorkBytes(rowsOn(A1), w, colsOn(A1), dtype);
  };
  const ifAllAreSummed = (): number => {
    const need = layoutsForDot(A, B, C);
    const [h, w] = [Math.min(DOT_BLOCK, C.height), Math.min(DOT_BLOCK, C.width)];
    return copy(A, need.A) + copy(B, need.B) + matrixBytes(dtype, h, w) + gemmWorkBytes(h, w, Math.ceil(A.width / gridSize(A)), dtype);
  };

  switch (variant) {
    case 'C':
      return ifCStays();
    case 'A':
      return ifAStays(A, balancedLayout(A), B, C);
    case 'B':
      return ifAStays(transposed(B), transposed(balancedLayout(B)), transposed(A), transposed(C));
    case 'dot':
      return ifAllAreSummed();
  }
}

/** The first rows and columns of X, as wide as a panel: the others take as much. */
const panel = (X: Layout, height: number, width: number): Layout => viewLayout(X, { start: 0, count: height }, { start: 0, count: width });

/** Rows and columns of X on the rank that has most. */
const rowsOn = (X: Layout): number => Math.ceil(X.height / colStride(X));
const colsOn = (X: Layout): number => Math.ceil(X.width / rowStride(X));
