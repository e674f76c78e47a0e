/** `alchemist bench`: measures this machine, each figure beside its limit in the same run, and fails when a kernel must be broken. */
import { Argument, type Command } from 'commander';
import { AlchemistError } from '../errors.js';
import { addBenchTransfer } from './bench-transfer.js';
import { interruption } from './interrupt.js';
import { bold, green, print, printJson, red, table } from './terminal.js';

/** What the modules of bench/ yield; they are built beside the library and know it, not the other way round. */
interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly against?: string;
  readonly target?: number;
  readonly lower?: boolean;
  readonly floor?: number;
}
type Suite = (options: { quick: boolean }) => AsyncGenerator<Row>;

const SUITES: Readonly<Record<string, string>> = {
  kernels: 'products and sweeps on one thread, against the peak of the same build',
  layouts: 'redistributions, against plain copies; bytes moved, against formulas',
  engine: 'products on several ranks, starting, calls',
  svd: 'truncated SVD, against passes over the matrix',
  accuracy: 'errors in roundings, against exact products and LAPACK',
  server: 'transfers to and from a server, against bare sockets; round trips, idle sessions',
};

const EXAMPLES = `
Examples:
  $ alchemist bench kernels            how near products come to the peak of the hardware
  $ alchemist bench --quick            all of it, briefly
  $ alchemist bench layouts --json     for a machine to read
  $ alchemist bench transfer           matrices to a server and back: a study of its own, see alchemist bench transfer --help

Answers are checked before times are told. Trust the ratios: both sides were measured in turns, in this run. A missed target is only told; a
kernel below 0.75 of its peak (0.65 without fused multiply-adds) is broken, and the command fails.`;

export function addBench(program: Command): void {
  const about = Object.entries(SUITES).map(([name, text]) => `${name}: ${text}`).join('; ');
  const command = program
    .command('bench')
    .summary('measure this machine')
    .description('Measures kernels, redistribution, the grid of ranks, the truncated SVD and the server, each beside its limit in the same run.')
    .addArgument(new Argument('[suite]', about).choices(Object.keys(SUITES)))
    .option('--quick', 'smaller sizes and fewer repetitions', false)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(bench);
  addBenchTransfer(command);
}

async function bench(suite: string | undefined, options: { quick: boolean; json?: boolean }): Promise<void> {
  const rows: (Row & { suite: string })[] = [];
  for (const name of suite === undefined ? Object.keys(SUITES) : [suite]) {
    const module = (await import(new URL(`../bench/${name}.js`, import.meta.url).href)) as Record<string, Suite>;
    if (!options.json) print(bold(name));
    for await (const row of module[name]({ quick: options.quick })) {
      if (interruption.aborted) throw new AlchemistError('E_CANCELLED', 'the measurement was cancelled');
      rows.push({ suite: name, ...row });
      if (!options.json) print(...table(['<', '', '<', '', '<', ''], [cells(row)]).slice(1));
    }
  }
  if (options.json) printJson(rows);
  mustNotBeBroken(rows);
}

/** Throws for a figure below its floor: machines differ, but not by that much. */
export function mustNotBeBroken(rows: readonly Row[]): void {
  const broken = rows.filter(({ ratio, floor }) => ratio !== undefined && floor !== undefined && !(ratio >= floor));
  if (broken.length === 0) return;
  const figures = broken.map(({ name, ratio, against, floor }) => `${name} reaches ${ratio!.toFixed(2)} of ${against}, less than ${floor}`);
  throw new AlchemistError('E_ENVIRONMENT', figures.join('; '), { hint: 'a kernel that was rearranged can lose a third of its speed: see assembly/gemm/micro.ts' });
}

function cells({ name, value, unit, ratio, against, target, lower }: Row): string[] {
  const reached = ratio === undefined || target === undefined || (lower ? ratio <= target : ratio >= target);
  const mark = target === undefined ? '' : `${reached ? green('✓') : red('✗')} ${lower ? '≤' : '≥'} ${target}`;
  return [name.padEnd(44), formatFigure(value).padStart(8), unit.padEnd(8), ratio === undefined ? '' : ratio.toFixed(2).padStart(6), against ? `of ${against}` : '', mark];
}

const formatFigure = (x: number): string => (x >= 1e5 ? x.toExponential(2) : x.toPrecision(4));
