/** How a distributed matrix and a file meet: in bands of the file's lines, one to a rank at a time. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';
import type { Order } from '../io/matrix-file.js';
import { gridSize, type Layout, makeLayout, type Range, transposed, viewLayout } from '../layout/layout.js';
import { receivedEntries } from '../layout/plan.js';
import { Matrix, matrixBytes } from '../local/matrix.js';
import { type Dtype, itemBytes } from '../local/rank-memory.js';

/** A band has at most this many bytes, unless a single line has more. */
const BAND_BYTES = 8 * 2 ** 20;

/** How a file of a height × width matrix is cut: its lines are rows ('row') or columns ('column'), each of `length` entries. */
export interface Cut {
  readonly order: Order;
  readonly lines: number;
  readonly length: number;
  /** Lines of a band, but for the last one. */
  readonly step: number;
  /** Ranks 0 … hands - 1 read or write. */
  readonly hands: number;
}

/** Cuts so that a band fits its buffer and, where the file is small, every hand gets one. */
export function cutFile({ height, width }: { height: number; width: number }, order: Order, dtype: Dtype, hands: number): Cut {
  const [lines, length] = order === 'row' ? [height, width] : [width, height];
  const fitting = Math.floor(BAND_BYTES / (length * itemBytes(dtype) || 1));
  return { order, lines, length, step: Math.max(1, Math.min(fitting, Math.ceil(lines / hands))), hands };
}

/** Bytes of a hand's buffer. */
export function bandBytes({ step, length }: Cut, dtype: Dtype): number {
  return matrixBytes(dtype, step, length, 'row');
}

/** The lines [start, start + count) of a file, in the hand `root`. */
interface Held extends Range {
  readonly root: number;
}

/** Round by round, which lines every hand has; at the end some have none. */
function* rounds({ lines, step, hands }: Cut): Generator<Held[]> {
  for (let first = 0; first < lines; first += hands * step) {
    yield Array.from({ length: hands }, (_, root) => {
      const start = Math.min(first + root * step, lines);
      return { start, count: Math.min(step, lines - start), root };
    });
  }
}

/** The layout of lines that a hand has. */
const layoutInHand = ({ count, root }: Held, { length }: Cut, { gridHeight, gridWidth }: Pick<Layout, 'gridHeight' | 'gridWidth'>): Layout =>
  makeLayout({ height: count, width: length, dist: 'CIRC_CIRC', root, gridHeight, gridWidth });

/** Bytes that the busiest rank receives when A moves from ('load') or to ('save') a file. */
export function bandTraffic(A: Layout, dtype: Dtype, cut: Cut, direction: 'load' | 'save'): number {
  const L = cut.order === 'row' ? A : transposed(A);
  const received = new Float64Array(gridSize(A));
  for (const held of rounds(cut)) {
    for (const lines of held) {
      const [B, part] = [layoutInHand(lines, cut, A), viewLayout(L, lines, { start: 0, count: cut.length })];
      for (let rank = 0; rank < received.length; rank++) received[rank] += direction === 'load' ? receivedEntries(B, part, rank) : receivedEntries(part, B, rank);
    }
  }
  return Math.max(...received) * itemBytes(dtype);
}

/** One band in this rank's memory: entry (i, j) of the matrix' lines [start, start + count) lies at offset + i·rowStride + j·colStride. */
export interface Band extends Range {
  readonly data: Float64Array | Float32Array;
  readonly rowStride: number;
  readonly colStride: number;
  readonly offset: number;
}

/**
 * Moves A from ('load') or to ('save') a file. In each round hand b holds the band b of the round as a [CIRC,CIRC] matrix with root b, and all
 * ranks redistribute it into or out of A. `visit` fills or writes this rank's band; `done` hears how many lines have moved. Collective.
 */
export function moveByBands(A: DistMatrix, cut: Cut, direction: 'load' | 'save', visit: (band: Band) => void, done: (lines: number) => void): void {
  const { grid, dtype } = A;
  const { order, length, step, hands } = cut;
  const L = order === 'row' ? A : A.transposed; // lines × length: the file's lines are the rows of L
  const buffer = Matrix.alloc(grid.memory, dtype, grid.rank < hands ? step : 0, length, 'row');
  const inA = order === 'row' ? buffer : buffer.transposed;

  for (const held of rounds(cut)) {
    const bands = held.map((part) => {
      const local = part.root === grid.rank ? buffer.view(0, 0, part.count, length) : buffer.view(0, 0, 0, 0);
      return { part, B: new DistMatrix(grid, layoutInHand(part, cut, A.layout), local) };
    });
    const mine = held[grid.rank];
    const visitMine = (): void => {
      if (!mine || mine.count === 0) return;
      const { rowStride, colStride, ptr } = inA;
      visit({ start: mine.start, count: mine.count, data: grid.memory.array(dtype), rowStride, colStride, offset: ptr / itemBytes(dtype) });
    };
    if (direction === 'load') visitMine();
    for (const { part, B } of bands) {
      const lines = L.view(part); // count × length
      if (direction === 'load') redistribute(B, lines);
      else redistribute(lines, B);
    }
    if (direction === 'save') visitMine();
    done(held.at(-1)!.start + held.at(-1)!.count);
  }
}
