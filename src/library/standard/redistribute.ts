/** B := A in another distribution. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import * as dist from '../../dist/redistribute.js';
import { formatDistPair, parseDistPair } from '../../layout/distribution.js';
import { gridSize, inheritAlignment, type Layout, makeLayout } from '../../layout/layout.js';
import { receivedEntries } from '../../layout/plan.js';
import { itemBytes } from '../../local/rank-memory.js';
import { storageOf } from '../storage.js';
import { type Arguments, defineTask, type MatrixInfo, type Params } from '../task.js';

const params = {
  A: { type: 'matrix', about: 'the source, any distribution' },
  dist: { type: 'text', about: 'the distribution of B, such as MC_MR or VC_STAR' },
  colAlign: { type: 'integer', optional: true, min: 0, about: 'default: inherited from A where that saves traffic' },
  rowAlign: { type: 'integer', optional: true, min: 0, about: 'default: inherited from A where that saves traffic' },
  root: { type: 'integer', optional: true, min: 0, about: 'default: that of A for the same distribution, else 0' },
} as const satisfies Params;

/** The layout that B gets. */
function target(A: Layout, { dist: pair, colAlign, rowAlign, root }: Omit<Arguments<typeof params, MatrixInfo>, 'A'>): Layout {
  const [colDist, rowDist] = parseDistPair(pair);
  const inherited = inheritAlignment(A, [colDist, rowDist]);
  return makeLayout({
    height: A.height,
    width: A.width,
    dist: [colDist, rowDist],
    colAlign: colAlign ?? inherited.colAlign,
    rowAlign: rowAlign ?? inherited.rowAlign,
    root: root ?? inherited.root,
    gridHeight: A.gridHeight,
    gridWidth: A.gridWidth,
  });
}

export const redistribute = defineTask({
  name: 'redistribute',
  about: 'B := A in another distribution',
  params,
  returns: { B: `the copy, for instance ${formatDistPair('VC', 'STAR')}` },
  cost({ A, ...wanted }) {
    const to = target(A.layout, wanted);
    let words = 0;
    for (let rank = 0; rank < gridSize(to); rank++) words = Math.max(words, receivedEntries(A.layout, to, rank));
    return { flops: 0, bytesMoved: words * itemBytes(A.dtype), memoryPerRank: storageOf(to, A.dtype) };
  },
  run({ grid }, { A, ...wanted }) {
    const B = DistMatrix.ofLayout(grid, target(A.layout, wanted), A.dtype);
    dist.redistribute(A, B);
    return { B };
  },
});
