/** What box plots show, how two sets of samples compare, and how much of a figure may be chance. */
import { randomNumbers } from './design.js';

const RESAMPLES = 500;

/** Tukey's box: quartiles, and whiskers to the last samples within one and a half box lengths. */
export interface Box {
  readonly low: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly high: number;
  /** Samples beyond the whiskers. */
  readonly outliers: readonly number[];
}

/** The q-quantile of ascending numbers, interpolated (Hyndman and Fan's type 7); NaN of none. */
export function quantile(ascending: readonly number[], q: number): number {
  const at = (ascending.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending.length === 0 ? NaN : ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}

export function boxOf(samples: readonly number[]): Box {
  const ascending = [...samples].sort((a, b) => a - b);
  const [lowerQuartile, median, upperQuartile] = [0.25, 0.5, 0.75].map((q) => quantile(ascending, q));
  const reach = 1.5 * (upperQuartile - lowerQuartile);
  const inside = ascending.filter((x) => x >= lowerQuartile - reach && x <= upperQuartile + reach);
  const outliers = ascending.filter((x) => x < lowerQuartile - reach || x > upperQuartile + reach);
  return { low: inside[0], lowerQuartile, median, upperQuartile, high: inside[inside.length - 1], outliers };
}

export const mean = (samples: readonly number[]): number => samples.reduce((a, b) => a + b, 0) / samples.length;

/** Whether `after` is faster or slower than `before`: only where the middle halves of the samples do not overlap. */
export function verdict(before: Box, after: Box): 'faster' | 'slower' | 'alike' {
  if (after.upperQuartile < before.lowerQuartile) return 'faster';
  return after.lowerQuartile > before.upperQuartile ? 'slower' : 'alike';
}

/**
 * The middle 95 % of what a statistic comes to when the items it is made of are drawn anew, with replacement, time and again: how far chance may have
 * moved it (the bootstrap; B. Efron, 1979). The same items give the same interval.
 */
export function chanceInterval<Item>(items: readonly Item[], statistic: (drawn: readonly Item[]) => number): readonly [low: number, high: number] {
  const random = randomNumbers(1);
  const values = Array.from({ length: RESAMPLES }, () => statistic(items.map(() => items[Math.floor(random() * items.length)])));
  values.sort((a, b) => a - b);
  return [quantile(values, 0.025), quantile(values, 0.975)];
}
