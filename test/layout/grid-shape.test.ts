import {
  defaultGridHeight, diagonalLength, gridCol, gridRow, gridShape, mdToVC, parseGridShape, vcAt, vcToDiagonal, vcToMD, vcToVR,
  vcToWorld, vrToVC, worldToVC,
} from '#src/layout/grid-shape.js';

const layoutError = expect.objectContaining({ code: 'E_LAYOUT' });

test('the default height is the smallest divisor from ⌊√p⌋ on', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 18].map(defaultGridHeight)).toEqual([1, 1, 1, 2, 5, 2, 7, 2, 3, 13, 7, 6]);
  expect(defaultGridHeight(1024)).toBe(32);
  for (const size of [0, -1, 2.5, Number.NaN]) expect(() => defaultGridHeight(size)).toThrow(layoutError);
});

test('a given height must divide the number of processes', () => {
  expect(gridShape(6)).toEqual({ height: 2, width: 3 });
  expect(gridShape(6, 3)).toEqual({ height: 3, width: 2 });
  for (const height of [4, 0, 1.5]) expect(() => gridShape(6, height)).toThrow(layoutError);
});

test('shapes are read from text', () => {
  for (const text of ['2x3', '2X3', ' 2 × 3 ']) expect(parseGridShape(text)).toEqual({ height: 2, width: 3 });
  for (const text of ['', '2', '2x', 'x3', '0x3', '2x-3', '2.5x2', '2x3x4']) {
    expect(() => parseGridShape(text)).toThrow(layoutError);
  }
});

test('on every grid up to 8×8 all numberings are bijections and have their inverses', () => {
  for (let r = 1; r <= 8; r++) {
    for (let c = 1; c <= 8; c++) {
      const seen = new Set<string>();
      for (let vc = 0; vc < r * c; vc++) {
        expect(vcAt(gridRow(vc, r), gridCol(vc, r), r)).toBe(vc);
        expect(vrToVC(vcToVR(vc, r, c), r, c)).toBe(vc);
        const [md, diagonal] = [vcToMD(vc, r, c), vcToDiagonal(vc, r, c)];
        expect(md).toBeLessThan(diagonalLength(r, c));
        expect(mdToVC(md, diagonal, r, c)).toBe(vc);
        seen.add(`${md} ${diagonal}`);
        for (const order of ['column', 'row'] as const) expect(worldToVC(order, vcToWorld(order, vc, r, c), r, c)).toBe(vc);
      }
      expect(seen.size).toBe(r * c);
    }
  }
});

test('six workers in row order sit as [[0,1,2],[3,4,5]], in column order as [[0,2,4],[1,3,5]]', () => {
  const at = (order: 'column' | 'row') => [0, 1].map((row) => [0, 1, 2].map((col) => vcToWorld(order, vcAt(row, col, 2), 2, 3)));
  expect(at('row')).toEqual([[0, 1, 2], [3, 4, 5]]);
  expect(at('column')).toEqual([[0, 2, 4], [1, 3, 5]]);
});

test('a diagonal steps one down and one right, from (0, diagonal)', () => {
  const path = (diagonal: number) => [0, 1, 2, 3].map((md) => mdToVC(md, diagonal, 2, 4));
  expect(path(0)).toEqual([0, 3, 4, 7]);
  expect(path(1)).toEqual([2, 5, 6, 1]);
});
