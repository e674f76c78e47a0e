/** Every operation once, at every place where a session can live; how accurate they are, the tests of linalg show. */
import type { MatrixHandle, Session } from '#src/index.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { everywhere } from './everywhere.js';

/** The entries, row by row; the matrix is freed. */
async function taken(session: Session, A: Promise<MatrixHandle>): Promise<number[][]> {
  await using handle = await A;
  return (await session.fetch(handle)).toArray();
}

/** The entries of some rows, row after row or column after column. */
const flat = (rows: readonly number[][], order: 'row' | 'column'): Float64Array =>
  Float64Array.from(order === 'row' ? rows.flat() : rows[0].flatMap((_, j) => rows.map((row) => row[j])));

const A_ROWS = [[1, 2], [3, 4], [5, 6]];
const B_ROWS = [[1, 0, 2], [0, 1, -1]];

describe.each(['row', 'column'] as const)('operands stored by %ss', (order) => everywhere('2x1', (session) => {
  let al: Session;
  let A: MatrixHandle;
  let B: MatrixHandle;
  beforeEach(async () => {
    al = session();
    A = await al.send(flat(A_ROWS, order), { shape: [3, 2], order });
    B = await al.send(flat(B_ROWS, order), { shape: [2, 3], order, dist: 'VC_STAR' });
  });
  afterEach(() => al.free(A, B));

  test('gemm, transposed, scaled, and into a matrix that is there', async () => {
    expect(await taken(al, al.gemm(A, B))).toEqual([[1, 2, 0], [3, 4, 2], [5, 6, 4]]);
    expect(await taken(al, al.gemm(B, A, { transposeA: true, transposeB: true, alpha: 2 }))).toEqual([[2, 6, 10], [4, 8, 12], [0, 4, 8]]);
    const C = await al.ones(3, 3);
    expect(await al.gemm(A, B, { C, beta: 10 })).toBe(C);
    expect(await taken(al, Promise.resolve(C))).toEqual([[11, 12, 10], [13, 14, 12], [15, 16, 14]]);
  });

  test.each(DIST_PAIRS)('redistribute to %s and transpose', async (dist) => {
    expect(await taken(al, al.redistribute(A, dist))).toEqual(A_ROWS);
    expect(await taken(al, al.transpose(A, { dist }))).toEqual([[1, 3, 5], [2, 4, 6]]);
  });

  test('add, axpy, scale, copy, convert', async () => {
    const T = await al.transpose(B);
    expect(await taken(al, al.add(A, T, { alpha: 2 }))).toEqual([[3, 4], [6, 9], [12, 11]]);
    expect(await al.axpy(10, A, T)).toBe(T);
    expect(await taken(al, al.scale(T, 0.5))).toEqual([[5.5, 10], [15, 20.5], [26, 29.5]]);
    const F = await al.convert(A, 'f32');
    expect([F.dtype, await taken(al, Promise.resolve(F))]).toEqual(['f32', A_ROWS]);
    expect(await taken(al, al.copy(A))).toEqual(A_ROWS);
  });

  test('norms, dot and trace', async () => {
    expect([await al.norm(A, 'one'), await al.norm(A, 'infinity'), await al.norm(A, 'max')]).toEqual([12, 11, 6]);
    expect(await al.norm(A)).toBeCloseTo(Math.sqrt(91), 12);
    expect(await al.norm(A, 'two')).toBeCloseTo(9.525518091565104, 11);
    expect(await al.dot(A, A)).toBe(91);
    const S = await al.gemm(B, A);
    expect(await al.trace(S)).toBe(9);
    await S.free();
  });

  test('diagonal, submatrix, setSubmatrix', async () => {
    expect(await taken(al, al.diagonal(A))).toEqual([[1], [4]]);
    expect(await taken(al, al.diagonal(A, -1))).toEqual([[3], [6]]);
    expect(await taken(al, al.submatrix(A, { start: 1, count: 2 }, { start: 1, count: 1 }))).toEqual([[4], [6]]);
    const Z = await al.zeros(4, 3);
    await al.setSubmatrix(Z, { row: 1, col: 1 }, A);
    expect(await taken(al, Promise.resolve(Z))).toEqual([[0, 0, 0], [0, 1, 2], [0, 3, 4], [0, 5, 6]]);
  });

  test('generators', async () => {
    expect(await taken(al, al.identity(2))).toEqual([[1, 0], [0, 1]]);
    expect(await taken(al, al.constant(1, 2, -7, { dist: 'STAR_STAR' }))).toEqual([[-7, -7]]);
    expect(await taken(al, al.diagonalMatrix([3, 4], { height: 3 }))).toEqual([[3, 0], [0, 4], [0, 0]]);
    const uniform = await taken(al, al.uniform(20, 3, { seed: 5, low: 2, high: 3 }));
    expect(uniform.flat().every((x) => x >= 2 && x < 3)).toBe(true);
    expect(uniform).toEqual(await taken(al, al.uniform(20, 3, { seed: 5, low: 2, high: 3, dist: 'STAR_VR' })));
    expect(new Set((await taken(al, al.normal(10, 10, { seed: 2 ** 40 }))).flat()).size).toBe(100);
    const W = await al.withSpectrum(9, 5, [4, 2, 1]);
    expect(await al.norm(W, 'two')).toBeCloseTo(4, 12);
    await W.free();
  });

  test('truncatedSvd with its progress, ridge and conjugateGradient', async () => {
    const W = await al.withSpectrum(60, 40, Array.from({ length: 40 }, (_, k) => 0.7 ** k), { seed: 3 });
    const lines: object[] = [];
    const { U, V, values, residual, orthogonality, iterations } = await al.truncatedSvd(W, { rank: 4, onProgress: (line) => lines.push(line) });
    expect(Object.prototype.toString.call(values)).toBe('[object Float64Array]');
    Array.from(values).forEach((value, k) => expect(value).toBeCloseTo(0.7 ** k, 12));
    expect(Math.max(residual, orthogonality)).toBeLessThan(1e-12);
    expect([U.shape, V.shape]).toEqual([[60, 4], [40, 4]]);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toMatchObject({ task: 'truncatedSvd', step: expect.any(Number) });
    expect(iterations).toBeGreaterThan(3);
    const R = await al.ridge(A, A, { lambda: 0 });
    expect(R.residuals).toHaveLength(2);
    (await al.fetch(R.X)).toArray().flat().forEach((x, at) => expect(x).toBeCloseTo([1, 0, 0, 1][at], 8));
    const S = await al.send([[4, 1], [1, 3]]);
    const b = await al.send([[1], [2]]);
    const solved = await al.conjugateGradient(S, b);
    (await al.fetch(solved.X)).toArray().flat().forEach((x, at) => expect(x).toBeCloseTo([1 / 11, 7 / 11][at], 9));
    await al.free(W, U, V, R.X, S, b, solved.X);
  });
}));
