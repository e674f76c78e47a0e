/** A study as tables of text: titles that begin with '<' stand over columns that are aligned to the left. */
import { cellKey, formatBuffer, SHAPES } from './design.js';
import { median } from '../report.js';
import type { Study } from './records.js';
import { verdict } from './statistics.js';
import { findings, formatLayout, partsOf, summarise, type CellSummary, type Panel } from './summary.js';

export interface Table {
  readonly heading: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const ms = (seconds: number): string => (seconds >= 1 ? (seconds * 1e3).toFixed(0) : (seconds * 1e3).toPrecision(3));
const times = (x: number): string => x.toFixed(2);

export function headingOf({ direction, shape, dtype, partitions, cells }: Panel): string {
  const [{ cell }] = cells;
  return `${direction} ${cell.height} × ${cell.width} ${dtype} (as ${SHAPES[shape].label}), ${partitions} connection${partitions === 1 ? '' : 's'}`;
}

/** Every cell, what makes up its time, and the targets. */
export function tablesOf(study: Study): Table[] {
  const panels = summarise(study);
  const reached = findings(study, panels);
  return [
    ...panels.map(cellTable),
    partsTable(panels, study),
    {
      heading: 'targets',
      titles: ['<', '', '95 % of resamples', '', '<'],
      rows: reached.map(({ what, value, interval, limit, most, met }) => [
        what, value.toFixed(3), interval ? interval.map((x) => x.toFixed(2)).join(' to ') : '', `${most ? '≤' : '≥'} ${limit}`, met ? 'met' : 'missed',
      ]),
    },
  ];
}

function cellTable(panel: Panel): Table {
  return {
    heading: `${headingOf(panel)}: relative to the mean of ${formatLayout(panel.reference.layout)} with ${formatBuffer(panel.reference.buffer)}`,
    titles: ['<layout', 'buffer', 'samples', 'ms', 'GB/s', 'relative', 'middle half', 'of bare socket', 'messages', 'a message'],
    rows: panel.cells.map((summary) => {
      const { cell, samples, times: box, relative, bandwidth, ofBareSocket } = summary;
      const { messages, bytesPerMessage } = partsOf(summary);
      return [
        formatLayout(cell.layout), formatBuffer(cell.buffer), String(samples.length), ms(box.median), (bandwidth / 1e9).toFixed(2), times(relative.median),
        `${times(relative.lowerQuartile)} to ${times(relative.upperQuartile)}`, Number.isNaN(ofBareSocket) ? '' : times(ofBareSocket), String(messages), formatBuffer(Math.round(bytesPerMessage)),
      ];
    }),
  };
}

/** The reference and the smallest buffer of its layout. */
function partsTable(panels: readonly Panel[], { floors }: Study): Table {
  const rows = panels.flatMap((panel) => {
    const ofLayout = panel.cells.filter(({ cell }) => cell.layout === panel.reference.layout);
    const shown = new Set<CellSummary>([ofLayout.find(({ cell }) => cell.buffer === panel.reference.buffer)!, ofLayout[0]]);
    const alike = floors.filter(({ dtype, direction }) => dtype === panel.dtype && direction === panel.direction);
    const bare = alike.map(({ seconds }) => seconds);
    return [...shown].map((summary) => {
      const parts = partsOf(summary);
      return [
        `${panel.direction} ${panel.shape}, ${formatBuffer(summary.cell.buffer)}, ${panel.partitions}`,
        ...[parts.total, parts.creating, parts.serialising, parts.placing, parts.clientProcessor, parts.serverProcessor, bare.length > 0 ? median(bare) : NaN].map((s) => (Number.isNaN(s) ? '' : ms(s))),
      ];
    });
  });
  return {
    heading: 'what makes up a time, medians in ms: the parts overlap',
    titles: ['<cell, connections', 'in all', 'creating', 'serialising', 'placing, busiest', 'client CPU', 'server CPU', 'bare socket'],
    rows,
  };
}

/** The cells that two studies have in common. */
export function comparison(before: Study, after: Study): Table {
  const old = new Map(summarise(before).flatMap(({ cells }) => cells).map((summary) => [cellKey(summary.cell), summary]));
  const rows = summarise(after).flatMap(({ cells }) => cells).flatMap((summary) => {
    const was = old.get(cellKey(summary.cell));
    if (!was) return [];
    const { cell } = summary;
    const scale = was.samples[0].bytes / summary.samples[0].bytes;
    const [a, b] = [was.times, summary.times];
    const scaled = { ...b, lowerQuartile: b.lowerQuartile * scale, upperQuartile: b.upperQuartile * scale };
    return [[
      `${cell.direction} ${cell.shape} ${formatLayout(cell.layout)} ${cell.dtype}`, formatBuffer(cell.buffer), String(cell.partitions),
      (was.bandwidth / 1e9).toFixed(2), (summary.bandwidth / 1e9).toFixed(2), times((a.median / b.median) / scale), times(was.ofBareSocket), times(summary.ofBareSocket), verdict(a, scaled),
    ]];
  });
  return {
    heading: `compared with ${before.run.date}, Alchemist ${before.run.versions.alchemist}, Node ${before.run.versions.node}`,
    titles: ['<cell', 'buffer', 'connections', 'GB/s then', 'now', 'speed', 'of bare socket then', 'now', '<'],
    rows,
  };
}

/** Where, when and with what a study was made. */
export function factsOf({ run, connections, end }: Study): [name: string, value: string][] {
  const { machine, versions, options } = run;
  const facts: [string, string][] = [
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}`],
    ['software', `Alchemist ${versions.alchemist}, Node ${versions.node}, ${run.kernels} kernels`],
    ['server', `${options.workers} workers on ${run.grid}, loopback`],
    ['connecting', `session with its workers ${ms(run.sessionSeconds)} ms${partitionTimes(connections)}`],
  ];
  if (end?.stopped !== undefined) facts.push(['incomplete', `${end.samples} of ${end.planned} samples: ${end.stopped}`]);
  return facts;
}

function partitionTimes(connections: Study['connections']): string {
  const counts = [...new Set(connections.map(({ partitions }) => partitions))];
  return counts.map((count) => `; ${count} data connections ${ms(median(connections.filter(({ partitions }) => partitions === count).map(({ seconds }) => seconds)))} ms`).join('');
}
