/** B := A(rows, columns). */
import { DistMatrix } from '../../dist/dist-matrix.js';
import { redistribute } from '../../dist/redistribute.js';
import { type Layout, viewLayout } from '../../layout/layout.js';
import { bytesMoved, copyLayout, copyLayoutParams } from '../copy-layout.js';
import { storageOf } from '../storage.js';
import { type Arguments, defineTask, type Params } from '../task.js';

const rangeParams = {
  row: { type: 'integer', default: 0, min: 0, about: 'the first row' },
  col: { type: 'integer', default: 0, min: 0, about: 'the first column' },
  height: { type: 'integer', min: 0, optional: true, about: 'how many rows; default: the rest' },
  width: { type: 'integer', min: 0, optional: true, about: 'how many columns; default: the rest' },
} as const satisfies Params;

/** The two ranges; E_LAYOUT (from the view) when they leave the matrix. */
function rangesOf(A: Layout, { row, col, height, width }: Arguments<typeof rangeParams, never>) {
  return [
    { start: row, count: height ?? Math.max(0, A.height - row) },
    { start: col, count: width ?? Math.max(0, A.width - col) },
  ] as const;
}

export const submatrix = defineTask({
  name: 'submatrix',
  about: 'B := A(row … row + height - 1, col … col + width - 1), a copy; by default where it lies, which moves nothing',
  params: { A: { type: 'matrix', about: 'any distribution' }, ...rangeParams, ...copyLayoutParams },
  returns: { B: 'height × width' },
  cost({ A: { layout, dtype }, ...wanted }) {
    const from = viewLayout(layout, ...rangesOf(layout, wanted));
    const to = copyLayout(from, wanted);
    return { flops: 0, bytesMoved: bytesMoved(from, to, dtype), memoryPerRank: storageOf(to, dtype) };
  },
  run({ grid }, { A, ...wanted }) {
    const view = A.view(...rangesOf(A.layout, wanted));
    const B = DistMatrix.ofLayout(grid, copyLayout(view.layout, wanted), A.dtype, A.local.order);
    redistribute(view, B);
    return { B };
  },
});
