/** `alchemist bench transfer`: how long matrices take to a server and back, by layout, buffer size and aspect ratio. */
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseBytes } from '../engine/options.js';
import type { AlchemistError } from '../errors.js';
import { DIST_PAIRS, type DistPair } from '../layout/distribution.js';
import { MAX_BUFFER_BYTES, MIN_BUFFER_BYTES } from '../protocol/limits.js';
import { distribution, integer } from './arguments.js';
import { interruption } from './interrupt.js';
import { withProgress } from './progress.js';
import { bold, facts, formatBytes, print, table } from './terminal.js';

const EXAMPLES = `
Examples:
  $ alchemist bench transfer                                       the layouts, buffers and proportions of the paper, on 128 MiB
  $ alchemist bench transfer --size 4GiB --repeat 50 --out study   as many repetitions as in the paper; samples and figures in study/
  $ alchemist bench transfer --layouts all --buffers 1MB,100MB --directions send
  $ alchemist bench transfer --partitions 1,2,4,8 --layouts MC_MR  the rows split over so many connections
  $ alchemist bench transfer --from study/samples.jsonl --compare old/samples.jsonl

A server runs in a process of its own; a transfer's time counts only when a checksum by entry position has been verified. All cells, and the same
bytes over a bare socket, are measured in turns. Ctrl-C stops and keeps what has been measured.`;

interface TransferCommandOptions {
  readonly layouts: readonly DistPair[];
  readonly buffers: readonly number[];
  readonly shapes: readonly ('wide' | 'tall')[];
  readonly directions: readonly ('send' | 'fetch')[];
  readonly partitions?: readonly number[];
  readonly dtype: readonly ('f64' | 'f32')[];
  readonly workers: number;
  readonly size: number;
  readonly repeat: number;
  readonly seed: number;
  readonly out?: string;
  readonly figure: boolean;
  readonly from?: string;
  readonly compare?: string;
}

