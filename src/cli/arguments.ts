/** Readers of what stands behind an option: each gives the value or says what was expected. */
import { InvalidArgumentError } from 'commander';
import type { AlchemistError } from '../errors.js';
import { parseDistPair } from '../layout/distribution.js';
import type { DistPair } from '../layout/distribution.js';
import { parseGridShape } from '../layout/grid-shape.js';

/** An integer of at least `min`. */
export const integer = (min: number) => (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < min) throw new InvalidArgumentError(`Expected: an integer of at least ${min}.`);
  return value;
};

export function real(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected: a number.');
  return value;
}

/** What `parse` makes of the text; its error is told as one of usage. */
const by = <T>(parse: (text: string) => T) => (text: string): T => {
  try {
    return parse(text);
  } catch (error) {
    const { hint, message } = error as AlchemistError;
    const advice = hint ?? message;
    throw new InvalidArgumentError(`${advice[0].toUpperCase()}${advice.slice(1)}.`);
  }
};

/** 'MC_MR', '[MC,MR]' or 'VC,*'. */
export const distribution = by((text): DistPair => parseDistPair(text).join('_') as DistPair);

/** '2x3'; also the shape of a matrix. */
export const gridShape = by(parseGridShape);
