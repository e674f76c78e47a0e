/** C := alpha op(A) op(B) + beta C. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import { chooseGemm, gemm as multiply, gemmWords, GEMM_VARIANTS, type GemmVariant, mustMultiply } from '../../linalg/gemm.js';
import { AlchemistError } from '../../errors.js';
import { parseDistPair } from '../../layout/distribution.js';
import { type Layout, makeLayout, transposed } from '../../layout/layout.js';
import { itemBytes } from '../../local/rank-memory.js';
import { mustHaveSameType, mustNotAlias } from '../checks.js';
import { gemmMemory } from '../gemm-memory.js';
import { storageOf } from '../storage.js';
import { type Arguments, defineTask, type MatrixInfo, type Params } from '../task.js';

const params = {
  A: { type: 'matrix', about: 'm×k, or k×m when transposed' },
  B: { type: 'matrix', about: 'k×n, or n×k when transposed' },
  C: { type: 'matrix', optional: true, about: 'm×n, overwritten; a new matrix when left out' },
  alpha: { type: 'real', default: 1, about: 'factor of the product' },
  beta: { type: 'real', default: 0, about: 'factor of the old C; 0 ignores it, even NaN' },
  transposeA: { type: 'boolean', default: false, about: 'use Aᵀ' },
  transposeB: { type: 'boolean', default: false, about: 'use Bᵀ' },
  dist: { type: 'text', default: 'MC_MR', about: 'distribution of a new C' },
  variant: { type: 'text', default: 'auto', oneOf: ['auto', ...GEMM_VARIANTS], about: 'the operand that stays; auto moves the fewest bytes' },
  strassen: { type: 'integer', default: 0, min: 0, max: 4, about: "levels of Strassen's form, for products of order 1000 and more; C stays then" },
} as const satisfies Params;

type Infos = Arguments<typeof params, MatrixInfo>;

/** The layouts of op(A), op(B) and C. */
function layoutsOf({ A, B, C, transposeA, transposeB, dist }: Infos): [A: Layout, B: Layout, C: Layout] {
  const opA = transposeA ? transposed(A.layout) : A.layout;
  const opB = transposeB ? transposed(B.layout) : B.layout;
  const { gridHeight, gridWidth } = A.layout;
  return [opA, opB, C?.layout ?? makeLayout({ height: opA.height, width: opB.width, dist: parseDistPair(dist), gridHeight, gridWidth })];
}

/** The operand that stays. Strassen's form is one of local products as deep as the whole: C stays. */
function variantOf({ variant, strassen, beta }: Pick<Infos, 'variant' | 'strassen' | 'beta'>, [A, B, C]: readonly [Layout, Layout, Layout]): GemmVariant {
  if (strassen > 0) return 'C';
  return variant === 'auto' ? chooseGemm(A, B, C, beta !== 0) : (variant as GemmVariant);
}

export const gemm = defineTask({
  name: 'gemm',
  about: 'C := alpha op(A) op(B) + beta C',
  params,
  returns: { C: 'the product', variant: 'the operand that stayed' },
  check(args) {
    const { A, B, C, beta } = args;
    mustHaveSameType('gemm', A, B);
    if (C) mustHaveSameType('gemm', A, C);
    if (C) mustNotAlias('gemm', 'C', C, { A, B }, 'leave C out for a new matrix, or copy the factor');
    const [opA, opB, layoutC] = layoutsOf(args);
    mustMultiply(opA, opB, layoutC);
    const { strassen, variant } = args;
    if (strassen > 0 && variant !== 'auto' && variant !== 'C') {
      throw new AlchemistError('E_ARGUMENT', `gemm: Strassen's form needs C to stay, but the variant is ${variant}`, { hint: 'leave variant out' });
    }
    if (!C && beta !== 0) throw new AlchemistError('E_ARGUMENT', `gemm: beta is ${beta}, but there is no C to multiply by it`, { hint: 'pass C, or leave beta out' });
  },
  cost(args) {
    const [A, B, C] = layoutsOf(args);
    const { dtype } = args.A;
    const variant = variantOf(args, [A, B, C]);
    return {
      flops: 2 * A.height * B.width * A.width,
      bytesMoved: gemmWords(A, B, C, args.beta !== 0)[variant] * itemBytes(dtype),
      memoryPerRank: (args.C ? 0 : storageOf(C, dtype)) + gemmMemory(variant, A, B, C, dtype, args.strassen),
    };
  },
  run({ grid }, { A, B, C, alpha, beta, transposeA, transposeB, dist, variant, strassen }) {
    const opA = transposeA ? A.transposed : A;
    const opB = transposeB ? B.transposed : B;
    const target = C ?? DistMatrix.create(grid, { height: opA.height, width: opB.width, dist: parseDistPair(dist), dtype: A.dtype });
    const stays = variantOf({ variant, strassen, beta }, [opA.layout, opB.layout, target.layout]);
    const used = multiply(alpha, opA, opB, beta, target, stays, strassen);
    return { C: target, variant: used };
  },
});
