/** Slice: an arithmetic progression of indices, the shape of every share of one axis of a matrix, and how two of them overlap. */

/** The indices start, start + step, …, start + (count - 1)·step. An empty slice (count 0) keeps its start and step. */
export interface Slice {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** The progression start + t·step for t = 0 … count - 1. step ≥ 1. */
export function slice(start: number, step: number, count: number): Slice {
  return { start, step, count };
}

/** The indices 0, 1, …, n - 1. */
export function all(n: number): Slice {
  return { start: 0, step: 1, count: n };
}

/** a mod b in [0, b), also for a negative a. */
export function mod(a: number, b: number): number {
  const remainder = a % b;
  return remainder < 0 ? remainder + b : remainder + 0; // + 0 turns -0 into 0
}

/** Greatest common divisor of two positive integers. */
export function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** How many of the indices shift, shift + stride, shift + 2·stride, … are below n; shift ≥ 0. Elemental's Length. */
export function lengthBelow(n: number, shift: number, stride: number): number {
  return n > shift ? Math.floor((n - shift - 1) / stride) + 1 : 0;
}

/**
 * a ∩ b, which is again one progression, with the least common multiple of the steps (Chinese remainder theorem); null when
 * it is empty. A single common index comes back with step 1. Exact as long as every index is a safe integer.
 */
export function meet(a: Slice, b: Slice): Slice | null {
  if (a.count === 0 || b.count === 0) return null;
  const divisor = gcd(a.step, b.step);
  const distance = b.start - a.start;
  if (distance % divisor !== 0) return null;

  // start_a + t·step_a ≡ start_b (mod step_b) has one solution t in [0, period), and then one every period.
  const period = b.step / divisor;
  const t = timesMod(mod(distance / divisor, period), inverse(mod(a.step / divisor, period), period), period);
  const low = Math.max(a.start, b.start);
  const high = Math.min(a.start + (a.count - 1) * a.step, b.start + (b.count - 1) * b.step);

  // The smallest such t with start_a + t·step_a ≥ low. Products past 2^53 are rounded, but then they are far above high.
  const behind = Math.ceil((low - a.start) / a.step) - t;
  const first = a.start + (t + Math.ceil(behind / period) * period) * a.step;
  if (first > high) return null;
  const step = a.step * period;
  const count = Math.floor((high - first) / step) + 1;
  return { start: first, step: count > 1 ? step : 1, count };
}

/**
 * Where the indices of `part` sit in `whole`: the progression of positions t with whole.start + t·whole.step ∈ part.
 * Requires part ⊆ whole, as {@link meet} gives it. Fewer than two positions come back with step 1.
 */
export function positionIn(part: Slice, whole: Slice): Slice {
  if (part.count === 0) return { start: 0, step: 1, count: 0 };
  const start = (part.start - whole.start) / whole.step;
  return { start, step: part.count > 1 ? part.step / whole.step : 1, count: part.count };
}

/** a⁻¹ mod m for coprime a and m: the extended Euclidean algorithm, whose coefficients never exceed m. */
function inverse(a: number, m: number): number {
  let [r0, r1, x0, x1] = [m, a, 0, 1];
  while (r1 !== 0) {
    const quotient = Math.floor(r0 / r1);
    [r0, r1] = [r1, r0 - quotient * r1];
    [x0, x1] = [x1, x0 - quotient * x1];
  }
  return mod(x0, m);
}

/** a·b mod m for 0 ≤ a, b < m; through BigInt when the product is past 2^53. */
function timesMod(a: number, b: number, m: number): number {
  const product = a * b;
  return product <= Number.MAX_SAFE_INTEGER ? product % m : Number((BigInt(a) * BigInt(b)) % BigInt(m));
}
