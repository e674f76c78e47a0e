/** A file := A. */
import { extname } from 'node:path';
import { broadcastValue } from '../../comm/broadcast-value.js';
import { createMatrixFile, type Order, prepareMatrixFile } from '../../io/matrix-file.js';
import { NpyWriter } from '../../io/npy-writer.js';
import type { Dtype } from '../../local/rank-memory.js';
import { bandBytes, bandTraffic, cutFile, moveByBands } from '../file-bands.js';
import { defineTask } from '../task.js';

/** All ranks write a .npy file, each its bands; text has lines of any length and HDF5 one writer, so rank 0 alone writes them from top to bottom. */
const isWrittenByAll = (path: string): boolean => extname(path).toLowerCase() === '.npy';

export const save = defineTask({
  name: 'save',
  about: 'a .npy, HDF5 or CSV file := A; it appears, or replaces the old one, when it is complete',
  params: {
    A: { type: 'matrix', about: 'the matrix, any distribution' },
    path: { type: 'text', file: 'write', about: 'the file, seen from the workers: .npy, .h5, .hdf5, .csv, .tsv or .txt' },
    dtype: { type: 'text', default: 'auto', oneOf: ['auto', 'f64', 'f32'], about: 'item type in a .npy or HDF5 file; auto: that of A' },
    order: { type: 'text', default: 'row', oneOf: ['row', 'column'], about: 'order of the entries in a .npy file' },
    dataset: { type: 'text', default: 'A', about: 'path inside an HDF5 file' },
  },
  returns: {},
  cost({ A: { layout, dtype }, path, order }, grid) {
    const byAll = isWrittenByAll(path);
    const cut = cutFile(layout, byAll ? (order as Order) : 'row', dtype, byAll ? grid.height * grid.width : 1);
    return { flops: 0, bytesMoved: bandTraffic(layout, dtype, cut, 'save'), memoryPerRank: bandBytes(cut, dtype) };
  },
  prepare: ({ path }) => prepareMatrixFile(path, 'write'),
  run({ grid: { comm }, progress }, { A, path, dtype: wanted, order, dataset }) {
    const { height, width } = A;
    const dtype = wanted === 'auto' ? A.dtype : (wanted as Dtype);
    const byAll = isWrittenByAll(path);
    const first = comm.rank === 0 ? createMatrixFile(path, { height, width, dtype: dtype === 'f64' ? 'f8' : 'f4', order: order as Order, dataset }) : undefined;
    let joined: NpyWriter | undefined;
    try {
      if (byAll) {
        const ticket = broadcastValue(comm, (first as NpyWriter | undefined)?.ticket, 0);
        if (!first) joined = NpyWriter.join(ticket);
      }
      const cut = cutFile(A, byAll ? (order as Order) : 'row', A.dtype, byAll ? comm.size : 1);
      moveByBands(
        A,
        cut,
        'save',
        ({ start, count, data, rowStride, colStride, offset }) => (first ?? joined)!.writeBand(start, count, data, rowStride, colStride, offset),
        (step) => progress({ step, steps: cut.lines, note: 'written' }),
      );
      joined?.close();
      comm.barrier(); // every band is in the file
      first?.finish();
      return {};
    } catch (error) {
      first?.discard();
      throw error;
    } finally {
      joined?.close();
    }
  },
});
