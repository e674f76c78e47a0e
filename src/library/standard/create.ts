/** A fresh matrix of zeros, or with undefined entries for a caller who fills them next. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import { makeLayout } from '../../layout/layout.js';
import { parseDistPair } from '../../layout/distribution.js';
import * as blas from '../../local/blas.js';
import type { Dtype } from '../../local/rank-memory.js';
import { storageOf } from '../storage.js';
import { defineTask } from '../task.js';

export const create = defineTask({
  name: 'create',
  about: 'A := 0, height × width',
  params: {
    height: { type: 'integer', min: 0, about: 'rows' },
    width: { type: 'integer', min: 0, about: 'columns' },
    dist: { type: 'text', default: 'MC_MR', about: 'distribution, such as MC_MR or VC_STAR' },
    colAlign: { type: 'integer', default: 0, min: 0, about: 'the rank of the column axis that owns row 0' },
    rowAlign: { type: 'integer', default: 0, min: 0, about: 'the rank of the row axis that owns column 0' },
    root: { type: 'integer', default: 0, min: 0, about: 'the diagonal of an MD matrix, the process of a [CIRC,CIRC] one' },
    dtype: { type: 'text', default: 'f64', oneOf: ['f64', 'f32'], about: 'item type' },
    fill: { type: 'boolean', default: true, about: 'false leaves the entries undefined' },
  },
  returns: { A: 'the matrix' },
  cost({ height, width, dist, colAlign, rowAlign, root, dtype }, grid) {
    const layout = makeLayout({ height, width, dist: parseDistPair(dist), colAlign, rowAlign, root, gridHeight: grid.height, gridWidth: grid.width });
    return { flops: 0, bytesMoved: 0, memoryPerRank: storageOf(layout, dtype as Dtype) };
  },
  run({ grid }, { dist, dtype, fill, ...shape }) {
    const A = DistMatrix.create(grid, { ...shape, dist: parseDistPair(dist), dtype: dtype as Dtype });
    if (fill) blas.fill(0, A.local);
    return { A };
  },
});
