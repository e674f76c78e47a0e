import fc from 'fast-check';
import type { DistPair } from '#src/layout/distribution.js';
import { drawLayout, type DrawOptions } from '#src/layout/draw.js';
import { makeLayout, type LayoutOptions } from '#src/layout/layout.js';
import { layout as anyLayout } from './arbitrary.js';

const plain: DrawOptions = { color: false, label: 'worker', order: 'column' };
const draw = (options: Partial<LayoutOptions> = {}, how: Partial<DrawOptions> = {}) =>
  drawLayout(makeLayout({ height: 7, width: 7, gridHeight: 2, gridWidth: 3, ...options }), { ...plain, ...how });

/** The lines of one section of the picture, without its title and its column header. */
function section(picture: string, title: string): string[] {
  const lines = picture.split('\n');
  const start = lines.findIndex((line) => line.startsWith(title));
  const end = [...lines, ''].indexOf('', start);
  return lines.slice(start + 2, end).map((line) => line.trim().replace(/\s+/gu, ' '));
}

/** The owners in the matrix, row by row; the letter of a team is replaced by its members, as in {1,3,5}. */
function owners(picture: string): string[] {
  const sets = new Map(section(picture, 'the shares').map((line) => {
    const [name, , , , , ...members] = line.split(' ');
    return [name, members.length > 0 ? `{${members.join(',')}}` : name];
  }));
  return section(picture, 'the matrix').map((line) => line.split(' ').slice(1).map((name) => sets.get(name)).join(' '));
}

const row = (text: string, times = 7) => Array.from({ length: times }, () => text);
const columns = (names: string) => names.split(' ').map((name) => row(name).join(' '));

/** A 7×7 matrix on the 2×3 grid whose processes are numbered 1 3 5 / 2 4 6, from Elemental's documentation. */
const OWNERSHIP: [DistPair, string[]][] = [
  ['MC_MR', [
    '1 3 5 1 3 5 1', '2 4 6 2 4 6 2', '1 3 5 1 3 5 1', '2 4 6 2 4 6 2', '1 3 5 1 3 5 1', '2 4 6 2 4 6 2', '1 3 5 1 3 5 1',
  ]],
  ['MR_MC', [
    '1 2 1 2 1 2 1', '3 4 3 4 3 4 3', '5 6 5 6 5 6 5', '1 2 1 2 1 2 1', '3 4 3 4 3 4 3', '5 6 5 6 5 6 5', '1 2 1 2 1 2 1',
  ]],
  ['VC_STAR', columns('1 2 3 4 5 6 1')],
  ['VR_STAR', columns('1 3 5 2 4 6 1')],
  ['MD_STAR', columns('1 4 5 2 3 6 1')],
  ['STAR_VC', row('1 2 3 4 5 6 1')],
  ['STAR_VR', row('1 3 5 2 4 6 1')],
  ['STAR_MD', row('1 4 5 2 3 6 1')],
  ['CIRC_CIRC', row('1 1 1 1 1 1 1')],
  ['MC_STAR', columns('{1,3,5} {2,4,6} {1,3,5} {2,4,6} {1,3,5} {2,4,6} {1,3,5}')],
  ['STAR_MC', row('{1,3,5} {2,4,6} {1,3,5} {2,4,6} {1,3,5} {2,4,6} {1,3,5}')],
  ['MR_STAR', columns('{1,2} {3,4} {5,6} {1,2} {3,4} {5,6} {1,2}')],
  ['STAR_MR', row('{1,2} {3,4} {5,6} {1,2} {3,4} {5,6} {1,2}')],
  ['STAR_STAR', columns(row('{1,2,3,4,5,6}').join(' '))],
];

test.each(OWNERSHIP)('%s of a 7×7 matrix on the 2×3 grid is drawn as Elemental documents it', (dist, expected) => {
  expect(owners(draw({ dist }))).toEqual(expected);
});

test('the ownership tables cover all pairs', () => {
  expect(new Set(OWNERSHIP.map(([dist]) => dist)).size).toBe(14);
});

test('a row alignment of 2 turns the columns', () => {
  expect(owners(draw({ rowAlign: 2 })).slice(0, 2)).toEqual(['5 1 3 5 1 3 5', '6 2 4 6 2 4 6']);
});

test.each([
  ['MC_MR', '4×3 3×3 4×2 3×2 4×2 3×2'],
  ['MR_MC', '3×4 3×3 2×4 2×3 2×4 2×3'],
  ['MC_STAR', '4×7 3×7'],
  ['MR_STAR', '3×7 2×7 2×7'],
  ['VC_STAR', '2×7 1×7 1×7 1×7 1×7 1×7'],
  ['VR_STAR', '2×7 1×7 1×7 1×7 1×7 1×7'],
  ['MD_STAR', '2×7 1×7 1×7 1×7 1×7 1×7'],
  ['CIRC_CIRC', '7×7'],
] as [DistPair, string][])('the local sizes of %s are %s', (dist, sizes) => {
  const lines = section(draw({ dist }), 'the shares').filter((line) => !line.startsWith('without'));
  expect(lines.map((line) => line.split(' ')[1]).join(' ')).toBe(sizes);
});

