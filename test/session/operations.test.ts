/** The operations as a caller meets them: what they refuse and in which words, what they cost, and that the session lives on. */
import { Alchemist, type MatrixHandle, type Session } from '#src/index.js';
import { dense, entriesOf, fetched } from '../grids.js';

let al: Session;
let A: MatrixHandle; // 4×3 f64 [MC,MR]
let B: MatrixHandle; // 3×4 f64 [VC,*]
let F: MatrixHandle; // 4×3 f32

beforeAll(async () => {
  al = await Alchemist.start({ grid: '2x2', memoryPerWorker: '64MiB' });
  A = await al.uniform(4, 3);
  B = await al.uniform(3, 4, { dist: 'VC_STAR' });
  F = await al.uniform(4, 3, { dtype: 'f32' });
});

afterAll(() => al.close());

/** What each call must be refused with: the code, and what the sentence says. */
const REFUSED: [name: string, call: () => Promise<unknown>, code: string, words: RegExp][] = [
  ['gemm of sizes that do not fit', () => al.gemm(A, A), 'E_SHAPE', /4×3 \[MC,MR\] on 2×2 by 4×3 .* inner sizes 3 and 4 differ.*transposeA/],
  ['gemm into a C of another shape', () => al.gemm(A, B, { C: A }), 'E_ARGUMENT', /C is overwritten while A is read.*f64 4×3/],
  ['gemm into one of its factors', () => al.gemm(A, B, { C: B, transposeA: true, transposeB: true }), 'E_ARGUMENT', /C is overwritten while B is read/],
  ['gemm with beta but without C', () => al.gemm(A, B, { beta: 1 }), 'E_ARGUMENT', /no C to multiply/],
  ['gemm of two item types', () => al.gemm(F, B), 'E_ARGUMENT', /f32 4×3 \[MC,MR\] on 2×2 and f64 3×4 \[VC,\*\] on 2×2.*convert/],
  ['gemm with an unknown variant', () => al.gemm(A, B, { variant: 'D' as 'C' }), 'E_ARGUMENT', /variant must be one of auto, C, A, B, dot, got "D"/],
  ['add of two shapes', () => al.add(A, B), 'E_SHAPE', /add: the shapes differ: f64 4×3 .* and f64 3×4 \[VC,\*\]/],
  ['add of two item types', () => al.add(A, F), 'E_ARGUMENT', /item types differ/],
  ['add with a factor that is NaN', () => al.add(A, A, { alpha: NaN }), 'E_ARGUMENT', /alpha must be a finite number, got NaN/],
  ['axpy of a matrix to itself', () => al.axpy(2, A, A), 'E_ARGUMENT', /Y is overwritten while X is read.*scale Y by 1 \+ alpha/],
  ['axpy of two shapes', () => al.axpy(2, A, B), 'E_SHAPE', /axpy: the shapes differ/],
  ['scale by infinity', () => al.scale(A, Infinity), 'E_ARGUMENT', /alpha must be a finite number, got Infinity/],
  ['dot of two shapes', () => al.dot(A, B), 'E_SHAPE', /dot: the shapes differ/],
  ['trace of a matrix that is not square', () => al.trace(A), 'E_SHAPE', /trace: f64 4×3 \[MC,MR\] on 2×2 is not square/],
  ['an unknown norm', () => al.norm(A, 'spectral' as 'max'), 'E_ARGUMENT', /kind must be one of one, infinity, frobenius, max, two/],
  ['a diagonal with half an offset', () => al.diagonal(A, 0.5), 'E_ARGUMENT', /offset must be an integer, got 0.5/],
  ['a submatrix that leaves the matrix', () => al.submatrix(A, { start: 2, count: 3 }, { start: 0, count: 1 }), 'E_LAYOUT', /3 rows from row 2 are not in a matrix of 4×3/],
  ['setSubmatrix beyond the edge', () => al.setSubmatrix(A, { row: 2, col: 0 }, B), 'E_SHAPE', /f64 3×4 .* at \(2, 0\) does not fit into f64 4×3/],
  ['setSubmatrix of a matrix into itself', () => al.setSubmatrix(A, { row: 0, col: 0 }, A), 'E_ARGUMENT', /A is overwritten while B is read/],
  ['transpose into a distribution that does not exist', () => al.transpose(A, { dist: 'MC_VC' as 'MC_MR' }), 'E_LAYOUT', /not a distribution/],
  ['an alignment beyond the grid', () => al.zeros(4, 4, { colAlign: 2 }), 'E_LAYOUT', /colAlign must be a whole number from 0 to 1, but is 2/],
  ['a negative height', () => al.zeros(-1, 4), 'E_ARGUMENT', /height must be an integer of at least 0, got -1/],
  ['a constant that is not finite', () => al.constant(2, 2, NaN), 'E_ARGUMENT', /value must be a finite number/],
  ['uniform numbers between bounds in the wrong order', () => al.uniform(2, 2, { low: 2, high: 1 }), 'E_ARGUMENT', /no numbers from 2 to 1/],
  ['a seed that is no whole number', () => al.normal(2, 2, { seed: 0.5 }), 'E_ARGUMENT', /seed must be an integer/],
  ['a negative deviation', () => al.normal(2, 2, { stddev: -1 }), 'E_ARGUMENT', /stddev must be a finite number of at least 0/],
  ['more singular values than there are', () => al.withSpectrum(3, 2, [1, 1, 1]), 'E_ARGUMENT', /a 3×2 matrix has 2 singular values, not 3/],
  ['a negative singular value', () => al.withSpectrum(3, 2, [1, -1]), 'E_ARGUMENT', /number 1 is -1/],
  ['a diagonal longer than the matrix', () => al.diagonalMatrix([1, 2, 3], { height: 2 }), 'E_SHAPE', /the diagonal of a 2×3 matrix has 2 entries, not 3/],
  ['an option that does not exist', () => al.norm(A, 'max', { tolerance: 1 } as object), 'E_ARGUMENT', /tolerance/],
  ['a matrix of another kind', () => al.gemm(A, [[1]] as unknown as MatrixHandle), 'E_ARGUMENT', /B must be a matrix/],
];

