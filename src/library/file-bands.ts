/** How a distributed matrix and a file meet: in bands of the file's lines, one to a rank at a time. */
import { DistMatrix } from '../dist/dist-matrix.js';
import { redistribute } from '../dist/redistribute.js';
import type { Order } from '../io/matrix-file.js';
import { makeLayout } from '../layout/layout.js';
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

/** One band in this rank's memory: entry (i, j) of the matrix' lines [start, start + count) lies at offset + i·rowStride + j·colStride. */
export interface Band {
  readonly start: number;
  readonly count: number;
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
  const { order, lines, length, step, hands } = cut;
  const L = order === 'row' ? A : A.transposed; // lines × length: the file's lines are the rows of L
  const buffer = Matrix.alloc(grid.memory, dtype, grid.rank < hands ? step : 0, length, 'row');
  const inA = order === 'row' ? buffer : buffer.transposed;

  for (let first = 0; first < lines; first += hands * step) {
    const bands = Array.from({ length: hands }, (_, root) => {
      const start = Math.min(first + root * step, lines);
      const count = Math.min(step, lines - start);
      const layout = makeLayout({ height: count, width: length, dist: 'CIRC_CIRC', root, gridHeight: grid.height, gridWidth: grid.width });
      return { start, count, B: new DistMatrix(grid, layout, root === grid.rank ? buffer.view(0, 0, count, length) : buffer.view(0, 0, 0, 0)) };
    });
    const mine = bands[grid.rank];
    const visitMine = (): void => {
      if (!mine || mine.count === 0) return;
      const { rowStride, colStride, ptr } = inA;
      visit({ start: mine.start, count: mine.count, data: grid.memory.array(dtype), rowStride, colStride, offset: ptr / itemBytes(dtype) });
    };
    if (direction === 'load') visitMine();
    for (const { start, count, B } of bands) {
      const part = L.view({ start, count }); // count × length
      if (direction === 'load') redistribute(B, part);
      else redistribute(part, B);
    }
    if (direction === 'save') visitMine();
    done(Math.min(first + hands * step, lines));
  }
}
