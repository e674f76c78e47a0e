/** Redistributions and contractions of random matrices on real ranks: every rank draws the same cases from a seed and checks its own entries. */
import { contract, redistribute } from '#src/dist/redistribute.js';
import { DistMatrix } from '#src/dist/dist-matrix.js';
import { Grid } from '#src/dist/grid.js';
import { DIST_PAIRS, type DistPair, splitDistPair } from '#src/layout/distribution.js';
import type { GridOrder } from '#src/layout/grid-shape.js';
import { colStride, crossSize, describe, makeLayout, ownersOf, rowStride, share } from '#src/layout/layout.js';
import { contractedEntries, receivedEntries } from '#src/layout/plan.js';
import type { Block } from '#src/layout/block.js';
import type { Slice } from '#src/layout/slice.js';
import { type Dtype, itemBytes } from '#src/local/rank-memory.js';
import { partial } from '../comm/scenarios.js';
import type { RankContext } from '../comm/rank-worker.js';
import { type Random, random } from '../random.js';

export interface Cases {
  readonly seed: number;
  readonly height: number;
  readonly width: number;
  readonly order: GridOrder;
  readonly from: DistPair;
  /** How many for each pair to go to. */
  readonly count: number;
  /** Matrices that are worth pushing rather than pulling, where that saves passes over memory. */
  readonly large?: boolean;
}

/** What surrounds a view, on either side, before and after. */
const AROUND = -1;

/** Tells where an entry belongs; exact in f32. */
const entry = (i: number, j: number): number => i * 1024 + j + 1;

/** Empty, one, two, smaller than the grid, and what no stride divides. */
const dimension = ({ pick, below }: Random): number => pick([0, 1, 2, below(7), below(7), 7 + below(20)]);

const largeDimension = ({ below }: Random): number => 130 + below(20);

/** A view of some matrix of the pair, perhaps a transpose, at a random place of a larger one with random alignments. */
interface Placed {
  /** The whole matrix, in the view's orientation. */
  readonly base: DistMatrix;
  readonly view: DistMatrix;
  readonly i0: number;
  readonly j0: number;
}

function place(grid: Grid, rng: Random, pair: DistPair, height: number, width: number, dtype: Dtype): Placed {
  const { below, pick } = rng;
  const [i0, j0] = [pick([0, below(6)]), pick([0, below(6)])];
  const [baseHeight, baseWidth] = [i0 + height + pick([0, below(4)]), j0 + width + pick([0, below(4)])];
  const [colDist, rowDist] = splitDistPair(pair);
  const transposed = pick([false, true]);
  const shape = transposed ? { height: baseWidth, width: baseHeight, dist: [rowDist, colDist] as const } : { height: baseHeight, width: baseWidth, dist: [colDist, rowDist] as const };
  const axes = makeLayout({ ...shape, gridHeight: grid.height, gridWidth: grid.width });
  const alignment = { colAlign: below(colStride(axes)), rowAlign: below(rowStride(axes)), root: below(crossSize(axes)) };
  const stored = DistMatrix.create(grid, { ...shape, ...alignment, dtype, order: pick(['column', 'row']) });
  const base = transposed ? stored.transposed : stored;
  return { base, view: base.view({ start: i0, count: height }, { start: j0, count: width }), i0, j0 };
}

const at = ({ start, step }: Slice, t: number): number => start + t * step;

/** Visits this rank's entries of the whole matrix with their indices in the view, and whether they are inside it. */
function visit({ base, view, i0, j0 }: Placed, see: (iLoc: number, jLoc: number, i: number, j: number, inside: boolean) => void): void {
  const mine: Block | null = share(base.layout, base.grid.rank);
  for (let iLoc = 0; mine && iLoc < mine.rows.count; iLoc++) {
    for (let jLoc = 0; jLoc < mine.cols.count; jLoc++) {
      const [i, j] = [at(mine.rows, iLoc) - i0, at(mine.cols, jLoc) - j0];
      see(iLoc, jLoc, i, j, i >= 0 && j >= 0 && i < view.height && j < view.width);
    }
  }
}