test.each(REFUSED)('%s is refused, and the session lives on', async (_, call, code, words) => {
  const I = await al.identity(2);
  const before = await al.memory();
  await expect(call()).rejects.toMatchObject({ name: 'AlchemistError', code, message: expect.stringMatching(words) });
  const after = await al.memory();
  expect([after.matrices, after.used]).toEqual([before.matrices, before.used]);
  expect(await al.norm(I)).toBe(Math.SQRT2);
  await I.free();
});

test('a freed matrix is refused by every operation', async () => {
  const C = await al.zeros(4, 3);
  await C.free();
  const calls = [() => al.gemm(C, B), () => al.add(A, C), () => al.axpy(1, C, A), () => al.scale(C, 2), () => al.norm(C), () => al.transpose(C), () => al.diagonal(C), () => al.copy(C)];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({ code: 'E_FREED' });
  }
});

test('what does not fit into memory is refused before anything is allocated, with the bytes needed and free', async () => {
  const { used } = await al.memory();
  for (const call of [() => al.zeros(10_000, 10_000), () => al.normal(1e6, 1e6), () => al.withSpectrum(10_000, 10_000, [1])]) {
    await expect(call()).rejects.toMatchObject({ code: 'E_MEMORY', fields: { needed: expect.any(Number), free: expect.any(Number) } });
  }
  const tall = await al.uniform(1_000_000, 4, { dist: 'VC_STAR' });
  await expect(al.gemm(tall, tall, { transposeB: true })).rejects.toMatchObject({ code: 'E_MEMORY' });
  await tall.free();
  expect((await al.memory()).used).toBe(used);
});

test('operations that were called at once run one after another', async () => {
  const X = await al.ones(3, 3);
  const Y = await al.zeros(3, 3, { dist: 'VC_STAR' });
  const all = [al.axpy(1, X, Y), al.scale(Y, 3), al.axpy(2, X, Y), al.scale(Y, 2), al.norm(Y, 'max')];
  expect((await Promise.all(all)).at(-1)).toBe(10);
  await al.free(X, Y);
});

test('an operation that was cancelled before it began changes nothing', async () => {
  const X = await al.ones(3, 3);
  await expect(al.scale(X, 2, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'E_CANCELLED' });
  expect(await fetched(al, X)).toEqual(Array(9).fill(1));
  await X.free();
});

