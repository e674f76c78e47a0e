/** The design of a transfer study: which cells there are, and in which order they are measured. */
import { DIST_PAIRS, type DistPair } from '#src/layout/distribution.js';

export type Direction = 'send' | 'fetch';
export type Dtype = 'f64' | 'f32';

export interface TransferOptions {
  readonly layouts: readonly DistPair[];
  /** Longest payloads of a message, in bytes; larger than the matrix means the matrix. */
  readonly buffers: readonly number[];
  readonly shapes: readonly ShapeName[];
  readonly directions: readonly Direction[];
  /** How many connections the rows are split over. */
  readonly partitions: readonly number[];
  readonly dtypes: readonly Dtype[];
  readonly workers: number;
  /** Bytes of the matrix. */
  readonly size: number;
  readonly repeat: number;
  readonly seed: number;
}

/** Proportions of the matrices of the paper's Figure 5. */
export const SHAPES = {
  wide: { label: '250 000 × 200 000', ratio: 250_000 / 200_000 },
  tall: { label: '1 000 000 × 50 000', ratio: 1_000_000 / 50_000 },
} as const;
export type ShapeName = keyof typeof SHAPES;

export const PAPER_LAYOUTS: readonly DistPair[] = ['VC_STAR', 'STAR_VC', 'MC_MR'];
export const PAPER_BUFFERS: readonly number[] = [1e5, 1e6, 1e7, 1e8, 1e9];
export const ALL_LAYOUTS = DIST_PAIRS;

/** What is varied. Samples of equal cells are repetitions of one measurement. */
export interface Cell {
  readonly shape: ShapeName;
  readonly height: number;
  readonly width: number;
  readonly layout: DistPair;
  readonly buffer: number;
  readonly partitions: number;
  readonly dtype: Dtype;
  readonly direction: Direction;
}

/** A matrix goes out, and comes back when both directions are measured: one trial, two cells. */
export type Trial = Omit<Cell, 'direction'>;

/** Height and width of about `size` bytes in the proportions of a shape; neither is 0. */
export function scaled(shape: ShapeName, size: number, dtype: Dtype): { height: number; width: number } {
  const entries = size / itemBytes(dtype);
  const height = Math.max(1, Math.round(Math.sqrt(entries * SHAPES[shape].ratio)));
  return { height, width: Math.max(1, Math.floor(entries / height)) };
}

export const itemBytes = (dtype: Dtype): number => (dtype === 'f64' ? 8 : 4);

export const cellBytes = ({ height, width, dtype }: Trial): number => height * width * itemBytes(dtype);

/** Every combination of the options. */
export function trialsOf(options: TransferOptions): Trial[] {
  const { layouts, buffers, shapes, partitions, dtypes, size } = options;
  return shapes.flatMap((shape) =>
    dtypes.flatMap((dtype) =>
      partitions.flatMap((parts) =>
        layouts.flatMap((layout) => buffers.map((buffer) => ({ shape, ...scaled(shape, size, dtype), layout, buffer, partitions: parts, dtype }))))));
}

/** The same text for repetitions of the same cell, also of another run. */
export const cellKey = ({ shape, layout, buffer, partitions, dtype, direction }: Omit<Cell, 'height' | 'width'>): string =>
  [direction, shape, dtype, layout, buffer, partitions].join(' ');

/** Uniform numbers on [0, 1) from a seed: Marsaglia's xorshift of 32 bits. */
export function randomNumbers(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The items in a random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const deck = [...items];
  for (let k = deck.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [deck[k], deck[other]] = [deck[other], deck[k]];
  }
  return deck;
}

/** 100 000 → '100 KB', in the paper's units. */
export function formatBuffer(bytes: number): string {
  for (const [unit, size] of [['GB', 1e9], ['MB', 1e6], ['KB', 1e3]] as const) if (bytes >= size) return `${Number((bytes / size).toPrecision(3))} ${unit}`;
  return `${bytes} B`;
}
