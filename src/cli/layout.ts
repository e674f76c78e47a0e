/** `alchemist layout`: draws which worker holds which entries. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DIST_PAIRS, type DistPair, formatDistPair, splitDistPair } from '../layout/distribution.js';
import { drawLayout } from '../layout/draw.js';
import { type GridOrder, type GridShape, vcToWorld } from '../layout/grid-shape.js';
import { gridSize, makeLayout, share } from '../layout/layout.js';
import { distribution, gridShape, integer } from './arguments.js';
import { isColored, print, printJson } from './terminal.js';

const EXAMPLES = `
The distributions [U,V]: U says how the rows are dealt out, V the columns.
  MC, MR   over the rows, the columns of the grid      VC, VR   over all workers, column by column, row by row
  MD       over the workers of a diagonal              *        not dealt: every worker of a team holds all; o: one worker does
  the pairs: ${DIST_PAIRS.map((pair) => formatDistPair(...splitDistPair(pair))).join(' ')}

Examples:
  $ alchemist layout 7x7 --grid 2x3                     [MC,MR], the usual one: rows and columns dealt in turn
  $ alchemist layout 7x7 --grid 2x3 --dist VC_STAR      rows dealt over all six workers
  $ alchemist layout 7x7 --grid 2x3 --align 1,2         entry (0, 0) with grid row 1, grid column 2`;

interface LayoutCommandOptions {
  readonly grid: GridShape;
  readonly dist: DistPair;
  readonly align: readonly [number, number];
  readonly root: number;
  readonly order: GridOrder;
  readonly label: 'worker' | 'vc';
  readonly json?: boolean;
}

export function addLayout(program: Command): void {
  program
    .command('layout')
    .summary('draw which worker holds which entries')
    .description('Draws a distributed matrix: the grid of workers, the owner of every entry, and the share of each worker.')
    .argument('<shape>', 'rows x columns of the matrix, such as 7x7', gridShape)
    .option('-g, --grid <RxC>', 'shape of the process grid', gridShape, { height: 2, width: 2 })
    .option('-d, --dist <pair>', 'distribution, such as MC_MR, VC_STAR or [VC,*]', distribution, 'MC_MR')
    .option('--align <row,column>', 'who owns row 0 and column 0', alignment, [0, 0] as const)
    .option('--root <k>', 'the diagonal of an MD matrix, the worker of an [o,o] one', integer(0), 0)
    .addOption(new Option('--order <order>', 'workers numbered down the columns of the grid or along its rows').choices(['column', 'row']).default('column'))
    .addOption(new Option('--label <by>', 'call them by worker number, from 1, or by VC rank, from 0').choices(['worker', 'vc']).default('worker'))
    .option('--json', 'print JSON: the share of every worker as slices')
    .addHelpText('after', EXAMPLES)
    .action(layout);
}

function alignment(text: string): readonly [number, number] {
  const [colAlign, rowAlign, more] = text.split(',').map(integer(0));
  if (rowAlign === undefined || more !== undefined) throw new InvalidArgumentError('Expected: two integers, such as 1,2.');
  return [colAlign, rowAlign];
}

function layout({ height, width }: GridShape, { grid, dist, align: [colAlign, rowAlign], root, order, label, json }: LayoutCommandOptions): void {
  const described = makeLayout({ height, width, dist, colAlign, rowAlign, root, gridHeight: grid.height, gridWidth: grid.width });
  if (!json) return print(drawLayout(described, { color: isColored(), label, order, maxWidth: process.stdout.columns || undefined }));
  const shares = Array.from({ length: gridSize(described) }, (_, vc) => ({ worker: vcToWorld(order, vc, grid.height, grid.width) + 1, vc, share: share(described, vc) }));
  printJson({ layout: described, order, shares });
}