describe('an estimate', () => {
  /** Bytes of the fullest rank while the task ran; a filler takes what earlier tasks freed, so that the peak is this task's. */
  async function peak(task: string, args: Record<string, unknown>): Promise<number> {
    const gap = Math.max(...(await al.memory()).ranks.map((rank) => rank.peak - rank.used));
    const filler = await al.zeros(1, Math.ceil(gap / 8) + 8, { dist: 'STAR_STAR' });
    const before = (await al.memory()).ranks;
    const results = await al.run('elemental', task, args);
    const after = (await al.memory()).ranks;
    await filler.free();
    for (const result of Object.values(results)) if (typeof result === 'object' && !Object.values(args).includes(result)) await (result as MatrixHandle).free();
    return Math.max(...after.map((rank, worker) => rank.peak - before[worker].used));
  }

  const cases: [task: string, args: (matrices: Record<'S' | 'V' | 'T' | 'W' | 'R', MatrixHandle>) => Record<string, unknown>][] = [
    ...(['C', 'A', 'B', 'dot'] as const).flatMap((variant): typeof cases => [
      ['gemm', ({ S }) => ({ A: S, B: S, variant })],
      ['gemm', ({ S, V }) => ({ A: V, B: S, variant, dist: 'VC_STAR' })],
      ['gemm', ({ T }) => ({ A: T, B: T, transposeA: true, variant })],
      ['gemm', ({ R, W }) => ({ A: R, B: W, variant, dist: 'STAR_STAR' })],
    ]),
    ['add', ({ S, V }) => ({ A: S, B: V })],
    ['axpy', ({ S, V }) => ({ X: S, Y: V })],
    ['dot', ({ S, V }) => ({ A: S, B: V })],
    ['transpose', ({ S }) => ({ A: S, dist: 'MC_MR' })],
    ['norm', ({ T }) => ({ A: T, kind: 'infinity' })],
    ['norm', ({ S }) => ({ A: S, kind: 'one' })],
    ['norm', ({ S }) => ({ A: S, kind: 'frobenius' })],
    ['diagonal', ({ S }) => ({ A: S, offset: 2 })],
    ['submatrix', ({ S }) => ({ A: S, row: 3, height: 200, dist: 'MC_STAR' })],
    ['setSubmatrix', ({ S, V }) => ({ A: S, B: V })],
    ['copy', ({ S }) => ({ A: S, dtype: 'f32' })],
    ['redistribute', ({ S }) => ({ A: S, dist: 'STAR_STAR' })],
    ['withSpectrum', () => ({ height: 400, width: 300, singularValues: Array(300).fill(1) })],
    ['uniform', () => ({ height: 400, width: 300, dist: 'MC_STAR' })],
  ];

  test('foretells the bytes that the busiest rank receives, and bounds its memory by less than four times', async () => {
    const matrices = {
      S: await al.uniform(400, 400),
      V: await al.uniform(400, 400, { dist: 'VC_STAR' }),
      T: await al.uniform(3000, 20),
      R: await al.uniform(300, 300, { dist: 'STAR_STAR' }),
      W: await al.uniform(300, 300, { dist: 'CIRC_CIRC' }),
    };
    for (const [task, make] of cases) {
      const args = make(matrices);
      const estimate = await al.estimate(task, args);
      const used = await peak(task, args);
      expect([task, Math.max(...al.lastCost!.bytesMovedByRank)]).toEqual([task, estimate.bytesMoved]);
      const slack = 2 ** 16;
      if (used > estimate.memoryPerRank + slack || estimate.memoryPerRank > 4 * used + slack) {
        throw new Error(`${task} ${JSON.stringify({ ...args, A: String(args.A), B: String(args.B) })}: ${estimate.memoryPerRank} bytes were foretold, ${used} used`);
      }
    }
    await al.free(...Object.values(matrices));
  });

  test('counts floating-point operations', async () => {
    expect((await al.estimate('gemm', { A, B })).flops).toBe(2 * 4 * 4 * 3);
    expect((await al.estimate('add', { A, B: A })).flops).toBe(3 * 4 * 3);
  });
});

test('operations chain: a small least-squares problem by its normal equations', async () => {
  const x = dense(3, 1, (i) => i + 1);
  const X = await al.send(dense(4, 3, (i, j) => [[1, 0, 2], [0, 1, 1], [3, 1, 0], [1, 1, 1]][i][j]));
  const solution = await al.send(x);
  const Y = await al.gemm(X, solution);
  const Gram = await al.gemm(X, X, { transposeA: true });
  const left = await al.gemm(Gram, solution);
  const right = await al.gemm(X, Y, { transposeA: true });
  await al.axpy(-1, left, right);
  expect(await al.norm(right, 'max')).toBe(0);
  expect(await al.trace(Gram)).toBe(await al.dot(X, X));
  const row = await al.transpose(solution);
  expect(await fetched(al, row)).toEqual(entriesOf(x));
  await al.free(X, solution, Y, Gram, left, right, row);
});
