/** What a session refuses: the same errors, in the same words, wherever it lives, and it lives on. */
import type { MatrixHandle, Session } from '#src/index.js';
import { everywhere, PLACES } from './everywhere.js';

interface Operands {
  readonly al: Session;
  readonly A: MatrixHandle; // 4×3 f64
  readonly F: MatrixHandle; // 4×3 f32
  readonly N: MatrixHandle; // 2×2 with NaN
  readonly Z: MatrixHandle; // 0×0
  readonly gone: MatrixHandle;
}

/** Each call, the code that it must be refused with, and what the sentence says. */
const REFUSED: [name: string, call: (operands: Operands) => Promise<unknown>, code: string, words: RegExp][] = [
  ['sizes that do not fit', ({ al, A }) => al.gemm(A, A), 'E_SHAPE', /inner sizes 3 and 4 differ/],
  ['two item types', ({ al, A, F }) => al.add(A, F), 'E_ARGUMENT', /f32.*f64|f64.*f32/],
  ['an output that is an input', ({ al, A }) => al.gemm(A, A, { C: A, transposeB: true }), 'E_ARGUMENT', /C is overwritten while A is read/],
  ['a distribution that does not exist', ({ al, A }) => al.redistribute(A, 'MC_XY' as 'MC_MR'), 'E_LAYOUT', /MC_XY/],
  ['an alignment outside the grid', ({ al, A }) => al.redistribute(A, 'MC_MR', { colAlign: 7 }), 'E_LAYOUT', /colAlign/],
  ['a freed matrix', ({ al, gone }) => al.norm(gone), 'E_FREED', /has been freed/],
  ['to fetch a freed matrix', ({ al, gone }) => al.fetch(gone), 'E_FREED', /has been freed/],
  ['something that is no matrix', ({ al }) => al.norm(7 as unknown as MatrixHandle), 'E_ARGUMENT', /A must be a matrix, got 7/],
  ['an unknown task', ({ al }) => al.run('elemental', 'nosuch'), 'E_ARGUMENT', /no task "nosuch"/],
  ['an unknown library', ({ al }) => al.run('nosuch', 'gemm'), 'E_ARGUMENT', /"nosuch" is not loaded \(loaded are elemental, trial/],
  ['an unknown parameter', ({ al, A }) => al.run('elemental', 'norm', { A, colour: 1 }), 'E_ARGUMENT', /parameter colour must be one that the task has/],
  ['a missing parameter', ({ al }) => al.run('elemental', 'norm', {}), 'E_ARGUMENT', /parameter A must be a matrix, got nothing/],
  ['a parameter of the wrong type', ({ al, A }) => al.run('elemental', 'scale', { A, alpha: 'two' }), 'E_ARGUMENT', /alpha must be a finite number, got "two"/],
  ['an infinite factor', ({ al, A }) => al.scale(A, Infinity), 'E_ARGUMENT', /got Infinity/],
  ['a function for a number', ({ al, A }) => al.scale(A, (() => 2) as unknown as number), 'E_ARGUMENT', /alpha/],
  ['a library that is none', ({ al }) => al.loadLibrary('nosuch'), 'E_ARGUMENT', /nosuch/],
  ['rank 0', ({ al, A }) => al.truncatedSvd(A, { rank: 0 }), 'E_ARGUMENT', /rank must be an integer of at least 1, got 0/],
  ['a rank above min(m, n)', ({ al, A }) => al.truncatedSvd(A, { rank: 4 }), 'E_ARGUMENT', /rank/],
  ['the SVD of nothing', ({ al, Z }) => al.truncatedSvd(Z, { rank: 1 }), 'E_ARGUMENT', /has no singular values/],
  ['the SVD of NaN', ({ al, N }) => al.truncatedSvd(N, { rank: 1 }), 'E_NOT_FINITE', /NaN/],
  ['no convergence', ({ al, A }) => al.truncatedSvd(A, { rank: 2, maxIterations: 1 }), 'E_CONVERGENCE', /./],
  ['a matrix that does not fit', ({ al }) => al.zeros(10_000, 10_000), 'E_MEMORY', /create needs \d+ bytes on each of 2 workers, but only \d+ are free/],
  ['a negative size', ({ al }) => al.zeros(-1, 3), 'E_ARGUMENT', /height/],
  ['rows outside the matrix', ({ al, A }) => al.fetch(A, { rows: { start: 2, count: 3 } }), 'E_LAYOUT', /4×3/],
  ['columns outside the matrix', ({ al, A }) => al.submatrix(A, { start: 0, count: 1 }, { start: 3, count: 1 }), 'E_LAYOUT', /4×3/],
  ['an array that is too short', ({ al, A }) => al.fetch(A, { into: new Float64Array(11) }), 'E_SHAPE', /do not fit into an array of 11/],
  ['ragged rows', ({ al }) => al.send([[1, 2], [3]]), 'E_SHAPE', /row 1 has 1 entries/],
  ['an error in a task', ({ al }) => al.run('trial', 'fail', { rank: 1 }), 'E_TASK', /RangeError: a mistake in a task/],
  ['what cannot be returned', ({ al }) => al.run('trial', 'broken', { kind: 'a function' }), 'E_TASK', /bad, which cannot be sent/],
  ['a trace of what is not square', ({ al, A }) => al.trace(A), 'E_SHAPE', /4×3/],
];

const said = new Map<string, string[]>();

everywhere('2x1', (session) => {
  let operands: Operands;
  beforeEach(async () => {
    const al = session();
    const gone = await al.ones(1, 1);
    await gone.free();
    operands = { al, A: await al.uniform(4, 3), F: await al.uniform(4, 3, { dtype: 'f32' }), N: await al.send([[1, 2], [NaN, 3]]), Z: await al.zeros(0, 0), gone };
  });
  afterEach(() => operands.al.free(operands.A, operands.F, operands.N, operands.Z));

  test.each(REFUSED)('%s', async (name, call, code, words) => {
    const before = await operands.al.memory();
    const error = await call(operands).then(() => ({ code: 'none', message: 'it was not refused', name: '' }), (caught: Error & { code: string }) => caught);
    expect([error.name, error.code, error.message]).toEqual(['AlchemistError', code, expect.stringMatching(words)]);
    said.set(name, [...(said.get(name) ?? []), error.message]);
    expect((await operands.al.memory()).matrices).toBe(before.matrices);
    expect(await operands.al.norm(operands.A, 'max')).toBeLessThan(1);
  });
});

test('every place says the same', () => {
  const numberless = (text: string): string => text.replace(/\d{3,}/g, 'n').replace(/\bid \d+|matrix \d+/g, 'it');
  const LOCAL = new Set(['a library that is none', 'a function for a number', 'an unknown library']);
  for (const [name, messages] of said) {
    expect([name, messages.length]).toEqual([name, PLACES.length]);
    if (!LOCAL.has(name)) expect([name, ...new Set(messages.map(numberless))]).toHaveLength(2);
  }
});
