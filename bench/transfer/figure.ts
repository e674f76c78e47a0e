/** The figure of a study as an option of echarts: box plots in the arrangement of the paper, layouts below each other, aspect ratios side by side. */
import type { EChartsOption } from 'echarts';
import { formatBuffer, SHAPES } from './design.js';
import { formatLayout, type CellSummary, type Panel } from './summary.js';

export interface Theme {
  readonly background: string;
  readonly ink: string;
  /** Of what is less important. */
  readonly faint: string;
  readonly rule: string;
  /** One for each layout in turn. */
  readonly boxes: readonly string[];
}

export const LIGHT: Theme = {
  background: '#ffffff', ink: '#1f2328', faint: '#59636e', rule: '#dfe3e8',
  boxes: ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#6e7781', '#9a6700'],
};
export const DARK: Theme = {
  background: '#0d1117', ink: '#e6edf3', faint: '#9198a1', rule: '#2d333b',
  boxes: ['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#f778ba', '#8b949e', '#d29922'],
};

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly height: number;
  option(theme: Theme): EChartsOption;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
/** Pixels. */
const WIDTH = 960;
const LEFT = 148;
const RIGHT = 24;
const BETWEEN = 32;
const TOP = 104;
const ROW = 24;
const AXIS = 20;
const GAP = 14;
const BOTTOM = 58;

/** One figure for each direction, item type and number of connections. */
export function figuresOf(panels: readonly Panel[]): Figure[] {
  const groups = new Map<string, Panel[]>();
  for (const panel of panels) {
    const key = [panel.direction, panel.dtype, panel.partitions].join('-');
    groups.set(key, [...(groups.get(key) ?? []), panel]);
  }
  const several = (read: (panel: Panel) => unknown): boolean => new Set(panels.map(read)).size > 1;
  return [...groups.values()].map((group) => {
    const [{ direction, dtype, partitions }] = group;
    const details = [several((panel) => panel.dtype) && dtype, several((panel) => panel.partitions) && `${partitions} connection${partitions === 1 ? '' : 's'}`].filter(Boolean);
    const name = [direction, ...(several((p) => p.dtype) ? [dtype] : []), ...(several((p) => p.partitions) ? [String(partitions)] : [])].join('-');
    const title = [direction === 'send' ? 'Client to workers' : 'Workers to client', ...details].join(', ');
    return figureOf(name, title, group);
  });
}

