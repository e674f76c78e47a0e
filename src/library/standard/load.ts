/** A := the matrix in a file. */
import { broadcastValue } from '../../comm/broadcast-value.js';
import type { Grid } from '../../dist/grid.js';
import { AlchemistError } from '../../errors.js';
import { type MatrixFile, type MatrixFileOptions, openMatrixFile, prepareMatrixFile, reopenMatrixFile } from '../../io/matrix-file.js';
import { parseDistPair } from '../../layout/distribution.js';
import type { Dtype } from '../../local/rank-memory.js';
import { bandBytes, bandTraffic, type Cut, cutFile, moveByBands } from '../file-bands.js';
import { newLayout, newMatrix, newMatrixCost, newMatrixParams } from '../new-matrix.js';
import { type Arguments, defineTask, type Params } from '../task.js';

/** Rank 0 looks at the file, once; the others open what it found. Collective. */
function openTogether({ comm }: Grid, path: string, options: MatrixFileOptions): MatrixFile {
  const first = comm.rank === 0 ? openMatrixFile(path, options) : undefined;
  const description = broadcastValue(comm, first?.description, 0);
  return first ?? reopenMatrixFile(description);
}

/** E_MEMORY on all ranks, before any allocates, when one of them has less than `bytes` left. Collective. */
function mustFit({ comm, memory }: Grid, bytes: number, { path, height, width }: MatrixFile, dtype: Dtype): void {
  const free = Float64Array.of(memory.heap.usage().free);
  comm.allReduce(free, 'min');
  if (bytes <= free[0]) return;
  throw new AlchemistError('E_MEMORY', `load: ${path} holds ${height}×${width}, which as ${dtype} needs ${bytes} bytes on each of ${comm.size} workers, but only ${free[0]} are free`, {
    hint: `start with more workers, raise memoryPerWorker (at most 4 GiB each)${dtype === 'f64' ? ', or load as f32' : ''}`,
    fields: { path, height, width, needed: bytes, free: free[0] },
  });
}

/** What A will be, how the file is cut for that, and the bytes that both take on the fullest rank. */
interface Plan {
  readonly wanted: Parameters<typeof newMatrix>[1];
  readonly dtype: Dtype;
  readonly cut: Cut;
  readonly memoryPerRank: number;
}

const { dist, colAlign, rowAlign, root } = newMatrixParams;

const params = {
  path: { type: 'text', file: 'read', about: 'the file, seen from the workers' },
  dist,
  colAlign,
  rowAlign,
  root,
  dtype: { type: 'text', default: 'auto', oneOf: ['auto', 'f64', 'f32'], about: 'item type of A; auto: f32 for a file of float32, else f64' },
  dataset: { type: 'text', optional: true, about: 'path inside an HDF5 file; default: the only dataset with two axes, or the only one' },
  separator: { type: 'text', optional: true, about: 'between the cells of a CSV file; default: found out' },
  header: { type: 'boolean', optional: true, about: 'whether the first line of a CSV file names the columns; default: found out' },
} as const satisfies Params;

/** Opens the file for `use`, and closes it. Collective. */
function withFile<R>(grid: Grid, { path, dataset, separator, header, dtype: type, ...placement }: Arguments<typeof params, never>, use: (file: MatrixFile, plan: Plan) => R): R {
  const file = openTogether(grid, path, { dataset, separator, header });
  try {
    const { height, width, order } = file;
    const dtype: Dtype = type === 'auto' ? (file.dtype.endsWith('f4') ? 'f32' : 'f64') : (type as Dtype);
    const wanted = { height, width, dtype, order, ...placement };
    const cut = cutFile(file, order, dtype, grid.size);
    return use(file, { wanted, dtype, cut, memoryPerRank: newMatrixCost(wanted, grid).memoryPerRank + bandBytes(cut, dtype) });
  } finally {
    file.close();
  }
}

export const load = defineTask({
  name: 'load',
  about: 'A := the matrix in a .npy, HDF5 or CSV file; NaN and infinities are kept',
  params,
  returns: { A: 'the matrix' },
  check: (args) => void parseDistPair(args.dist),
  prepare: ({ path }) => prepareMatrixFile(path, 'read'),
  appraise: ({ grid }, args) =>
    withFile(grid, args, (_, { wanted, dtype, cut, memoryPerRank }) => ({ flops: 0, bytesMoved: bandTraffic(newLayout(wanted, grid), dtype, cut, 'load'), memoryPerRank })),
  run: ({ grid, progress }, args) =>
    withFile(grid, args, (file, { wanted, dtype, cut, memoryPerRank }) => {
      mustFit(grid, memoryPerRank, file, dtype);
      const A = newMatrix(grid, wanted);
      moveByBands(
        A,
        cut,
        'load',
        ({ start, count, data, rowStride, colStride, offset }) => file.readBand(start, count, data, rowStride, colStride, offset),
        (step) => progress({ step, steps: cut.lines, note: 'read' }),
      );
      return { A };
    }),
});
