/** C := alpha op(A) op(B) + beta C on distributed matrices, by the SUMMA variant that moves the fewest bytes. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { balanced, balancedLayout, isBalanced } from '../dist/conform.js';
import { redistribute } from '../dist/redistribute.js';
import { AlchemistError } from '../errors.js';
import { describe, gridSize, type Layout, transposed } from '../layout/layout.js';
import {
  innerProducts, layoutsForDot, layoutsForStationaryA, layoutsForStationaryC, movesInto, stationaryA, stationaryB, stationaryC, wordsMoved,
} from './summa.js';

/** The operand that stays, or the inner-product form. */
export type GemmVariant = 'C' | 'A' | 'B' | 'dot';
export const GEMM_VARIANTS: readonly GemmVariant[] = ['C', 'A', 'B', 'dot'];

/**
 * Words that the busiest rank receives in each variant of an m×k by k×n product with these layouts, all detours counted: an operand that stays
 * but is not balanced goes to [MC,MR] first, and C back from there. `keepsC` says that beta is not 0.
 */
export function gemmWords(A: Layout, B: Layout, C: Layout, keepsC = false): Record<GemmVariant, number> {
  if (gridSize(A) === 1) return { C: 0, A: 0, B: 0, dot: 0 };
  const [A1, B1, C1] = [A, B, C].map(balancedLayout);
  const [At, B1t, Ct] = [A, B1, C].map(transposed);
  const C0 = keepsC ? [{ from: C, to: C1 }] : [];
  return {
    C: wordsMoved([...C0, ...movesInto(layoutsForStationaryC(A, B, C1), A, B, C1), { from: C1, to: C }]),
    A: wordsMoved([{ from: A, to: A1 }, ...movesInto(layoutsForStationaryA(A1, B, C), A1, B, C)]),
    B: wordsMoved([{ from: B, to: B1 }, ...movesInto(layoutsForStationaryA(B1t, At, Ct), B1t, At, Ct)]),
    dot: wordsMoved(movesInto(layoutsForDot(A, B, C), A, B, C)),
  };
}

/** The variant of fewest words; among equals the first of C, A, B, dot, which needs the least memory. */
export function chooseGemm(A: Layout, B: Layout, C: Layout, keepsC = false): GemmVariant {
  const words = gemmWords(A, B, C, keepsC);
  return GEMM_VARIANTS.reduce((best, variant) => (words[variant] < words[best] ? variant : best));
}

/** Throws E_SHAPE, with shapes and layouts, unless A (m×k) times B (k×n) fits C (m×n). */
export function mustMultiply(A: Layout, B: Layout, C?: Layout): void {
  if (A.width !== B.height) {
    throw new AlchemistError('E_SHAPE', `gemm: cannot multiply ${describe(A)} by ${describe(B)}: the inner sizes ${A.width} and ${B.height} differ`, {
      hint: 'check transposeA and transposeB',
    });
  }
  if (C && (C.height !== A.height || C.width !== B.width)) {
    throw new AlchemistError('E_SHAPE', `gemm: the product of ${describe(A)} and ${describe(B)} is ${A.height}×${B.width}, but C is ${describe(C)}`);
  }
}

/**
 * C := alpha A B + beta C for A (m×k), B (k×n), C (m×n) in any layouts on one grid; op(A) = Aᵀ is `A.transposed`. beta = 0 ignores the old C,
 * even NaN. Collective. Cost: 2mnk flops shared by all ranks; words as {@link gemmWords}; memory for panels of 256 (or, for 'dot', for A and B
 * redistributed).
 * @param strassen levels of Strassen's form in the local products of variant C, as `blas.gemm` has them; its panels are then all of k.
 * @returns the variant that ran.
 */
export function gemm(
  alpha: number,
  A: DistMatrix,
  B: DistMatrix,
  beta: number,
  C: DistMatrix,
  variant: GemmVariant = chooseGemm(A.layout, B.layout, C.layout, beta !== 0),
  strassen = 0,
): GemmVariant {
  mustMultiply(A.layout, B.layout, C.layout);
  A.grid.memory.heap.scope(() => {
    if (variant === 'C' && !isBalanced(C.layout)) {
      const D = DistMatrix.ofLayout(C.grid, balancedLayout(C.layout), C.dtype);
      if (beta !== 0) redistribute(C, D);
      stationaryC(alpha, A, B, beta, D, strassen);
      redistribute(D, C);
    } else if (variant === 'C') stationaryC(alpha, A, B, beta, C, strassen);
    else if (variant === 'A') stationaryA(alpha, balanced(A), B, beta, C);
    else if (variant === 'B') stationaryB(alpha, A, balanced(B), beta, C);
    else innerProducts(alpha, A, B, beta, C);
  });
  return variant;
}