function figureOf(name: string, title: string, panels: readonly Panel[]): Figure {
  const layouts = [...new Set(panels.flatMap(({ cells }) => cells.map(({ cell }) => cell.layout)))];
  const buffers = [...new Set(panels.flatMap(({ cells }) => cells.map(({ cell }) => cell.buffer)))].sort((a, b) => a - b);
  const strip = buffers.length * ROW + 8;
  const height = TOP + layouts.length * (strip + GAP) + AXIS + BOTTOM;
  const width = (WIDTH - LEFT - RIGHT - (panels.length - 1) * BETWEEN) / panels.length;
  const [low, high] = rangeOf(panels);
  const left = (column: number): number => LEFT + column * (width + BETWEEN);
  const top = (row: number): number => TOP + row * (strip + GAP);
  const places = layouts.flatMap((layout, row) => panels.map((panel, column) => ({ layout, panel, row, column, index: row * panels.length + column })));
  const beyond = panels.flatMap(({ cells }) => cells.flatMap(({ relative }) => relative.outliers.filter((x) => x < low || x > high))).length;

  const option = (theme: Theme): EChartsOption => {
    const text = (x: number, y: number, words: string, style: object = {}) => ({
      type: 'text' as const, left: x, top: y, silent: true, style: { text: words, fill: theme.ink, font: `12px ${FONT}`, ...style },
    });
    const stroke = (x: number, y: number, colour: string, dash: number[]) => ({
      type: 'line' as const, silent: true, shape: { x1: x, y1: y, x2: x + 26, y2: y }, style: { stroke: colour, lineWidth: 1.5, lineDash: dash },
    });
    const foot = height - 28;
    const caption = `${panels[0].cells[0].samples.length} samples of each${beyond > 0 ? `; ${beyond} beyond the scale` : ''}`;
    return {
      animation: false,
      backgroundColor: theme.background,
      textStyle: { fontFamily: FONT },
      tooltip: { trigger: 'item', confine: true, backgroundColor: theme.background, borderColor: theme.rule, textStyle: { color: theme.ink, fontSize: 12 } },
      grid: places.map(({ row, column }) => ({ left: left(column), top: top(row), width, height: strip, show: true, borderColor: theme.rule, borderWidth: 1 })),
      xAxis: places.map(({ row, index }) => ({
        type: 'value', gridIndex: index, min: low, max: high, splitNumber: 6,
        axisLabel: { show: row === layouts.length - 1, color: theme.faint, fontSize: 11, hideOverlap: true, showMaxLabel: false, formatter: (x: number) => String(Number(x.toFixed(2))) },
        axisTick: { show: false }, axisLine: { show: false }, splitLine: { lineStyle: { color: theme.rule } },
      })),
      yAxis: places.map(({ column, index }) => ({
        type: 'category', gridIndex: index, inverse: true, data: buffers.map(formatBuffer),
        axisLabel: { show: column === 0, color: theme.faint, fontSize: 11, interval: 0, margin: 8 }, axisTick: { show: false }, axisLine: { show: false },
      })),
      series: places.flatMap(({ layout, panel, row, index }) => {
        const colour = theme.boxes[row % theme.boxes.length];
        const at = new Map(panel.cells.filter(({ cell }) => cell.layout === layout).map((summary) => [summary.cell.buffer, summary]));
        const rows = buffers.map((buffer) => at.get(buffer));
        return [
          {
            type: 'boxplot' as const, xAxisIndex: index, yAxisIndex: index, boxWidth: [9, 13],
            itemStyle: { color: `${colour}33`, borderColor: colour, borderWidth: 1.4 },
            data: rows.map((summary) => (summary ? { value: fiveOf(summary), name: tip(summary) } : { value: [] })),
            tooltip: { formatter: ({ name: words }: { name: string }) => words },
            markLine: {
              symbol: 'none', silent: true, animation: false, label: { show: false },
              data: [
                { xAxis: 1, lineStyle: { color: theme.faint, type: [5, 4] as number[], width: 1.2 } },
                ...(Number.isFinite(panel.floor) ? [{ xAxis: panel.floor, lineStyle: { color: theme.ink, type: [1, 3] as number[], width: 1.6 } }] : []),
              ],
            },
          },
          {
            type: 'scatter' as const, xAxisIndex: index, yAxisIndex: index, symbolSize: 4, silent: true,
            itemStyle: { color: 'transparent', borderColor: colour, borderWidth: 1 },
            data: rows.flatMap((summary, k) => summary?.relative.outliers.filter((x) => x >= low && x <= high).map((x) => [x, k]) ?? []),
          },
        ];
      }) as EChartsOption['series'],
      graphic: [
        text(24, 20, title, { font: `600 17px ${FONT}` }),
        text(24, 46, `transfer times relative to the mean of ${formatLayout(panels[0].reference.layout)} with ${formatBuffer(panels[0].reference.buffer)}`, { fill: theme.faint }),
        ...panels.map(({ shape, cells: [{ cell }] }, column) => {
          const words = `${thousands(cell.height)} × ${thousands(cell.width)} ${cell.dtype}, as ${SHAPES[shape].label}`;
          return text(left(column), TOP - 26, words, { font: `600 12px ${FONT}` });
        }),
        ...layouts.map((layout, row) => text(24, top(row) + strip / 2 - 7, formatLayout(layout), { font: `600 13px ${FONT}`, fill: theme.boxes[row % theme.boxes.length] })),
        stroke(LEFT, foot + 6, theme.faint, [5, 4]),
        text(LEFT + 34, foot, `mean of ${formatLayout(panels[0].reference.layout)} with ${formatBuffer(panels[0].reference.buffer)}`, { fill: theme.faint }),
        stroke(LEFT + 238, foot + 6, theme.ink, [1, 3]),
        text(LEFT + 272, foot, 'bare socket, median', { fill: theme.faint }),
        text(LEFT + 430, foot, caption, { fill: theme.faint }),
      ],
    };
  };
  return { name, title, width: WIDTH, height, option };
}

const fiveOf = ({ relative: { low, lowerQuartile, median, upperQuartile, high } }: CellSummary): number[] => [low, lowerQuartile, median, upperQuartile, high];

function tip({ cell, relative, times, bandwidth, samples }: CellSummary): string {
  const [low, middle, high] = [relative.lowerQuartile, relative.median, relative.upperQuartile].map((x) => x.toFixed(2));
  return [
    `<b>${formatLayout(cell.layout)}, ${formatBuffer(cell.buffer)}</b>`,
    `median ${middle}, middle half ${low} to ${high}`,
    `${(times.median * 1e3).toPrecision(3)} ms, ${(bandwidth / 1e9).toFixed(2)} GB/s, ${samples.length} samples`,
  ].join('<br>');
}

/** From just below the least to just above the greatest whisker or floor, in round numbers. */
function rangeOf(panels: readonly Panel[]): [number, number] {
  const all = panels.flatMap(({ floor, cells }) => [1, ...(Number.isFinite(floor) ? [floor] : []), ...cells.flatMap(({ relative }) => [relative.low, relative.high])]);
  const [least, greatest] = [Math.min(...all), Math.max(...all)];
  const step = greatest - least > 2 ? 0.5 : 0.1;
  return [Math.floor(least / step - 0.2) * step, Math.ceil(greatest / step + 0.2) * step].map((x) => Number(x.toFixed(1))) as [number, number];
}

/** 1234567 → '1 234 567', with narrow spaces. */
const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');
