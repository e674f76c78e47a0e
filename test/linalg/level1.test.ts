/** Sums, multiples, transposes, copies and inner products on every grid, between all kinds of distributions. Whole numbers: exact. */
import { DIST_PAIRS } from '#src/layout/distribution.js';
import type { Dtype, HostMatrix } from '#src/index.js';
import { dense, entriesOf, fetched, forEachGrid, placement, Sequence, SHAPES_TO_TRY, wholeNumbers } from '../grids.js';

const combine = (alpha: number, A: HostMatrix, beta: number, B: HostMatrix): HostMatrix =>
  dense(A.height, A.width, (i, j) => alpha * A.get(i, j) + beta * B.get(i, j));
const transposeOf = (A: HostMatrix): HostMatrix => dense(A.width, A.height, (i, j) => A.get(j, i));

/** Each distribution once, with a shape, an item type and a partner of its own. */
function cases(next: Sequence) {
  return DIST_PAIRS.map((dist, index) => {
    const [height, width] = SHAPES_TO_TRY[(index + next.below(SHAPES_TO_TRY.length)) % SHAPES_TO_TRY.length];
    return { dist, height, width, dtype: next.pick<Dtype>(['f64', 'f32']) };
  });
}

forEachGrid((session, grid) => {
  const seed = grid.height * 10 + grid.width + (grid.order === 'row' ? 100 : 0);

  test('add makes alpha A + beta B where A lies, or where it is told', async () => {
    const next = new Sequence(seed);
    const al = session();
    for (const { dist, height, width, dtype } of cases(next)) {
      const [a, b] = [wholeNumbers(next, height, width), wholeNumbers(next, height, width)];
      const A = await al.send(a, { ...placement(next, grid, dist), dtype });
      const B = await al.send(b, { ...placement(next, grid), dtype });
      const C = await al.add(A, B, { alpha: 3, beta: -2 });
      const { layout } = C;
      expect(layout).toEqual(A.layout);
      expect(C.dtype).toBe(dtype);
      expect(await fetched(al, C)).toEqual(entriesOf(combine(3, a, -2, b)));
      const wanted = placement(next, grid);
      const D = await al.add(A, B, wanted);
      expect(D.layout).toMatchObject({ colAlign: wanted.colAlign, rowAlign: wanted.rowAlign, root: wanted.root });
      expect(await fetched(al, D)).toEqual(entriesOf(combine(1, a, 1, b)));
      expect(await fetched(al, await al.add(A, A))).toEqual(entriesOf(combine(2, a, 0, a)));
      await al.free(A, B, C, D);
    }
  });

  test('axpy adds alpha X to Y in place, between any two distributions; scale multiplies in place', async () => {
    const next = new Sequence(seed + 1);
    const al = session();
    for (const { dist, height, width, dtype } of cases(next)) {
      const [x, y] = [wholeNumbers(next, height, width), wholeNumbers(next, height, width)];
      const X = await al.send(x, { ...placement(next, grid), dtype });
      const Y = await al.send(y, { ...placement(next, grid, dist), dtype });
      expect(await al.axpy(5, X, Y)).toBe(Y);
      expect(await fetched(al, Y)).toEqual(entriesOf(combine(5, x, 1, y)));
      expect(await al.scale(Y, -2)).toBe(Y);
      expect(await fetched(al, Y)).toEqual(entriesOf(combine(-10, x, -2, y)).map((value) => (value === 0 ? expect.closeTo(0) : value)));
      expect(await fetched(al, X)).toEqual(entriesOf(x));
      await al.free(X, Y);
    }
  });

  test('transpose gives Aᵀ: where it moves nothing, or in any distribution in one exchange', async () => {
    const next = new Sequence(seed + 2);
    const al = session();
    for (const { dist, height, width, dtype } of cases(next)) {
      const a = wholeNumbers(next, height, width);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype });
      const B = await al.transpose(A);
      expect(al.lastCost!.bytesMoved).toBe(0);
      expect([B.layout.colDist, B.layout.rowDist]).toEqual([A.layout.rowDist, A.layout.colDist]);
      expect(await fetched(al, B)).toEqual(entriesOf(transposeOf(a)));
      const wanted = placement(next, grid);
      const { bytesMoved } = await al.estimate('transpose', { A, ...wanted });
      const C = await al.transpose(A, wanted);
      expect(Math.max(...al.lastCost!.bytesMovedByRank)).toBe(bytesMoved);
      expect(await fetched(al, C)).toEqual(entriesOf(transposeOf(a)));
      await al.free(A, B, C);
    }
  });

  test('copy and convert keep the layout; the copy has entries of its own', async () => {
    const next = new Sequence(seed + 3);
    const al = session();
    for (const { dist, height, width, dtype } of cases(next)) {
      const a = dense(height, width, () => (next.below(1000) - 500) / 7);
      const A = await al.send(a, { ...placement(next, grid, dist), dtype });
      const B = await al.copy(A);
      const other = dtype === 'f64' ? 'f32' : 'f64';
      const C = await al.convert(A, other);
      expect([B.layout, B.dtype, C.layout, C.dtype]).toEqual([A.layout, dtype, A.layout, other]);
      await al.scale(A, 0);
      expect(await fetched(al, B)).toEqual(entriesOf(a, dtype));
      expect(await fetched(al, C)).toEqual(entriesOf(a, 'f32'));
      await al.free(A, B, C);
    }
  });

  test('dot is Σ A(i,j) B(i,j), with redundant copies counted once', async () => {
    const next = new Sequence(seed + 4);
    const al = session();
    for (const { dist, height, width, dtype } of cases(next)) {
      const [a, b] = [wholeNumbers(next, height, width), wholeNumbers(next, height, width)];
      const A = await al.send(a, { ...placement(next, grid, dist), dtype });
      const B = await al.send(b, { ...placement(next, grid), dtype });
      const expected = entriesOf(a).reduce((sum, value, at) => sum + value * b.data[at], 0);
      expect(await al.dot(A, B)).toBe(expected);
      expect(await al.dot(B, A)).toBe(expected);
      expect(await al.dot(A, A)).toBe(entriesOf(a).reduce((sum, value) => sum + value * value, 0));
      await al.free(A, B);
    }
  });

  test('dot of random numbers is within 700 roundings of the sum of exact products', async () => {
    const next = new Sequence(seed + 6);
    const al = session();
    const A = await al.uniform(100, 100, { ...placement(next, grid), low: -1, seed });
    const B = await al.uniform(100, 100, { ...placement(next, grid), low: -1, seed: seed + 1 });
    const [a, b] = [await fetched(al, A), await fetched(al, B)];
    // Kahan's sum: its error is that of the products.
    let [sum, lost] = [0, 0];
    for (let at = 0; at < a.length; at++) {
      const term = a[at] * b[at] - lost;
      [sum, lost] = [sum + term, sum + term - sum - term];
    }
    expect(Math.abs((await al.dot(A, B)) - sum)).toBeLessThanOrEqual(700 * 2 ** -53);
    await al.free(A, B);
  });

  test('NaN and infinities go through as IEEE says; a factor of 0 leaves its matrix out', async () => {
    const al = session();
    const next = new Sequence(seed + 5);
    const a = dense(5, 3, (i, j) => [NaN, Infinity, -Infinity, 1][(i + j) % 4]);
    const A = await al.send(a, placement(next, grid));
    const B = await al.constant(5, 3, 2, placement(next, grid));
    expect(await fetched(al, await al.add(A, B, { alpha: -1 }))).toEqual(entriesOf(combine(-1, a, 0, dense(5, 3, () => 0))).map((value) => value + 2));
    expect(await fetched(al, await al.add(A, B, { alpha: 0 }))).toEqual(Array(15).fill(2));
    expect(await fetched(al, await al.add(B, A, { beta: 0 }))).toEqual(Array(15).fill(2));
    await al.axpy(0, A, B);
    expect(await fetched(al, B)).toEqual(Array(15).fill(2));
    expect(await al.dot(A, B)).toBe(NaN);
    await al.scale(A, 0);
    expect(await fetched(al, A)).toEqual(Array(15).fill(0));
    await al.free(A, B);
  });
});
