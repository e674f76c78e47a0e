/** The layouts against vectors computed from Elemental's semantics, independently of this code. */

import { readFileSync } from 'node:fs';
import { blockCyclic } from '#src/layout/block-cyclic.js';
import { parseDistPair, type Dist } from '#src/layout/distribution.js';
import { defaultGridHeight, diagonalLength, gridCol, gridRow, vcToDiagonal, vcToMD, vcToVR } from '#src/layout/grid-shape.js';
import {
  colRank, colStride, crossRank, inheritAlignment, makeLayout, redundantRank, rowRank, rowStride, share,
} from '#src/layout/layout.js';
import { receivedEntries, totalMoved } from '#src/layout/plan.js';
import { chooseGemm, type GemmVariant, gemmWords } from '#src/linalg/gemm.js';
import { ranks } from './arbitrary.js';

interface Fixture {
  defaultGrid: [size: number, height: number, width: number][];
  grids: {
    r: number; c: number; gcd: number; lcm: number; row: number[]; col: number[]; vr: number[]; md: number[]; mdPerp: number[];
  }[];
  ownership: {
    cases: {
      grid: [number, number]; dist: [string, string]; colAlign: number; rowAlign: number; root: number; m: number; n: number;
      colStride: number; rowStride: number; ranks: number[][];
    }[];
  };
  redistribution: {
    cases: [r: number, c: number, m: number, n: number, ...from: [string, string], ...to: [string, string],
      most: number, total: number, phases: string[]][];
  };
  alignInheritance: {
    cases: [r: number, c: number, ...from: [string, string], colAlign: number, rowAlign: number, ...to: [string, string],
      toColAlign: number, toRowAlign: number][];
  };
  blocked: { cases: [n: number, rank: number, align: number, blockSize: number, cut: number, stride: number, owned: number[]][] };
  gemmChoice: [m: number, n: number, k: number, variant: string][];
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/elemental-layouts.json', import.meta.url), 'utf8'),
) as Fixture;
const pair = (colDist: string, rowDist: string): [Dist, Dist] => parseDistPair(`${colDist},${rowDist}`);

test('the default grids of 1 to 64 processes', () => {
  expect(fixture.defaultGrid).toHaveLength(64);
  for (const [size, height, width] of fixture.defaultGrid) {
    expect([defaultGridHeight(size), size / height]).toEqual([height, width]);
  }
});

test.each(fixture.grids)('the numberings of the $r × $c grid', ({ r, c, gcd, lcm, row, col, vr, md, mdPerp }) => {
  const processes = row.map((_, vc) => vc);
  expect(processes.map((vc) => gridRow(vc, r))).toEqual(row);
  expect(processes.map((vc) => gridCol(vc, r))).toEqual(col);
  expect(processes.map((vc) => vcToVR(vc, r, c))).toEqual(vr);
  expect(processes.map((vc) => vcToMD(vc, r, c))).toEqual(md);
  expect(processes.map((vc) => vcToDiagonal(vc, r, c))).toEqual(mdPerp);
  expect([diagonalLength(r, c), (r * c) / diagonalLength(r, c)]).toEqual([lcm, gcd]);
});

test('252 cases of ownership: ranks, shifts and local sizes of every process', () => {
  expect(fixture.ownership.cases).toHaveLength(252);
  for (const expected of fixture.ownership.cases) {
    const { grid: [gridHeight, gridWidth], dist, m: height, n: width, colAlign, rowAlign, root } = expected;
    const layout = makeLayout({ height, width, dist: pair(...dist), colAlign, rowAlign, root, gridHeight, gridWidth });
    const found = ranks(layout).map((rank) => {
      const block = share(layout, rank);
      const distRank = colRank(layout, rank) + colStride(layout) * rowRank(layout, rank);
      const { rows, cols } = block ?? { rows: { start: 0, count: 0 }, cols: { start: 0, count: 0 } };
      return [
        block ? 1 : 0, colRank(layout, rank), rowRank(layout, rank), rows.start, cols.start, rows.count, cols.count, distRank,
        crossRank(layout, rank), redundantRank(layout, rank),
      ];
    });
    expect({ ...expected, colStride: colStride(layout), rowStride: rowStride(layout), ranks: found }).toEqual(expected);
  }
});

test('784 redistributions never move more than Elemental does, and nothing when Elemental copies locally', () => {
  expect(fixture.redistribution.cases).toHaveLength(784);
  let [ours, elementals] = [0, 0];
  for (const [gridHeight, gridWidth, height, width, U, V, X, Y, most, total, phases] of fixture.redistribution.cases) {
    const size = { height, width, gridHeight, gridWidth };
    const [from, to] = [makeLayout({ ...size, dist: pair(U, V) }), makeLayout({ ...size, dist: pair(X, Y) })];
    const received = ranks(from).map((rank) => receivedEntries(from, to, rank));
    const local = phases.every((phase) => phase === 'local copy' || phase === 'local filter');
    const within = Math.max(...received) <= most && totalMoved(from, to) <= total && (!local || totalMoved(from, to) === 0);
    expect({ U, V, X, Y, size, received, most, total, within }).toMatchObject({ within: true });
    ours += totalMoved(from, to);
    elementals += total;
  }
  expect(ours / elementals).toBeCloseTo(0.85, 2);
});

test('588 cases of inherited alignments', () => {
  expect(fixture.alignInheritance.cases).toHaveLength(588);
  for (const expected of fixture.alignInheritance.cases) {
    const [gridHeight, gridWidth, U, V, colAlign, rowAlign, X, Y] = expected;
    const from = makeLayout({ height: 9, width: 9, dist: pair(U, V), colAlign, rowAlign, gridHeight, gridWidth });
    const inherited = inheritAlignment(from, pair(X, Y));
    expect([...expected.slice(0, 8), inherited.colAlign, inherited.rowAlign]).toEqual(expected);
  }
});

test('60 block-cyclic shares', () => {
  expect(fixture.blocked.cases).toHaveLength(60);
  for (const [n, rank, align, blockSize, cut, stride, owned] of fixture.blocked.cases) {
    const slices = blockCyclic(n, rank, { align, blockSize, cut, stride });
    expect(slices.flatMap(({ start, count }) => Array.from({ length: count }, (_, k) => start + k))).toEqual(owned);
    expect(slices.every(({ step, count }) => step === 1 && count > 0)).toBe(true);
  }
});

test.each([
  { blockSize: 0, stride: 1 }, { blockSize: 1.5, stride: 1 }, { blockSize: 2, stride: 0 }, { blockSize: 2, stride: 1, cut: 2 }, { blockSize: 2, stride: 2, align: 2 },
])('a block-cyclic deal that cannot be is refused: %j', (deal) => {
  expect(() => blockCyclic(5, 0, deal)).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
});

test("17 products: the variant chosen never moves more than Elemental's rule of thumb would", () => {
  expect(fixture.gemmChoice).toHaveLength(17);
  for (const [m, n, k, elementals] of fixture.gemmChoice) {
    for (const [gridHeight, gridWidth] of [[1, 1], [2, 2], [2, 3], [3, 2], [4, 4]]) {
      const balanced = (height: number, width: number) => makeLayout({ height, width, gridHeight, gridWidth });
      const operands = [balanced(m, k), balanced(k, n), balanced(m, n)] as const;
      const words = gemmWords(...operands);
      expect(words[chooseGemm(...operands)]).toBeLessThanOrEqual(words[elementals === 'Dot' ? 'dot' : (elementals as GemmVariant)]);
    }
  }
});
