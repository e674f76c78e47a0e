/** The part of the layout benchmark that runs on the ranks: redistributions beside plain copies of the same bytes. */
import { DistMatrix } from '#src/dist/dist-matrix.js';
import { redistribute } from '#src/dist/redistribute.js';
import { parseDistPair } from '#src/layout/distribution.js';
import { share } from '#src/layout/layout.js';
import { defineTask } from '#src/library/task.js';
import * as blas from '#src/local/blas.js';
import type { Library } from '#src/library/library.js';

const redistribution = defineTask({
  name: 'redistribution',
  about: 'times B := A against a plain copy of the same bytes by the same threads, in turns',
  params: {
    height: { type: 'integer', about: 'rows' },
    width: { type: 'integer', about: 'columns' },
    from: { type: 'text', about: 'distribution of A' },
    to: { type: 'text', about: 'distribution of B' },
    repeat: { type: 'integer', about: 'timings of each' },
  },
  returns: { moves: 'seconds of each redistribution', copies: 'seconds of each plain copy', wrong: 'entries of B on rank 0 that are wrong' },
  run({ grid }, { height, width, from, to, repeat }) {
    const A = DistMatrix.create(grid, { height, width, dist: parseDistPair(from) });
    const B = A.like({ dist: parseDistPair(to) });
    const copy = A.like();
    const value = (i: number, j: number): number => i + j / 65536;
    const mine = share(A.layout, grid.rank)!;
    for (let j = 0; j < A.local.width; j++) {
      for (let i = 0; i < A.local.height; i++) A.local.set(i, j, value(mine.rows.start + i * mine.rows.step, mine.cols.start + j * mine.cols.step));
    }
    const timed = (work: () => void): number => {
      grid.comm.barrier();
      const start = performance.now();
      work();
      grid.comm.barrier();
      return (performance.now() - start) / 1000;
    };
    const moves: number[] = [];
    const copies: number[] = [];
    for (let turn = -1; turn < repeat; turn++) {
      const move = timed(() => redistribute(A, B));
      const plain = timed(() => blas.copy(A.local, copy.local));
      // The first turn touches fresh pages and compiles: it does not count.
      if (turn >= 0) {
        moves.push(move);
        copies.push(plain);
      }
    }
    const theirs = share(B.layout, grid.rank)!;
    let wrong = 0;
    for (let j = 0; j < B.local.width; j++) {
      for (let i = 0; i < B.local.height; i++) {
        if (B.local.get(i, j) !== value(theirs.rows.start + i * theirs.rows.step, theirs.cols.start + j * theirs.cols.step)) wrong++;
      }
    }
    return { moves, copies, wrong };
  },
});

const library: Library = {
  name: 'bench-layouts',
  about: 'measurements of redistributions',
  tasks: { redistribution: async () => redistribution as never },
};
export default library;