test('workers in row order are numbered along the grid rows, ranks from 0 down its columns', () => {
  expect(owners(draw({}, { order: 'row' })).slice(0, 2)).toEqual(['1 2 3 1 2 3 1', '4 5 6 4 5 6 4']);
  expect(section(draw({}, { order: 'row' }), 'the grid')).toEqual(['0 1 2 3', '1 4 5 6']);
  expect(section(draw({}, { order: 'row' }), 'the shares').map((line) => line[0]).join('')).toBe('123456');
  for (const order of ['row', 'column'] as const) {
    expect(owners(draw({}, { label: 'vc', order })).slice(0, 2)).toEqual(['0 2 4 0 2 4 0', '1 3 5 1 3 5 1']);
  }
});

test('the whole picture', () => {
  expect(draw({ height: 3, width: 4, dist: 'MC_STAR', colAlign: 1 }).split('\n')).toEqual([
    '3×4 [MC,*] on 2×3, aligned (1,0)',
    'row i → grid row (i + 1) mod 2',
    '',
    'the grid, by worker',
    '     0  1  2',
    '  0  1  3  5',
    '  1  2  4  6',
    '',
    'the matrix, by the team of workers that holds each entry',
    '     0  1  2  3',
    '  0  B  B  B  B',
    '  1  A  A  A  A',
    '  2  B  B  B  B',
    '',
    'the shares',
    '   team   local   entries   rows   columns   workers',
    '      A     1×4         4      1       all   1 3 5',
    '      B     2×4         8   0::2       all   2 4 6',
  ]);
});

test('workers without a share are named, and dim in the grid', () => {
  expect(draw({ dist: 'MD_STAR', gridWidth: 4, root: 1 })).toMatch(/without a share: 1 4 5 8$/u);
  expect(draw({ dist: 'CIRC_CIRC', root: 5 }, { color: true })).toContain('\x1b[2m 1 \x1b[0m');
});

test('an empty matrix has no entries, and every worker has an empty share', () => {
  const picture = draw({ height: 0 });
  expect(picture).toContain('no entries');
  expect(section(picture, 'the shares').map((line) => line.split(' ')[1])).toEqual(['0×3', '0×3', '0×2', '0×2', '0×2', '0×2']);
});

test('big matrices and grids are cut to the space there is, the last row and column in sight', () => {
  const big = { height: 123_456, width: 1_000_000, gridHeight: 32, gridWidth: 32 };
  for (const [maxWidth, maxLines] of [[100, 16], [60, 8], [55, 5]]) {
    const picture = draw(big, { maxWidth, maxLines });
    const lines = section(picture, 'the matrix');
    expect(lines).toHaveLength(maxLines);
    expect(lines.at(-2)).toMatch(/^…( …)+$/u);
    expect(lines.at(-1)).toMatch(/^123455 .* … \d+$/u);
    expect(picture).toContain('999999');
    const [pictures] = picture.split('the shares');
    expect(Math.max(...pictures.split('\n').slice(2).map((line) => line.length))).toBeLessThanOrEqual(maxWidth);
  }
});

test('colours change nothing but the colours', () => {
  fc.assert(
    fc.property(anyLayout, fc.constantFrom('row' as const, 'column' as const), (layout, order) => {
      const colored = drawLayout(layout, { ...plain, order, color: true });
      const bare = colored.replace(/\x1b\[[\d;]*m/gu, '').split('\n').map((line) => line.trimEnd()).join('\n');
      expect(bare).toBe(drawLayout(layout, { ...plain, order }));
    }),
  );
});

test('every owner has one colour, different from the others', () => {
  const colorsOf = new Map<string, Set<string>>();
  const picture = draw({ height: 20, width: 20, gridHeight: 4, gridWidth: 5 }, { color: true, maxLines: 20 });
  for (const [, color, name] of picture.matchAll(/48;5;(\d+)m\s*(\d+)\s*\x1b/gu)) {
    colorsOf.set(name, (colorsOf.get(name) ?? new Set()).add(color));
  }
  expect(colorsOf.size).toBe(20);
  expect([...colorsOf.values()].map((colors) => colors.size)).toEqual(row('', 20).map(() => 1));
  expect(new Set([...colorsOf.values()].map((colors) => [...colors][0])).size).toBe(20);
});

test('the rule says where a row and a column go', () => {
  const rule = (dist: DistPair, more: Partial<LayoutOptions> = {}) => draw({ dist, ...more }).split('\n')[1];
  expect(rule('MR_MC', { rowAlign: 1 })).toBe('row i → grid column i mod 3, column j → grid row (j + 1) mod 2');
  expect(rule('STAR_VR')).toBe('column j → process j mod 6, counted from 0 along the grid rows');
  expect(rule('MD_STAR', { gridWidth: 4, root: 1 })).toBe('row i → process i mod 4 on diagonal 1 of the grid');
  expect(rule('STAR_STAR')).toBe('every process holds the whole matrix');
  expect(rule('CIRC_CIRC')).toBe('one process holds the whole matrix');
});
