/** A(rows, columns) := B. */
import { redistribute } from '../../dist/redistribute.js';
import { AlchemistError } from '../../errors.js';
import { type Layout, viewLayout } from '../../layout/layout.js';
import { mustHaveSameType, mustNotAlias } from '../checks.js';
import { bytesMoved } from '../copy-layout.js';
import { defineTask, describeMatrix } from '../task.js';

/** The part of A that B replaces. */
const rangesOf = (B: Pick<Layout, 'height' | 'width'>, row: number, col: number) =>
  [{ start: row, count: B.height }, { start: col, count: B.width }] as const;

export const setSubmatrix = defineTask({
  name: 'setSubmatrix',
  about: 'A(row … , col … ) := B, as much as B has',
  params: {
    A: { type: 'matrix', about: 'overwritten in part, any distribution' },
    B: { type: 'matrix', about: 'what goes there, any distribution' },
    row: { type: 'integer', default: 0, min: 0, about: 'the row of A that row 0 of B replaces' },
    col: { type: 'integer', default: 0, min: 0, about: 'the column of A that column 0 of B replaces' },
  },
  returns: { A: 'the same matrix' },
  check({ A, B, row, col }) {
    mustHaveSameType('setSubmatrix', A, B);
    mustNotAlias('setSubmatrix', 'A', A, { B }, 'copy B first');
    const [rows, cols] = rangesOf(B.layout, row, col);
    if (rows.start + rows.count > A.layout.height || cols.start + cols.count > A.layout.width) {
      throw new AlchemistError('E_SHAPE', `setSubmatrix: ${describeMatrix(B)} at (${row}, ${col}) does not fit into ${describeMatrix(A)}`);
    }
  },
  cost({ A, B, row, col }) {
    return { flops: 0, bytesMoved: bytesMoved(B.layout, viewLayout(A.layout, ...rangesOf(B.layout, row, col)), A.dtype), memoryPerRank: 0 };
  },
  run(_, { A, B, row, col }) {
    redistribute(B, A.view(...rangesOf(B, row, col)));
    return { A };
  },
});
