/** How much memory the workers of a study need. */
import { AlchemistError } from '#src/errors.js';
import { gridShape } from '#src/layout/grid-shape.js';
import { makeLayout, share } from '#src/layout/layout.js';
import { cellBytes, type TransferOptions, trialsOf } from './design.js';

const MiB = 2 ** 20;
/** Beside the matrix: what connections receive into and gather from, and what an engine needs. */
const SPARE_BYTES = 64 * MiB;
/** All that 32-bit addresses reach. */
const ADDRESS_SPACE = 2 ** 32;

/** Bytes for each worker; undefined where the server's own choice, an equal share of 4 GiB, is enough. @throws AlchemistError E_MEMORY. */
export function serverMemory(options: TransferOptions): number | undefined {
  const { height: gridHeight, width: gridWidth } = gridShape(options.workers);
  let most = 0;
  for (const trial of trialsOf(options)) {
    const { height, width, layout: dist } = trial;
    const layout = makeLayout({ height, width, dist, gridHeight, gridWidth });
    for (let rank = 0; rank < options.workers; rank++) {
      const mine = share(layout, rank);
      // Columns may be padded.
      if (mine) most = Math.max(most, (cellBytes(trial) / (height * width)) * (mine.rows.count + 8) * mine.cols.count);
    }
  }
  const needed = Math.ceil((most + SPARE_BYTES) / MiB) * MiB;
  if (needed > ADDRESS_SPACE) {
    throw new AlchemistError('E_MEMORY', `a worker would have to hold ${Math.ceil(most / MiB)} MiB, more than the 4 GiB that it can address`, {
      hint: 'choose a smaller --size, more --workers, or layouts without copies',
    });
  }
  return needed * options.workers <= ADDRESS_SPACE ? undefined : needed;
}
