/** What the command writes: plain text where it is piped, a little colour where somebody looks. */
import { styleText } from 'node:util';
import { formatBytes } from '../session/matrix-handle.js';

/** Whether standard output is a terminal with colours; NO_COLOR and FORCE_COLOR are heeded. */
export const isColored = (): boolean => process.stdout.isTTY === true && process.stdout.hasColors(256);

type Style = Parameters<typeof styleText>[0];
const painted = (style: Style) => (text: string): string => (isColored() ? styleText(style, text) : text);
export const bold = painted('bold');
export const dim = painted('dim');
export const cyan = painted('cyan');
export const green = painted('green');
export const red = painted('red');

/** Writes lines to standard output. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes one JSON document to standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, (_, x: unknown) => (ArrayBuffer.isView(x) ? [...(x as Float64Array)] : x), 2));
}

/** A reader who has seen enough, as in `alchemist … | head`, is no error. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}

/** Any text as one line. */
export const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

/** Rows of cells under dim titles, aligned: columns whose title begins with '<' to the left, others to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const names = titles.map((title) => title.replace(/^</, ''));
  const sizes = names.map((name, j) => Math.max(name.length, ...rows.map((row) => row[j].length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, j) => (titles[j].startsWith('<') ? cell.padEnd(sizes[j]) : cell.padStart(sizes[j]))).join('  ').trimEnd();
  return [dim(line(names)), ...rows.map(line)].map((text) => `  ${text}`);
}

/** Names, dim, and what is to be said of each. */
export function facts(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const size = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${dim(name.padEnd(size))}  ${value}`);
}

/** 0.0123 → '12.3 ms'. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(0)} µs`;
  return seconds < 1 ? `${(seconds * 1e3).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}

/** '1.23e-14', and '0' for zero. */
export const formatError = (x: number): string => (x === 0 ? '0' : x.toExponential(1));

export { formatBytes };
