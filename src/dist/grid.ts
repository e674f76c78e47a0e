/** A process grid: a team of ranks arranged as height × width, with this rank's memory. */
import { AlchemistError } from '../errors.js';
import type { Communicator } from '../comm/communicator.js';
import { gridCol, gridRow, type GridOrder } from '../layout/grid-shape.js';
import type { RankMemory } from '../local/rank-memory.js';

export class Grid {
  constructor(
    readonly comm: Communicator,
    readonly memory: RankMemory,
    readonly height: number,
    readonly width: number,
    /** Only decides which worker sits where; inside the grid a rank is always its VC rank. */
    readonly order: GridOrder = 'column',
  ) {
    if (height * width !== comm.size) {
      throw new AlchemistError('E_ARGUMENT', `a ${height}×${width} grid needs ${height * width} ranks, the team has ${comm.size}`);
    }
  }

  /** This process' VC rank: row + height·col. */
  get rank(): number {
    return this.comm.rank;
  }

  get size(): number {
    return this.comm.size;
  }

  get row(): number {
    return gridRow(this.rank, this.height);
  }

  get col(): number {
    return gridCol(this.rank, this.height);
  }
}
