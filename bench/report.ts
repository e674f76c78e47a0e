/** What a benchmark yields, and the statistics behind it. */

/** One measured line. The answer has been checked before it is made. */
export interface Row {
  readonly name: string;
  /** The figure in its own unit, for reading; machines differ and drift. */
  readonly value: number;
  readonly unit: string;
  /** The figure to trust: measured against something else in the same run. */
  readonly ratio?: number;
  /** What it was measured against. */
  readonly against?: string;
  /** What the ratio should reach: at least, or at most where `lower` says so. */
  readonly target?: number;
  /** Whether a smaller ratio is better. */
  readonly lower?: boolean;
  /** Below it something is broken, whatever the machine: the command then fails. */
  readonly floor?: number;
}

/** Yields its rows one by one, as they are measured. */
export type Suite = (options: { readonly quick: boolean }) => AsyncGenerator<Row, void, undefined>;

/** Whether a row reaches its target; true without one. */
export const passes = ({ ratio, target, lower }: Row): boolean =>
  ratio === undefined || target === undefined || (lower ? ratio <= target : ratio >= target);

export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Median of the quotients a[i] / b[i] of figures that were measured in turns: what drifts, drifts in both. */
export const medianRatio = (a: ArrayLike<number>, b: ArrayLike<number>): number => median(Array.from(a, (x, i) => x / b[i]));

/** The shortest of times: what disturbs a call from outside only ever adds to it. */
export const best = (times: readonly number[]): number => Math.min(...times);

/** Seconds that a call takes. */
export async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Throws when an answer is not right: a benchmark of a wrong answer is worth nothing. */
export function mustBeRight(right: boolean, what: string): void {
  if (!right) throw new Error(`${what}: the answer is wrong, so its time is not told`);
}
