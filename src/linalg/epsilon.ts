/** The unit of rounding. */
import type { Dtype } from '../local/rank-memory.js';

/** Half the distance from 1 to the next number: the largest relative error of one rounding. */
export const EPSILON: Readonly<Record<Dtype, number>> = { f64: 2 ** -53, f32: 2 ** -24 };
