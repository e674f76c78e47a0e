/** A layout as a picture for the terminal: the grid of processes, the owner of every entry, and what each owner holds. */

import { entries, type Block } from './block.js';
import type { Dist } from './distribution.js';
import { vcAt, vcToWorld, type GridOrder } from './grid-shape.js';
import {
  colRank, colStride, copies, describe, gridSize, holder, isParticipating, ownersOf, redundantRank, rowRank, rowStride, share,
  type Layout,
} from './layout.js';
import type { Slice } from './slice.js';

export interface DrawOptions {
  /** One background colour per owner (256-colour terminal codes). */
  color: boolean;
  /** Call the processes by worker number, from 1, or by VC rank, from 0. */
  label: 'worker' | 'vc';
  /** How the workers are laid onto the grid. */
  order: GridOrder;
  /** How many characters a line and how many lines a picture may take; the rest becomes an ellipsis. 100 and 16 when omitted. */
  maxWidth?: number;
  maxLines?: number;
}

/** The processes that hold one share: a single one is called by its number, several together by a letter. */
interface Team {
  readonly name: string;
  readonly members: readonly number[];
  readonly block: Block;
  readonly color: number;
}

/**
 * Who owns what: the process grid, the matrix with its owner in the place of each entry, and a table of the shares with their
 * local sizes and their rows and columns as start::step. Lines are separated by newlines.
 */
export function drawLayout(layout: Layout, { color, label, order, maxWidth = 100, maxLines = 16 }: DrawOptions): string {
  const { height, width, gridHeight: r, gridWidth: c } = layout;
  const call = (vc: number) => (label === 'vc' ? vc : vcToWorld(order, vc, r, c) + 1);
  const word = label === 'vc' ? 'rank' : 'worker';
  const pen = color ? TERMINAL : PLAIN;
  const paper = { pen, maxWidth: maxWidth - 2, maxLines };
  const teams = teamsOf(layout, call);
  const teamOf = new Map(teams.flatMap((team) => team.members.map((member) => [member, team])));

  const gridCell = (row: number, col: number) => {
    const member = call(vcAt(row, col, r));
    return { text: `${member}`, color: teamOf.get(member)?.color };
  };
  const entryCell = (i: number, j: number) => {
    const team = teamOf.get(call(ownersOf(layout, i, j)[0]))!;
    return { text: team.name, color: team.color };
  };
  const section = (title: string, lines: string[]) => ['', pen.dim(title), ...lines.map((line) => `  ${line}`)];
  return [
    pen.bold(describe(layout)),
    rule(layout),
    ...section(`the grid, by ${word}`, picture(r, c, gridCell, paper)),
    ...section(`the matrix, by the ${copies(layout) > 1 ? `team of ${word}s` : word} that holds each entry`,
      picture(height, width, entryCell, paper)),
    ...section('the shares', table(layout, teams, word, call, paper)),
  ].join('\n');
}

/** The teams in the order of their first members. */
function teamsOf(layout: Layout, call: (vc: number) => number): Team[] {
  return Array.from({ length: gridSize(layout) }, (_, vc) => vc)
    .filter((vc) => isParticipating(layout, vc) && redundantRank(layout, vc) === 0)
    .map((vc) => ({ block: share(layout, vc)!, members: holders(layout, vc).map(call).sort((a, b) => a - b) }))
    .sort((a, b) => a.members[0] - b.members[0])
    .map(({ block, members }, k) => ({
      name: members.length > 1 ? letters(k) : `${members[0]}`,
      members,
      block,
      color: COLORS[k % COLORS.length],
    }));
}

/** All ranks that hold the same share as this one. */
function holders(layout: Layout, vc: number): number[] {
  const [i, j] = [colRank(layout, vc), rowRank(layout, vc)];
  return Array.from({ length: copies(layout) }, (_, copy) => holder(layout, i, j, copy));
}

/** 0 → A, 25 → Z, 26 → AA. */
function letters(k: number): string {
  return (k >= 26 ? letters(Math.floor(k / 26) - 1) : '') + String.fromCharCode(65 + (k % 26));
}

const PLACES: Record<Exclude<Dist, 'STAR' | 'CIRC'>, (k: string, root: number) => string> = {
  MC: (k) => `grid row ${k}`,
  MR: (k) => `grid column ${k}`,
  VC: (k) => `process ${k}, counted from 0 down the grid columns`,
  VR: (k) => `process ${k}, counted from 0 along the grid rows`,
  MD: (k, root) => `process ${k} on diagonal ${root} of the grid`,
};

/** Where row i and column j go, in words and arithmetic. */
function rule(layout: Layout): string {
  const { colDist, rowDist, colAlign, rowAlign, root } = layout;
  if (colDist === 'CIRC') return 'one process holds the whole matrix';
  const remainder = (index: string, align: number, stride: number) => `${align ? `(${index} + ${align})` : index} mod ${stride}`;
  const rules = [];
  if (colDist !== 'STAR') rules.push(`row i → ${PLACES[colDist](remainder('i', colAlign, colStride(layout)), root)}`);
  if (rowDist !== 'STAR' && rowDist !== 'CIRC') {
    rules.push(`column j → ${PLACES[rowDist](remainder('j', rowAlign, rowStride(layout)), root)}`);
  }
  return rules.join(', ') || 'every process holds the whole matrix';
}