/** What of bench/transfer is needed here; it is built beside the library and knows it, not the other way round. */
interface Table {
  readonly heading: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
type Study = object;
interface Records {
  readStudy(path: string): Study;
  studyOf(records: readonly object[]): Study;
}
interface Tables {
  tablesOf(study: Study): Table[];
  comparison(before: Study, after: Study): Table;
  factsOf(study: Study): [string, string][];
}
interface Running {
  runStudyApart(options: object, hooks: { signal: AbortSignal; record(record: object): void; progress(done: number, planned: number, secondsLeft?: number): void }): Promise<void>;
}
interface Recording {
  Recorder: new (path?: string) => { readonly records: readonly { readonly type: string }[]; add(record: object): void; close(): void };
}
interface Drawing {
  openFigures(): Promise<{ write(study: Study, folder: string): string[] }>;
}

const part = async <T>(name: string): Promise<T> => (await import(new URL(`../bench/transfer/${name}.js`, import.meta.url).href)) as T;

/** A list with commas between its items, none of them twice. */
const list = <T>(item: (text: string) => T) => (text: string): T[] => [...new Set(text.split(/,(?![^[]*\])/).filter((piece) => piece.trim() !== '').map(item))];

function some<T>(item: (text: string) => T): (text: string) => T[] {
  return (text) => {
    const items = list(item)(text);
    if (items.length === 0) throw new InvalidArgumentError('Expected: at least one.');
    return items;
  };
}

const oneOf = <T extends string>(...names: T[]) => (text: string): T => {
  const name = names.find((known) => known === text.trim());
  if (!name) throw new InvalidArgumentError(`Expected: some of ${names.join(', ')}.`);
  return name;
};

const within = (min: number, max: number) => (text: string): number => {
  const value = integer(min)(text);
  if (value > max) throw new InvalidArgumentError(`Expected: an integer from ${min} to ${max}.`);
  return value;
};

const bytes = (min: number, max: number) => (text: string): number => {
  let value = NaN;
  try {
    value = parseBytes(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected: ${(error as AlchemistError).hint!.replace('write ', 'a size such as ')}.`);
  }
  if (value < min || value > max) throw new InvalidArgumentError(`Expected: from ${formatBytes(min)} to ${formatBytes(max)}.`);
  return value;
};

const layouts = (text: string): DistPair[] => (text === 'all' ? [...DIST_PAIRS] : some(distribution)(text));

/** Least and most bytes of the matrix. */
const [LEAST, MOST] = [64 * 1024, 4 * 2 ** 30];

export function addBenchTransfer(bench: Command): void {
  bench
    .command('transfer')
    .summary('matrices to a server and back, by layout, buffer size and aspect ratio')
    .description('Measures how long matrices take to a server and back, by layout, buffer size and aspect ratio.')
    .addOption(new Option('--layouts <list>', "distributions; or 'all'").argParser(layouts).default(['VC_STAR', 'STAR_VC', 'MC_MR'], 'VC_STAR,STAR_VC,MC_MR'))
    .addOption(
      new Option('--buffers <list>', 'longest payloads of a message; capped to the matrix')
        .argParser(some(bytes(MIN_BUFFER_BYTES, MAX_BUFFER_BYTES)))
        .default([1e5, 1e6, 1e7, 1e8, 1e9], '100KB,1MB,10MB,100MB,1GB'),
    )
    .addOption(new Option('--size <bytes>', 'size of the matrix').argParser(bytes(LEAST, MOST)).default(128 * 2 ** 20, '128MiB'))
    .addOption(new Option('--shapes <list>', 'wide: as 250 000 × 200 000; tall: as 1 000 000 × 50 000').argParser(some(oneOf('wide', 'tall'))).default(['wide', 'tall'], 'wide,tall'))
    .addOption(new Option('--directions <list>', 'send, fetch').argParser(some(oneOf('send', 'fetch'))).default(['send', 'fetch'], 'send,fetch'))
    .option('--partitions <list>', 'connections over which the rows are split (default: one to every worker)', some(within(1, 64)))
    .option('-w, --workers <count>', 'workers of the server, 1 to 8', within(1, 8), 4)
    .addOption(new Option('--dtype <list>', 'item types: f64, f32').argParser(some(oneOf('f64', 'f32'))).default(['f64'], 'f64'))
    .option('--repeat <count>', 'samples of every cell', within(1, 1000), 10)
    .option('--seed <number>', 'chooses the entries and the order of the runs', integer(0), 0)
    .option('--out <dir>', 'write samples.jsonl, the figures and a page there')
    .option('--no-figure', 'with --out: only the samples')
    .option('--from <file>', 'measure nothing: report the samples of this file')
    .option('--compare <file>', 'and say what has changed since the samples of this file')
    .addHelpText('after', EXAMPLES)
    .action(transfer);
}

async function transfer(options: TransferCommandOptions): Promise<void> {
  const { out, compare } = options;
  const { readStudy, studyOf } = await part<Records>('records');
  // Not after an hour of measuring: whoever asks for figures must be able to draw them.
  const figures = out !== undefined && options.figure ? await (await part<Drawing>('figures')).openFigures() : undefined;
  const before = compare === undefined ? undefined : readStudy(compare);
  const report = async (study: Study): Promise<void> => {
    const { tablesOf, comparison, factsOf } = await part<Tables>('tables');
    print(...facts(factsOf(study)));
    const tables = [...tablesOf(study), ...(before ? [comparison(before, study)] : [])];
    for (const { heading, titles, rows } of tables) if (rows.length > 0) print('', bold(heading), ...table(titles, rows));
    if (figures && out !== undefined) print('', ...figures.write(study, out).map((file) => `  ${file}`));
  };
  if (options.from !== undefined) return report(readStudy(options.from));

  const [{ runStudyApart }, { Recorder }] = await Promise.all([part<Running>('study-process'), part<Recording>('recorder')]);
  const recorder = new Recorder(out === undefined ? undefined : join(out, 'samples.jsonl'));
  const { layouts: chosen, buffers, shapes, directions, partitions = [options.workers], dtype: dtypes, workers, size, repeat, seed } = options;
  try {
    await withProgress('transfers', (onProgress) =>
      runStudyApart({ layouts: chosen, buffers, shapes, directions, partitions, dtypes, workers, size, repeat, seed }, {
        signal: interruption,
        record: recorder.add,
        progress: (step, steps, secondsLeft) => onProgress({ task: 'transfer', step, steps, note: secondsLeft === undefined ? 'warming up' : `about ${duration(secondsLeft)} left` }),
      }));
    recorder.close();
  } finally {
    if (recorder.records.some(({ type }) => type === 'sample')) await report(studyOf(recorder.records));
  }
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
