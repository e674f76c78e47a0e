/** `npm run bench`: all benchmarks briefly, and one page of their results. Arguments: the folder of the page, and sizes for those in a hurry. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DistPair } from '#src/layout/distribution.js';
import { passes, type Row } from '#bench/report.js';
import { readStudy } from '#bench/transfer/records.js';
import type { Table } from '#bench/transfer/tables.js';
import { openFigures } from '#bench/transfer/figures.js';
import { blockSubjects } from './blocks.js';
import { drive } from './drive.js';
import { frameSubjects } from './frames.js';
import { redistributions } from './redistributions.js';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'build/report' },
    /** Seconds of each micro-benchmark. */
    seconds: { type: 'string', default: '0.1' },
    suites: { type: 'string', default: 'kernels,layouts,engine,svd,server,accuracy' },
    size: { type: 'string', default: '64MiB' },
    repeat: { type: 'string', default: '5' },
    /** Distributions between which matrices move; default all. */
    pairs: { type: 'string' },
  },
});

const titles = ['<', '', '<', '', '<', '', '<'];
const tables: Table[] = [];
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function add(heading: string, rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.name, row.value >= 1e5 ? row.value.toExponential(2) : row.value.toPrecision(4), row.unit, row.ratio?.toFixed(2) ?? '', row.against ? `of ${row.against}` : '',
    row.target === undefined ? '' : `${row.lower ? '≤' : '≥'} ${row.target}`, row.target === undefined ? '' : passes(row) ? 'met' : 'missed',
  ]);
  tables.push({ heading, titles, rows: cells });
  say(`${heading}: ${rows.length} figures`);
}

async function all(): Promise<void> {
  const seconds = Number(options.seconds);
  add('frames of the protocol', await drive(frameSubjects(), seconds));
  add('scattering and gathering by layout, 2×2', await drive(blockSubjects(), seconds));
  const moves: Row[] = [];
  for await (const row of redistributions(seconds, options.pairs?.split(',') as DistPair[] | undefined)) moves.push(row);
  add('redistribution between every pair of layouts, 2×2', moves);
  for (const suite of options.suites.split(',').filter(Boolean)) {
    const rows = JSON.parse(execFileSync(process.execPath, [CLI, 'bench', suite, '--quick', '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 })) as Row[];
    add(suite, rows);
  }
  mkdirSync(options.out, { recursive: true });
  execFileSync(process.execPath, [CLI, 'bench', 'transfer', '--size', options.size, '--repeat', options.repeat, '--no-figure', '--out', options.out], { stdio: ['ignore', 'ignore', 'inherit'] });
  (await openFigures()).write(readStudy(join(options.out, 'samples.jsonl')), options.out, tables);
  say(`the page: ${join(options.out, 'transfer.html')}`);
}

await all();