interface Paper {
  readonly pen: Pen;
  readonly maxWidth: number;
  readonly maxLines: number;
}

interface Cell {
  readonly text: string;
  readonly color?: number;
}

/** Cells in rows and columns, their indices in the margins, cut to what fits on the paper. */
function picture(height: number, width: number, cell: (i: number, j: number) => Cell, paper: Paper): string[] {
  const { pen, maxWidth, maxLines } = paper;
  if (height === 0 || width === 0) return [pen.dim('no entries')];
  const rows = excerpt(height, maxLines);
  const margin = `${height - 1}`.length;
  const row = (i: number | null, cols: (number | null)[]): Cell[] =>
    cols.map((j) => (i === null || j === null ? { text: '…' } : cell(i, j)));
  const widest = (cols: (number | null)[]) => Math.max(...rows.flatMap((i) => row(i, cols)).map(({ text }) => text.length));
  const size = Math.max(`${width - 1}`.length, widest(excerpt(width, maxWidth)));
  const cols = excerpt(width, Math.floor((maxWidth - margin - 1) / (size + 2)));

  const put = (text: string) => ` ${text.padStart(size)} `;
  return [
    pen.dim(`${' '.repeat(margin)} ${cols.map((j) => put(`${j ?? '…'}`)).join('')}`.trimEnd()),
    ...rows.map((i) => {
      const index = pen.dim(`${i ?? '…'}`.padStart(margin));
      return `${index} ${row(i, cols).map(({ text, color }) => pen.fill(put(text), color)).join('')}`.trimEnd();
    }),
  ];
}

/** One line per team: who they are, the local size, which rows and columns; then the processes that take no part. */
function table(layout: Layout, teams: Team[], word: string, call: (vc: number) => number, { pen, maxLines }: Paper): string[] {
  const several = copies(layout) > 1;
  const titles = [several ? 'team' : word, 'local', 'entries', 'rows', 'columns', ...(several ? [`${word}s`] : [])];
  const picked = excerpt(teams.length, maxLines);
  const lines = picked.map((k) => {
    if (k === null) return titles.map(() => '…');
    const { name, block } = teams[k];
    const local = `${block.rows.count}×${block.cols.count}`;
    const line = [name, local, `${entries(block)}`, span(block.rows, layout.height), span(block.cols, layout.width)];
    return several ? [...line, list(teams[k].members)] : line;
  });
  const sizes = titles.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column].length)));
  const members = titles.length - (several ? 1 : 0); // a list, and so aligned left
  const aligned = (line: string[]) => line.map((text, column) => ` ${column < members ? text.padStart(sizes[column]) : text} `);
  const idle = Array.from({ length: gridSize(layout) }, (_, vc) => vc).filter((vc) => !isParticipating(layout, vc));
  return [
    pen.dim(aligned(titles).join(' ').trimEnd()),
    ...lines.map((line, k) => {
      const [name, ...rest] = aligned(line);
      return [pen.fill(name, teams[picked[k] ?? -1]?.color), ...rest].join(' ').trimEnd();
    }),
    ...(idle.length > 0 ? [pen.dim(` without a share: ${list(idle.map(call).sort((a, b) => a - b))}`)] : []),
  ];
}

/** A slice as numpy writes it: start::step, a single index, 'all' or 'none'. */
function span({ start, step, count }: Slice, n: number): string {
  if (count === 0) return 'none';
  if (count === n) return 'all';
  return count === 1 ? `${start}` : `${start}::${step}`;
}

/** Numbers in a row, at most a dozen. */
function list(numbers: readonly number[]): string {
  return excerpt(numbers.length, 12).map((k) => (k === null ? '…' : numbers[k])).join(' ');
}

/** 0 … n - 1 when that is at most `limit` indices; else the first ones, null in place of the gap, and the last. */
function excerpt(n: number, limit: number): (number | null)[] {
  const head = n <= limit ? n : Math.max(1, limit - 2);
  const indices: (number | null)[] = Array.from({ length: head }, (_, k) => k);
  return head === n ? indices : [...indices, null, n - 1];
}

/** How text is written: plainly, or with the codes of a 256-colour terminal. */
interface Pen {
  bold(text: string): string;
  dim(text: string): string;
  fill(text: string, color: number | undefined): string;
}

const PLAIN: Pen = { bold: (text) => text, dim: (text) => text, fill: (text) => text };

const TERMINAL: Pen = {
  bold: (text) => `\x1b[1m${text}\x1b[0m`,
  dim: (text) => `\x1b[2m${text}\x1b[0m`,
  fill: (text, color) => (color === undefined ? TERMINAL.dim(text) : `\x1b[38;5;16;48;5;${color}m${text}\x1b[0m`),
};

/** Backgrounds on which black reads well, neighbours far apart; after the last they start again. */
const COLORS = [117, 215, 114, 211, 228, 141, 80, 209, 150, 183, 222, 110, 180, 218, 122, 250, 147, 187, 73, 175];
