/** What a study says: every cell beside the reference and the bare socket, what makes up its time, and whether it reaches the targets. */
import { formatDistPair, splitDistPair, type DistPair } from '#src/layout/distribution.js';
import { median } from '../report.js';
import { cellKey, type Cell, type Direction, type Dtype, type ShapeName } from './design.js';
import type { SampleRecord, Study } from './records.js';
import { boxOf, chanceInterval, mean, type Box } from './statistics.js';

/** Buffer of the reference: Alchemist's own default. */
const REFERENCE_BUFFER = 1e8;
const REFERENCE_LAYOUT: DistPair = 'VC_STAR';

/** All samples of one cell. */
export interface CellSummary {
  readonly cell: Cell;
  readonly samples: readonly SampleRecord[];
  /** Seconds. */
  readonly times: Box;
  /** Times over the mean of the reference. */
  readonly relative: Box;
  /** Median bytes per second. */
  readonly bandwidth: number;
  /** Median bandwidth over that of the bare socket. */
  readonly ofBareSocket: number;
}

/** The cells that have a reference in common: one figure's panel, but for the layouts. */
export interface Panel {
  readonly direction: Direction;
  readonly shape: ShapeName;
  readonly dtype: Dtype;
  readonly partitions: number;
  /** What relative times are relative to. */
  readonly reference: Cell;
  /** The median of the bare socket over the mean of the reference. */
  readonly floor: number;
  readonly cells: readonly CellSummary[];
}

export const formatLayout = (layout: DistPair): string => formatDistPair(...splitDistPair(layout)).replaceAll(',', ', ');

/** The panels of a study, in the order of its options; panels without samples are left out. */
export function summarise({ run, samples, floors }: Study): Panel[] {
  const { directions, shapes, dtypes, partitions } = run.options;
  const byCell = new Map<string, SampleRecord[]>();
  for (const sample of samples) {
    const key = cellKey(sample);
    byCell.set(key, [...(byCell.get(key) ?? []), sample]);
  }
  const combinations = directions.flatMap((direction) => dtypes.flatMap((dtype) => partitions.flatMap((parts) => shapes.map((shape) => ({ direction, shape, dtype, partitions: parts })))));
  return combinations.flatMap((place) => {
    const groups: (readonly SampleRecord[])[] = run.options.layouts.flatMap((layout) => run.options.buffers.flatMap((buffer) => {
      const group = byCell.get(cellKey({ ...place, layout, buffer }));
      return group ? [group] : [];
    }));
    if (groups.length === 0) return [];
    const reference = referenceOf(groups);
    const unit = mean(reference.map(({ seconds }) => seconds));
    // The bare socket knows no shapes: all its samples count.
    const bare = floors.filter(({ dtype, direction }) => dtype === place.dtype && direction === place.direction).map(({ seconds }) => seconds);
    const floor = bare.length > 0 ? median(bare) : NaN;
    const cells = groups.map((group): CellSummary => {
      const seconds = group.map((sample) => sample.seconds);
      const times = boxOf(seconds);
      const { shape, height, width, layout, buffer, partitions: parts, dtype, direction } = group[0];
      return {
        cell: { shape, height, width, layout, buffer, partitions: parts, dtype, direction },
        samples: group,
        times,
        relative: boxOf(seconds.map((s) => s / unit)),
        bandwidth: group[0].bytes / times.median,
        ofBareSocket: floor / times.median,
      };
    });
    return [{ ...place, reference: cells[groups.indexOf(reference)].cell, floor: floor / unit, cells }];
  });
}

/** The samples of [VC,*] with 100 MB; without them of what is nearest in the study: the same layout, or the same buffer, or the first. */
function referenceOf(groups: readonly (readonly SampleRecord[])[]): readonly SampleRecord[] {
  const likeness = ([{ layout, buffer }]: readonly SampleRecord[]): number => (layout === REFERENCE_LAYOUT ? 2 : 0) + (buffer === REFERENCE_BUFFER ? 1 : 0);
  return groups.reduce((best, group) => (likeness(group) > likeness(best) ? group : best));
}

