/** Products for the tests of GEMM and of what stands on it: operands in every layout, exact where the entries are small integers. */
import { BlockArray, numbers, type Build, type Item } from './wasm.js';

// Looked up once: a global is slow to reach from the context in which jest runs a test.
const { abs, max } = Math;

/** A reproducible sequence of integers from -3 to 3. */
export function integers(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 16807) % 2147483647;
    return (state % 7) - 3;
  };
}

/** Ways for a matrix to lie in memory: the strides (rs, cs) of an m×n one. */
export const LAYOUTS: ((m: number, n: number) => [rs: number, cs: number])[] = [
  (m) => [1, m + 3],
  (_, n) => [n + 2, 1],
  (m) => [2, 2 * m + 5],
];

/** alpha and beta: those that have paths of their own, and others. All products with small integers are exact, in f32 too. */
export const SCALARS: [alpha: number, beta: number][] = [[1, 0], [1, 1], [-2, 0], [0.5, -3], [0, 2], [0, 0], [3, 1]];

export interface Problem {
  m: number;
  n: number;
  k: number;
  alpha: number;
  beta: number;
  layoutA: (typeof LAYOUTS)[number];
  layoutB: (typeof LAYOUTS)[number];
}

/** What is being tested: computes C := alpha A B + beta C, given a workspace of as many bytes as it asks for. */
export interface Multiplier {
  workBytes(build: Build, item: Item, p: Problem): number;
  multiply(build: Build, item: Item, p: Problem, a: BlockArray, b: BlockArray, c: BlockArray, work: number): void;
}

/** A multiplier by the name of its kernel; `extra` goes between C and the workspace. */
export function kernelMultiplier(name: string, ...extra: number[]): Multiplier {
  return {
    workBytes: (build, item, { m, n, k }) => build.kernel(`${name}Work_${item.name}`)(m, n, k, ...extra),
    multiply(build, item, { m, n, k, alpha, beta }, a, b, c, work) {
      build.kernel(`${name}_${item.name}`)(m, n, k, alpha, a.ptr, a.rs, a.cs, b.ptr, b.rs, b.cs, beta, c.ptr, c.cs, ...extra, work);
    },
  };
}

/** A, B, the old C and the computed one. */
export interface Outcome {
  a: BlockArray;
  b: BlockArray;
  old: (i: number, j: number) => number;
  c: BlockArray;
}

/**
 * Runs one problem in a fresh memory; `entry` makes the entries of A, B and C. Old C is NaN where beta = 0, A and B are where alpha = 0.
 * @throws Error when the workspace was overrun.
 */
export function run(build: Build, item: Item, multiplier: Multiplier, p: Problem, entry: () => number): Outcome {
  build.reset();
  const { m, n, k, alpha, beta } = p;
  const operand = alpha === 0 ? () => NaN : entry;
  const a = new BlockArray(build, item, m, k, ...p.layoutA(m, k), operand);
  const b = new BlockArray(build, item, k, n, ...p.layoutB(k, n), operand);
  const c = new BlockArray(build, item, m, n, 1, m + 2, beta === 0 ? () => NaN : entry);
  const before = c.array.data.slice();
  const work = build.array(item, Math.ceil(multiplier.workBytes(build, item, p) / item.bytes));
  multiplier.multiply(build, item, p, a, b, c, work.ptr);
  if (!work.intact()) throw new Error(`workspace overrun: ${JSON.stringify(p)}`);
  return { a, b, old: (i, j) => before[i + j * (m + 2)], c };
}

/** What is wrong with the product of integer matrices, which must be exact; '' when nothing is. */
export function exactly(build: Build, item: Item, multiplier: Multiplier, p: Problem): string {
  const { a, b, old, c } = run(build, item, multiplier, p, integers(p.m * 961 + p.n * 31 + p.k));
  const difference = c.difference((i, j) => {
    let sum = 0;
    if (p.alpha !== 0) for (let l = 0; l < p.k; l++) sum += a.get(i, l) * b.get(l, j);
    return p.alpha * sum + (p.beta === 0 ? 0 : p.beta * old(i, j));
  });
  return difference && `${build.name} ${item.name} ${p.m}x${p.n}x${p.k} alpha ${p.alpha} beta ${p.beta}: ${difference}`;
}

/** The largest error of C against a plain loop in f64, for entries with full significands, each in units of u · bound(|A| |B| entry by entry). */
export function largestError(
  build: Build,
  item: Item,
  multiplier: Multiplier,
  p: Problem,
  bound: (absoluteProduct: number, absoluteC: number) => number,
): number {
  const next = numbers(p.m * 961 + p.n * 31 + p.k);
  const { a, b, old, c } = run(build, item, multiplier, p, () => next() / 3);
  let largest = 0;
  for (let j = 0; j < p.n; j++) {
    for (let i = 0; i < p.m; i++) {
      let sum = 0;
      let absolute = 0;
      for (let l = 0; l < p.k; l++) {
        const product = a.get(i, l) * b.get(l, j);
        sum += product;
        absolute += abs(product);
      }
      const kept = p.beta === 0 ? 0 : p.beta * old(i, j);
      const error = abs(c.get(i, j) - (p.alpha * sum + kept));
      largest = max(largest, error / (item.eps * bound(abs(p.alpha) * absolute, abs(kept))));
    }
  }
  return largest;
}
