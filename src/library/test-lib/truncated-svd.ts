/** The paper's truncated_svd: like truncatedSvd, with the singular values in ascending order, as its clients expect, in a k×1 matrix. */
import { DistMatrix } from '../../dist/dist-matrix.js';
import { redistribute } from '../../dist/redistribute.js';
import { truncatedSvd as decompose } from '../../linalg/truncated-svd.js';
import { share } from '../../layout/layout.js';
import { defineTask } from '../task.js';

export const truncatedSvd = defineTask({
  name: 'truncated_svd',
  about: 'A V = U diag(S) for the largest singular values, ascending; rank is clipped to min(m, n)',
  params: {
    A: { type: 'matrix', about: 'm×n, any distribution' },
    rank: { type: 'integer', min: 1, about: 'how many singular triplets' },
  },
  returns: { S: 'k×1, ascending, [VR,*]', U: 'm×k, [VR,*]', V: 'n×k, [VR,*]' },
  run({ grid }, { A, rank }) {
    const { U, V, values } = decompose(A, { rank: Math.min(rank, A.height, A.width) });
    const k = values.length;
    const S = DistMatrix.create(grid, { height: k, width: 1, dist: 'VR_STAR', dtype: A.dtype });
    const { rows } = share(S.layout, grid.rank)!;
    for (let i = 0; i < S.local.height; i++) S.local.set(i, 0, values[k - 1 - (rows.start + i * rows.step)]);
    return { S, U: reversed(U), V: reversed(V) };
  },
});

/** A with its columns in reverse order, as [VR,*]. */
function reversed(A: DistMatrix): DistMatrix {
  const B = A.like({ dist: 'VR_STAR' });
  for (let j = 0; j < A.width; j++) redistribute(A.view(undefined, { start: j, count: 1 }), B.view(undefined, { start: A.width - 1 - j, count: 1 }));
  return B;
}