/** Medians of what makes up the time of a cell, in seconds. */
export function partsOf({ samples }: CellSummary) {
  const of = (read: (sample: SampleRecord) => number): number => median(samples.map(read));
  return {
    total: of((s) => s.seconds),
    creating: of((s) => s.creating),
    serialising: of((s) => s.serialising),
    placing: of((s) => s.placing),
    clientProcessor: of((s) => s.clientProcessor),
    serverProcessor: of((s) => s.serverProcessor),
    messages: of((s) => s.messages),
    bytesPerMessage: of((s) => s.bytes / s.messages),
  };
}

export interface Finding {
  readonly what: string;
  readonly value: number;
  /** Where it would lie in other runs of the same, as far as this one tells. */
  readonly interval?: readonly [low: number, high: number];
  readonly limit: number;
  /** Whether the value is to stay below the limit, not above. */
  readonly most: boolean;
  readonly met: boolean;
}

/** What the study was made to show. */
export function findings(study: Study, panels: readonly Panel[] = summarise(study)): Finding[] {
  const found: Finding[] = [];
  const add = (what: string, value: number, limit: number, most: boolean, interval?: Finding['interval']): void => {
    if (Number.isFinite(value)) found.push({ what, value, interval, limit, most, met: most ? value <= limit : value >= limit });
  };
  const cells = panels.flatMap((panel) => panel.cells);
  const sends = cells.filter(({ cell }) => cell.direction === 'send');
  const small = ({ cell }: CellSummary): boolean => cell.buffer < 1e6;
  // Medians by medians: a mean would let one disturbed sample of the reference excuse every other cell.
  const slowest = (wanted: (summary: CellSummary) => boolean): number =>
    Math.max(...panels.filter(({ direction }) => direction === 'send').flatMap(({ reference, cells: all }) => {
      const unit = all.find(({ cell }) => cell === reference)!.times.median;
      return all.filter(wanted).map(({ times }) => times.median / unit);
    }));
  add('slowest send of all layouts, buffers of 1 MB and above, medians in those of the reference', slowest((summary) => !small(summary)), 1.15, true);
  add('slowest send of all layouts, buffers below 1 MB', slowest(small), 1.5, true);
  add('best cell, of the bare socket', Math.max(...cells.map(({ ofBareSocket }) => ofBareSocket)), 0.7, false);
  for (const direction of study.run.options.directions) {
    const { value, interval } = fourInTimesOfOne(cells.filter(({ cell }) => cell.direction === direction));
    add(`${direction === 'send' ? 'sending' : 'fetching'} over four connections, in times of one, median of the cells`, value, 1, true, interval);
  }
  const allowed = (buffer: number, bytes: number): number => 2 * study.run.options.workers * Math.min(buffer, bytes);
  const rises = (wanted: (summary: CellSummary) => boolean): number[] =>
    sends.filter(wanted).flatMap(({ samples }) => samples.map((s) => (s.memoryRise ?? NaN) / allowed(s.buffer, s.bytes)).filter((x) => !Number.isNaN(x)));
  add('most client memory beside the matrix, of two buffers a worker, buffers of 1 MB and above', Math.max(...rises((summary) => !small(summary))), 1, true);
  add('the same, buffers below 1 MB', Math.max(...rises(small)), 1, true);
  return found;
}

/** The median time over four connections over that over one, cell by cell: those of a study differ by more than the number of connections makes. */
function fourInTimesOfOne(cells: readonly CellSummary[]): Pick<Finding, 'value' | 'interval'> {
  const over = (connections: number): CellSummary[] => cells.filter(({ cell }) => cell.partitions === connections);
  const overOne = new Map(over(1).map(({ cell, samples }) => [cellKey({ ...cell, partitions: 4 }), samples]));
  const pairs = over(4).flatMap(({ cell, samples: four }) => {
    const one = overOne.get(cellKey(cell));
    return one ? [{ four, one }] : [];
  });
  if (pairs.length === 0) return { value: NaN };
  // A cell has a sample for every repetition, in order. The last one is left out where it was cut short.
  const turns = Array.from({ length: Math.min(...pairs.flatMap(({ four, one }) => [four.length, one.length])) }, (_, turn) => turn);
  const ratio = (drawn: readonly number[]): number => {
    const of = (samples: readonly SampleRecord[]): number => median(drawn.map((turn) => samples[turn].seconds));
    return median(pairs.map(({ four, one }) => of(four) / of(one)));
  };
  return { value: ratio(turns), interval: chanceInterval(turns, ratio) };
}
