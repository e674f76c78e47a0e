/** `alchemist info`: what a matrix file holds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from 'commander';
import { AlchemistError } from '../errors.js';
import { type MatrixFile, openMatrixFile, prepareMatrixFile } from '../io/matrix-file.js';
import type { ProgressLine } from '../session/backend.js';
import { interruption } from './interrupt.js';
import { withProgress } from './progress.js';
import { bold, facts, formatBytes, print, printJson } from './terminal.js';

/** Entries read at a time. */
const BAND_ENTRIES = 2 ** 19;

const EXAMPLES = `
Examples:
  $ alchemist info A.npy
  $ alchemist info measurements.csv --json
  $ alchemist info huge.npy --header         does not read the entries`;

export function addInfo(program: Command): void {
  program
    .command('info')
    .summary('what a matrix file holds')
    .description('Shape, item type and order of a .npy, CSV or HDF5 file, and the extent of its entries.')
    .argument('<file>', 'a .npy, CSV or HDF5 file')
    .option('--header', 'only what stands before the entries')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(info);
}

async function info(path: string, options: { header?: boolean; json?: boolean }): Promise<void> {
  await prepareMatrixFile(path, 'read');
  const file = openMatrixFile(path);
  try {
    const { format, height, width, dtype, order, description } = file;
    const entries = options.header ? undefined : await withProgress('info', (onProgress) => extentOf(file, onProgress));
    if (options.json) return printJson({ path, format, height, width, dtype, order, bytes: description.size, entries });
    const lines = order === 'row' ? 'row by row (C order)' : 'column by column (Fortran order)';
    print(
      bold(`${path}: ${height}×${width}`),
      ...facts([
        ['format', description.format === 'csv' ? `text, separated by ${JSON.stringify(description.separator)}` : `${format}, ${dtype}, ${lines}${description.format === 'hdf5' ? `, dataset ${description.dataset}` : ''}`],
        ['in the file', formatBytes(description.size)],
        ['on workers', `${formatBytes(height * width * 8)} as f64, ${formatBytes(height * width * 4)} as f32, all shares together`],
        ...(entries ? extentFacts(entries, height * width) : []),
      ]),
    );
  } finally {
    file.close();
  }
}

/** Of the entries that are finite: the extent and the mean; and how many are not. */
interface Extent {
  min: number;
  max: number;
  mean: number;
  nan: number;
  infinite: number;
}

/** Reads the whole file, band by band; the event loop turns in between, so that Ctrl-C is heard. */
async function extentOf(file: MatrixFile, onProgress: (line: ProgressLine) => void): Promise<Extent> {
  const [lines, length] = file.order === 'row' ? [file.height, file.width] : [file.width, file.height];
  const step = Math.max(1, Math.floor(BAND_ENTRIES / (length || 1)));
  const band = new Float64Array(step * length);
  let [min, max, sum, finite, nan] = [Infinity, -Infinity, 0, 0, 0];
  for (let start = 0; start < lines; start += step) {
    const count = Math.min(step, lines - start);
    if (file.order === 'row') file.readBand(start, count, band, length, 1);
    else file.readBand(start, count, band, 1, length);
    for (const x of band.subarray(0, count * length)) {
      if (Number.isFinite(x)) {
        if (x < min) min = x;
        if (x > max) max = x;
        sum += x;
        finite++;
      } else if (Number.isNaN(x)) nan++;
    }
    onProgress({ task: 'info', step: start + count, steps: lines });
    await nextTurn();
    if (interruption.aborted) throw new AlchemistError('E_CANCELLED', 'reading was cancelled');
  }
  return { min, max, mean: sum / finite, nan, infinite: lines * length - finite - nan };
}

function extentFacts({ min, max, mean, nan, infinite }: Extent, entries: number): [string, string][] {
  const some = nan + infinite < entries;
  return [
    ['entries', some ? `from ${min} to ${max}, mean ${Number(mean.toPrecision(6))}` : 'none is finite'],
    ['not finite', nan + infinite === 0 ? 'none' : `${nan} NaN, ${infinite} infinite`],
  ];
}
