/** The residuals by which factorisations are judged (those of Elemental's tests), and the matrices that try them. */
import { BlockArray, numbers, type Build, type Item } from '../wasm.js';

export type Entry = (i: number, j: number) => number;

/** A matrix as a function of its indices. */
export interface Sample {
  m: number;
  n: number;
  get: Entry;
}

export function sample(m: number, n: number, entry: Entry): Sample {
  const values = Float64Array.from({ length: m * n }, (_, k) => entry(k % m, Math.floor(k / m)));
  return { m, n, get: (i, j) => values[i + j * m] };
}

/** A column-major copy whose columns are `pad` entries further apart than needed. */
export function columns(build: Build, item: Item, a: Sample, pad: number): BlockArray {
  return new BlockArray(build, item, a.m, a.n, 1, a.m + pad, a.get);
}

/** Whether nothing outside a block was written. */
export function isContained(block: BlockArray): boolean {
  return block.difference((i, j) => block.get(i, j)) === '';
}

export function multiply(a: Sample, b: Sample): Sample {
  const product = new Float64Array(a.m * b.n), row = new Float64Array(a.n);
  for (let i = 0; i < a.m; i++) {
    for (let k = 0; k < a.n; k++) row[k] = a.get(i, k);
    for (let j = 0; j < b.n; j++) {
      let s = 0;
      for (let k = 0; k < a.n; k++) s += row[k] * b.get(k, j);
      product[i + j * a.m] = s;
    }
  }
  return { m: a.m, n: b.n, get: (i, j) => product[i + j * a.m] };
}

export const transpose = (a: Sample): Sample => ({ m: a.n, n: a.m, get: (i, j) => a.get(j, i) });
export const subtract = (a: Sample, b: Sample): Sample => sample(a.m, a.n, (i, j) => a.get(i, j) - b.get(i, j));
export const diagonal = (d: ArrayLike<number>): Sample => sample(d.length, d.length, (i, j) => (i === j ? d[i] : 0));

function sums(a: Sample, f: (value: number) => number): number[] {
  return Array.from({ length: a.n }, (_, j) => {
    let s = 0;
    for (let i = 0; i < a.m; i++) s += f(a.get(i, j));
    return s;
  });
}

/** The largest column sum of absolute values; NaN if any entry is NaN. */
export const norm1 = (a: Sample): number => sums(a, Math.abs).reduce((x, y) => (x > y ? x : y === y ? Math.max(x, y) : NaN), 0);
export const normInf = (a: Sample): number => norm1(transpose(a));
export const normF = (a: Sample): number => Math.sqrt(sums(a, (v) => v * v).reduce((x, y) => x + y, 0));

/** The order that errors are measured by: the limits of Elemental's tests are meant for 100, and small orders count as 10. */
export const order = (m: number, n: number): number => Math.max(m, n, 10);

/** ‖QᵀQ - I‖_∞ in units of eps · order. */
export function orthogonality(q: Sample, eps: number): number {
  return normInf(subtract(multiply(transpose(q), q), diagonal(Array(q.n).fill(1)))) / (eps * order(q.m, q.n));
}

/** An orthogonal matrix: a product of three reflectors. */
function orthogonal(n: number, seed: number): Sample {
  const next = numbers(seed);
  let q = diagonal(Array(n).fill(1));
  for (let k = 0; k < 3; k++) {
    const v = Array.from({ length: n }, next), vv = v.reduce((s, x) => s + x * x, 0);
    q = multiply(q, sample(n, n, (i, j) => Number(i === j) - (2 * v[i] * v[j]) / vv));
  }
  return q;
}

/** m×n matrices, m ≥ n, of every kind that is known to be hard for a factorisation. */
export function hardMatrices(m: number, n: number): [name: string, a: Sample][] {
  const next = numbers(m * 101 + n);
  const random = sample(m, n, next);
  const left = orthogonal(m, 5), right = orthogonal(n, 7);
  const spectrum = (values: (k: number) => number) => multiply(sample(m, n, (i, k) => left.get(i, k) * values(k)), transpose(right));
  return [
    ['random', random],
    ['zero', sample(m, n, () => 0)],
    ['identity', sample(m, n, (i, j) => Number(i === j))],
    ['constant', sample(m, n, () => 1)],
    ['one column zero', sample(m, n, (i, j) => (j === n >> 1 ? 0 : random.get(i, j)))],
    ['rank 2', sample(m, n, (i, j) => random.get(i, 0) * (j + 1) + random.get(i, n - 1) * (j % 3))],
    ['repeated values', spectrum((k) => [3, 3, 2, 2, 2, 1][k % 6])],
    ['clustered values', spectrum((k) => 1 + k * 1e-15)],
    ['geometric values', spectrum((k) => 10 ** -k)],
    ['graded down', sample(m, n, (i, j) => random.get(i, j) * 10 ** (-(i + j) / 3))],
    ['graded up', sample(m, n, (i, j) => random.get(i, j) * 10 ** ((i + j) / 3))],
    ['Jordan block', sample(m, n, (i, j) => Number(i === j || i + 1 === j))],
    ['Kahan triangle', sample(m, n, (i, j) => (i > j ? 0 : 0.6 ** i * (i === j ? 1 : -0.8)))],
    ['Hilbert', sample(m, n, (i, j) => 1 / (i + j + 1))],
    ['near the top of the range', sample(m, n, (i, j) => random.get(i, j) * 1e307)],
    ['near the bottom of the range', sample(m, n, (i, j) => random.get(i, j) * 1e-300)],
  ];
}

/** The same matrix with its largest entry near 1, by a power of two, and that power: so that residuals cannot overflow. */
export function normalised(a: Sample): [a: Sample, scale: number] {
  let largest = 0;
  for (let j = 0; j < a.n; j++) for (let i = 0; i < a.m; i++) largest = Math.max(largest, Math.abs(a.get(i, j)));
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  return [sample(a.m, a.n, (i, j) => a.get(i, j) / scale), scale];
}
