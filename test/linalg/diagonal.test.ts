/** Diagonals, traces and submatrices on every grid in every distribution. */
import { DIST_PAIRS } from '#src/layout/distribution.js';
import type { Dtype } from '#src/index.js';
import { dense, entriesOf, fetched, forEachGrid, placement, Sequence, SHAPES_TO_TRY, wholeNumbers } from '../grids.js';

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width;

  test('a diagonal of any offset comes without communication', async () => {
    const next = new Sequence(seed);
    const al = session();
    for (const [index, dist] of DIST_PAIRS.entries()) {
      const [height, width] = SHAPES_TO_TRY[(index + seed) % SHAPES_TO_TRY.length];
      const a = wholeNumbers(next, height, width);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype: next.pick<Dtype>(['f64', 'f32']) });
      for (const offset of [0, 1, -1, -2, 3, width, -height, width + 5]) {
        const d = await al.diagonal(A, offset);
        expect(al.lastCost!.bytesMoved).toBe(0);
        const expected = [];
        for (let i = Math.max(0, -offset), j = Math.max(0, offset); i < height && j < width; i++, j++) expected.push(a.get(i, j));
        expect(d.shape).toEqual([expected.length, 1]);
        expect(await fetched(al, d)).toEqual(expected);
        await d.free();
      }
      await A.free();
    }
  });

  test('the trace of a square matrix counts redundant copies once; NaN goes through', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    for (const [index, dist] of DIST_PAIRS.entries()) {
      const n = [5, 0, 1, 2, 11][index % 5];
      const a = wholeNumbers(next, n, n);
      const A = await al.send(a, placement(next, grid, dist));
      expect(await al.trace(A)).toBe(Array.from({ length: n }, (_, i) => a.get(i, i)).reduce((sum, x) => sum + x, 0));
      await A.free();
    }
    expect(await al.trace(await al.send(dense(4, 4, (i, j) => (i === 3 && j === 3 ? NaN : 1))))).toBe(NaN);
    expect(await al.trace(await al.send(dense(4, 4, (i, j) => (i === 3 && j === 2 ? NaN : 1))))).toBe(4);
  });

  test('a submatrix is a copy, where it lies without communication, or in any distribution', async () => {
    const next = new Sequence(seed + 2);
    const al = session();
    for (const dist of DIST_PAIRS) {
      const a = wholeNumbers(next, 9, 8);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype: next.pick<Dtype>(['f64', 'f32']) });
      const [row, col] = [next.below(10), next.below(9)];
      const [height, width] = [next.below(10 - row), next.below(9 - col)];
      const expected = entriesOf(dense(height, width, (i, j) => a.get(row + i, col + j)));
      const B = await al.submatrix(A, { start: row, count: height }, { start: col, count: width });
      expect(al.lastCost!.bytesMoved).toBe(0);
      expect(B.shape).toEqual([height, width]);
      expect(await fetched(al, B)).toEqual(expected);
      const C = await al.submatrix(A, { start: row, count: height }, { start: col, count: width }, placement(next, grid));
      expect(await fetched(al, C)).toEqual(expected);
      await al.scale(B, 2);
      expect(await fetched(al, A)).toEqual(entriesOf(a));
      await al.free(A, B, C);
    }
  });

  test('setSubmatrix replaces a part and nothing else, between any two distributions', async () => {
    const next = new Sequence(seed + 3);
    const al = session();
    for (const dist of DIST_PAIRS) {
      const a = wholeNumbers(next, 9, 8);
      const [row, col] = [next.below(10), next.below(9)];
      const b = wholeNumbers(next, next.below(10 - row), next.below(9 - col));
      const dtype = next.pick<Dtype>(['f64', 'f32']);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype });
      const B = await al.send(b, { ...placement(next, grid), dtype });
      const { bytesMoved } = await al.estimate('setSubmatrix', { A, B, row, col });
      expect(await al.setSubmatrix(A, { row, col }, B)).toBe(A);
      expect(Math.max(...al.lastCost!.bytesMovedByRank)).toBe(bytesMoved);
      const isInside = (i: number, j: number): boolean => i >= row && j >= col && i < row + b.height && j < col + b.width;
      const expected = entriesOf(dense(9, 8, (i, j) => (isInside(i, j) ? b.get(i - row, j - col) : a.get(i, j))));
      expect(await fetched(al, A)).toEqual(expected);
      await al.free(A, B);
    }
  });
});
