/**
 * Matrices with given singular values: A = U diag(s) Vᵀ with random orthonormal factors that every rank can compute entry by entry.
 *
 * U is a subsampled randomised cosine transform, as used in N. Halko, P. Martinsson and J. Tropp, Finding structure with randomness (2011):
 * the columns of the orthogonal DCT-II matrix of order m in a random order, its rows with random signs,
 *
 *     U(i,t) = ±_i √(2/m) cos(π (2i+1) f_t / 2m),   f_0, f_1, … distinct frequencies from 0 … m-1  (√(1/m) for f_t = 0).
 *
 * So the singular vectors are orthonormal to rounding and spread over all coordinates.
 */
import type { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import { colStride, type Layout, rowStride, share } from '../layout/layout.js';
import { all, type Slice } from '../layout/slice.js';
import { fill, gemm, gemmWorkBytes } from '../local/blas.js';
import { Matrix, matrixBytes } from '../local/matrix.js';
import { type Dtype, itemBytes, type RankMemory } from '../local/rank-memory.js';
import { fillRandom } from '../local/random.js';
import { PANEL } from './summa.js';

/**
 * A := U diag(s) Vᵀ, m×n in any layout, for at most min(m,n) singular values s ≥ 0 in any order. No communication: each rank computes its rows
 * of U and of V, panel by panel, and multiplies them, 2mn·|s| flops over all ranks. The same entries on every grid, up to rounding.
 */
export function withSpectrum(s: readonly number[], seed: number, A: DistMatrix): void {
  mustBeSpectrum(s, A.height, A.width);
  const { memory, rank } = A.grid;
  fill(0, A.local);
  const mine = share(A.layout, rank);
  if (!mine) return;
  const U = randomBasis(memory, seed, 0, A.height, mine.rows, s.length);
  const V = randomBasis(memory, seed, 1, A.width, mine.cols, s.length);
  for (let t = 0; t < s.length; t += PANEL) {
    const w = Math.min(PANEL, s.length - t);
    memory.heap.scope(() => {
      const U1 = Matrix.alloc(memory, A.dtype, mine.rows.count, w);
      const V1 = Matrix.alloc(memory, A.dtype, mine.cols.count, w);
      U.columns(t, U1, s);
      V.columns(t, V1);
      gemm(1, U1, V1.transposed, 1, A.local); //                      A += U1 diag(s1) V1ᵀ
    });
  }
}

/** Bytes that {@link withSpectrum} takes besides A for q singular values, on the rank that has most. */
export function withSpectrumBytes(A: Layout, q: number, dtype: Dtype): number {
  const [h, w, k] = [Math.ceil(A.height / colStride(A)), Math.ceil(A.width / rowStride(A)), Math.min(PANEL, q)];
  return matrixBytes(dtype, h, k) + matrixBytes(dtype, w, k) + gemmWorkBytes(h, w, k, dtype) + Math.max(h, w, q) * itemBytes('f64');
}

/** Throws E_ARGUMENT unless s can be the singular values of an m×n matrix. */
export function mustBeSpectrum(s: readonly number[], m: number, n: number): void {
  if (s.length > Math.min(m, n)) throw new AlchemistError('E_ARGUMENT', `a ${m}×${n} matrix has ${Math.min(m, n)} singular values, not ${s.length}`);
  const bad = s.findIndex((value) => !(value >= 0 && value < Infinity));
  if (bad >= 0) throw new AlchemistError('E_ARGUMENT', `singular values are finite and not negative, but number ${bad} is ${s[bad]}`);
}

/** Rows `rows` of q columns of a random orthonormal basis of ℝⁿ; `side` makes the bases of one seed independent. */
function randomBasis(memory: RankMemory, seed: number, side: 0 | 1, n: number, rows: Slice, q: number) {
  // Two columns of random numbers a side: one gives the signs of the rows, one shuffles the frequencies.
  const signs = randomColumn(memory, seed, 2 * side, rows).map((x) => (x < 0.5 ? -1 : 1));
  const frequencies = shuffled(n, randomColumn(memory, seed, 2 * side + 1, all(q)));
  return {
    /** B(i,k) := scale[first + k] · basis(rows[i], first + k). */
    columns(first: number, B: Matrix, scale?: readonly number[]): void {
      const out = memory.array(B.dtype);
      for (let k = 0; k < B.width; k++) {
        const f = frequencies[first + k];
        const size = (scale?.[first + k] ?? 1) * Math.sqrt((f === 0 ? 1 : 2) / n);
        let at = B.address(0, k) / itemBytes(B.dtype);
        for (let i = 0; i < rows.count; i++, at++) {
          // The angle is π·turn / 2n; whole turns are taken off while it is an integer, so that no accuracy is lost with n.
          const turn = ((2 * (rows.start + i * rows.step) + 1) * f) % (4 * n);
          out[at] = signs[i] * size * Math.cos((Math.PI * Math.min(turn, 4 * n - turn)) / (2 * n));
        }
      }
    },
  };
}

/** The entries of column j of the uniform random matrix of a seed, in the given rows. */
function randomColumn(memory: RankMemory, seed: number, j: number, rows: Slice): Float64Array {
  return memory.heap.scope(() => {
    const x = Matrix.alloc(memory, 'f64', rows.count, 1);
    fillRandom('uniform', seed, 0, 1, rows, { start: j, step: 1 }, x);
    return Float64Array.from(x.flat);
  });
}

/** The first numbers of 0 … n-1 in random order, one for each random number in [0, 1): Fisher and Yates, on a sparse array. */
function shuffled(n: number, random: Float64Array): Int32Array {
  const moved = new Map<number, number>();
  const at = (k: number): number => moved.get(k) ?? k;
  return Int32Array.from(random, (x, t) => {
    const r = t + Math.floor(x * (n - t));
    const taken = at(r);
    moved.set(r, at(t));
    return taken;
  });
}
