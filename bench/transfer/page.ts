/** The page of a study: its figures, which answer to the pointer, and its tables; one file that needs no other. */
import { DARK, type Figure, LIGHT } from './figure.js';
import type { Study } from './records.js';
import { factsOf, type Table, tablesOf } from './tables.js';

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** JSON, or a script, inside of a script element. */
const embedded = (text: string): string => text.replace(/<(?=\/script|!--)/gi, '\\x3c');

const STYLE = `
:root { color-scheme: light dark; --paper: ${LIGHT.background}; --ink: ${LIGHT.ink}; --faint: ${LIGHT.faint}; --rule: ${LIGHT.rule}; }
@media (prefers-color-scheme: dark) { :root { --paper: ${DARK.background}; --ink: ${DARK.ink}; --faint: ${DARK.faint}; --rule: ${DARK.rule}; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.05rem; margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; } dt { color: var(--faint); } dd { margin: 0; }
.figure, .table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem .15rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th { color: var(--faint); font-weight: 500; } .left { text-align: left; }`;

/** Functions cannot travel as JSON: the two that an option holds are put back. */
const SCRIPT = `
const dark = matchMedia('(prefers-color-scheme: dark)');
const charts = figures.map(({ id, width, height }) => echarts.init(document.getElementById(id), null, { renderer: 'svg', width, height }));
const paint = () => figures.forEach((figure, k) => {
  const option = dark.matches ? figure.dark : figure.light;
  for (const axis of option.xAxis) axis.axisLabel.formatter = (x) => String(Number(x.toFixed(2)));
  for (const series of option.series) if (series.type === 'boxplot') series.tooltip = { formatter: ({ name }) => name };
  charts[k].setOption(option, true);
});
dark.addEventListener('change', paint);
paint();`;

/**
 * @param echarts the source of the library, which is put into the page.
 * @param more tables of other measurements.
 */
export function pageOf(study: Study, figures: readonly Figure[], echarts: string, more: readonly Table[] = []): string {
  const drawn = figures.map(({ name, width, height, option }) => ({ id: name, width, height, light: option(LIGHT), dark: option(DARK) }));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Transfer times</title>
<style>${STYLE}</style>
<h1>Transfer times by matrix layout, message buffer and aspect ratio</h1>
<p>${escape(study.run.date.slice(0, 10))}. Every transfer has been verified by a checksum by entry position; all cells and the bare socket were measured in turns.</p>
<dl>${factsOf(study).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('')}</dl>
${figures.map(({ name, width, height, title }) => `<div class="figure"><div id="${name}" style="width:${width}px;height:${height}px" role="img" aria-label="${escape(title)}"></div></div>`).join('\n')}
${[...tablesOf(study), ...more].filter(({ rows }) => rows.length > 0).map(tableHtml).join('\n')}
<script>${embedded(echarts)}</script>
<script>const figures = ${embedded(JSON.stringify(drawn))};${SCRIPT}</script>
</html>
`;
}

function tableHtml({ heading, titles, rows }: Table): string {
  const side = (column: number): string => (titles[column].startsWith('<') ? ' class="left"' : '');
  const head = titles.map((title, j) => `<th${side(j)}>${escape(title.replace(/^</, ''))}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, j) => `<td${side(j)}>${escape(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<h2>${escape(heading)}</h2>\n<div class="table"><table><thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody></table></div>`;
}
