/** The grids that operations are tested on, a session each, started once a file; and matrices laid onto them at random. */
import { Alchemist, type DistPair, type Dtype, HostMatrix, type MatrixHandle, type Placement, type Session } from '#src/index.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { colStride, copies, crossSize, makeLayout, rowStride } from '#src/layout/layout.js';
import type { GridOrder } from '#src/layout/grid-shape.js';

export interface TestGrid {
  readonly height: number;
  readonly width: number;
  readonly order: GridOrder;
}

const SHAPES = [[1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [3, 2], [5, 1]] as const;

/** Every shape in both orders; a grid of one row or column is the same in either. */
export const TEST_GRIDS: readonly TestGrid[] = SHAPES.flatMap(([height, width]) =>
  (height === 1 || width === 1 ? (['column'] as const) : (['column', 'row'] as const)).map((order) => ({ height, width, order })),
);

/** Sizes that tests go through: nothing, one, two, fewer than the processes, and what no stride divides. */
export const SHAPES_TO_TRY: readonly (readonly [height: number, width: number])[] = [
  [7, 5], [0, 0], [2, 9], [13, 4], [0, 3], [1, 1], [3, 0], [17, 2], [1, 8], [11, 11], [2, 2], [6, 1], [4, 19], [23, 6],
];

/** Runs `body` once for each grid, inside a `describe` of its own. The session starts before the first test and ends after the last. */
export function forEachGrid(body: (session: () => Session, grid: TestGrid) => void, grids: readonly TestGrid[] = TEST_GRIDS): void {
  for (const grid of grids) {
    const { height, width, order } = grid;
    describe(`on ${height}×${width}, ${order} by ${order}`, () => {
      let session: Session | undefined;
      beforeAll(async () => {
        session = await Alchemist.start({ grid: [height, width], order, memoryPerWorker: '64MiB' });
      });
      afterAll(() => session?.close());
      body(() => session!, grid);
    });
  }
}

/** A reproducible sequence of whole numbers; `below(n)` gives the next one from 0 to n - 1. */
export class Sequence {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0;
    return Math.floor(((this.#state >>> 0) / 2 ** 32) * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}

/** A distribution with random alignments and root, as a height × width matrix on this grid may have them. */
export function placement(next: Sequence, { height: gridHeight, width: gridWidth }: TestGrid, dist: DistPair = next.pick(DIST_PAIRS)): Placement {
  const layout = makeLayout({ height: 0, width: 0, dist, gridHeight, gridWidth });
  return { dist, colAlign: next.below(colStride(layout)), rowAlign: next.below(rowStride(layout)), root: next.below(crossSize(layout)) };
}

/** A height × width matrix of whole numbers from -9 to 9: sums of their products are exact in both item types. */
export function wholeNumbers(next: Sequence, height: number, width: number): HostMatrix {
  return dense(height, width, () => next.below(19) - 9);
}

/** A row-major matrix in the caller's memory. */
export function dense(height: number, width: number, entry: (i: number, j: number) => number): HostMatrix {
  const data = Float64Array.from({ length: height * width }, (_, at) => entry(Math.floor(at / width), at % width));
  return new HostMatrix(data, [height, width], [width, 1]);
}

/** The entries of A as the caller has them, row by row; every rank's copy is looked at, and all must be equal. */
export async function fetched(session: Session, A: MatrixHandle): Promise<number[]> {
  const entries = Array.from((await session.fetch(A)).data);
  for (let root = 1; copies(A.layout) > 1 && root < session.workers; root++) {
    // A rank reads from the copy that it holds, or that its own team holds.
    const copy = await session.redistribute(A, 'CIRC_CIRC', { root });
    const theirs = (await session.fetch(copy)).data;
    const at = entries.findIndex((value, index) => !Object.is(value, theirs[index]));
    if (at >= 0) throw new Error(`the copies of ${A} differ: entry ${at} is ${entries[at]}, but ${theirs[at]} for rank ${root}`);
    await copy.free();
  }
  return entries;
}

/** The entries of a dense matrix, row by row, as an item type holds them. */
export function entriesOf(A: HostMatrix, dtype: Dtype = 'f64'): number[] {
  return Array.from(dtype === 'f64' ? A.data : Float32Array.from(A.data));
}
