/** Numbers that look random and are the same in every run, on every thread. */

export interface Random {
  /** The next number in [0, 1). */
  next(): number;
  /** The next integer in [0, end). */
  below(end: number): number;
  /** One of the choices. */
  pick<T>(choices: readonly T[]): T;
}

/** The sequence of a seed: mulberry32. */
export function random(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return { next, below, pick: (choices) => choices[below(choices.length)] };
}