function fill(placed: Placed, value: (i: number, j: number) => number): void {
  visit(placed, (iLoc, jLoc, i, j, inside) => placed.base.local.set(iLoc, jLoc, inside ? value(i, j) : AROUND));
}

function check(what: () => string, placed: Placed, value: (i: number, j: number) => number): void {
  const { local } = placed.base;
  visit(placed, (iLoc, jLoc, i, j, inside) => {
    const [found, expected] = [local.get(iLoc, jLoc), inside ? value(i, j) : AROUND];
    if (!Object.is(found, expected)) throw new Error(`${what()}: entry (${i}, ${j}) on rank ${placed.base.grid.rank} is ${found}, not ${expected}`);
  });
}

function mustBe(what: () => string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what()}: ${found}, not ${expected}`);
}

function forCases({ comm, memory }: RankContext, cases: Cases, body: (grid: Grid, rng: Random, to: DistPair, dtype: Dtype, height: number, width: number) => void): void {
  const grid = new Grid(comm, memory, cases.height, cases.width, cases.order);
  const rng = random(cases.seed);
  const size = cases.large ? largeDimension : dimension;
  for (const to of DIST_PAIRS) {
    for (let t = 0; t < cases.count; t++) memory.heap.scope(() => body(grid, rng, to, rng.pick(['f64', 'f32']), size(rng), size(rng)));
  }
}

/** B := A: every entry arrives, nothing else changes, and what is received is what the plan announces. */
export function redistributions(context: RankContext, cases: Cases): void {
  forCases(context, cases, (grid, rng, to, dtype, height, width) => {
    const A = place(grid, rng, cases.from, height, width, dtype);
    const B = place(grid, rng, to, height, width, dtype);
    const what = (): string => `${dtype} ${describe(A.view.layout)} to ${describe(B.view.layout)}`;
    fill(A, entry);
    fill(B, () => NaN);
    grid.comm.takeCost();
    redistribute(A.view, B.view);
    const { bytesMoved, bytesCopied } = grid.comm.takeCost();
    check(what, B, entry);
    check(() => `${what()}, the source`, A, entry);
    const wanted = share(B.view.layout, grid.rank);
    const received = receivedEntries(A.view.layout, B.view.layout, grid.rank);
    const copied = (wanted ? wanted.rows.count * wanted.cols.count : 0) - received;
    mustBe(() => `${what()}: bytes received`, bytesMoved, received * itemBytes(dtype));
    mustBe(() => `${what()}: bytes copied`, bytesCopied, copied * itemBytes(dtype));
  });
}

/** B += alpha · the sum of the copies of A, each of which holds a different partial sum, with the bits of adding them in rank order. */
export function contractions(context: RankContext, cases: Cases): void {
  forCases(context, cases, (grid, rng, to, dtype, height, width) => {
    const A = place(grid, rng, cases.from, height, width, dtype);
    const B = place(grid, rng, to, height, width, dtype);
    // A power of two: then fused and separate rounding agree, and the expected bits are those of plain sums.
    const alpha = rng.pick([1, -0.5]);
    const what = (): string => `${dtype} B += ${alpha} × the copies of ${describe(A.view.layout)} in ${describe(B.view.layout)}`;
    const rounded = dtype === 'f64' ? (x: number): number => x : Math.fround;
    const share_ = (rank: number, i: number, j: number): number => rounded(partial(rank, i + 3 * j));
    fill(A, (i, j) => share_(grid.rank, i, j));
    fill(B, entry);
    grid.comm.takeCost();
    contract(alpha, A.view, B.view);
    const { bytesMoved } = grid.comm.takeCost();
    check(what, B, (i, j) => {
      const owners = ownersOf(A.view.layout, i, j).sort((a, b) => a - b);
      return owners.reduce((sum, rank) => rounded(sum + alpha * share_(rank, i, j)), entry(i, j));
    });
    mustBe(() => `${what()}: bytes received`, bytesMoved, contractedEntries(A.view.layout, B.view.layout, grid.rank) * itemBytes(dtype));
  });
}
