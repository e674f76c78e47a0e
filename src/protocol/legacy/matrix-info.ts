/** MATRIX_INFO: what a client is told of a matrix, from which it derives what every worker holds. */
import type { DistPair } from '../../layout/distribution.js';
import { LAYOUTS } from './codes.js';
import type { GridDescription } from './compat-grid.js';
import type { Writer } from './writer.js';

export interface MatrixInfo {
  readonly id: number;
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly layout: DistPair;
  readonly grid: GridDescription;
}

/** The tagged value, in the client's dialect. */
export function writeMatrixInfo(to: Writer, { id, name, height, width, layout, grid }: MatrixInfo): Writer {
  to.tag('MATRIX_INFO').u16(id).string(name).u64(height).u64(width).u8(0).u8(LAYOUTS.indexOf(layout));
  if (to.client.dialect === 'L1') to.u16(grid.height * grid.width);
  else to.u16(grid.height).u16(grid.width);
  for (const { worker, row, col } of grid.places) to.u16(worker).u16(row).u16(col);
  return to;
}
