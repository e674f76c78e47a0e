/** Block Gram–Schmidt on one rank: what it promises of dependent, tiny and missing directions. */
import { SelfComm } from '#src/comm/self-comm.js';
import { DistMatrix } from '#src/dist/dist-matrix.js';
import { Grid } from '#src/dist/grid.js';
import { type Orthonormalised, orthonormalise } from '#src/linalg/orthonormalise.js';
import { RandomVectors } from '#src/linalg/random-vectors.js';
import * as blas from '#src/local/blas.js';
import type { Dtype } from '#src/local/rank-memory.js';
import { random } from '../random.js';
import { rankMemory } from '../local/rank-memory.js';

const EPSILON: Record<Dtype, number> = { f64: 2 ** -53, f32: 2 ** -24 };

function vectors(grid: Grid, dtype: Dtype, n: number, b: number, entry: (i: number, j: number) => number): DistMatrix {
  const X = DistMatrix.create(grid, { height: n, width: b, dist: 'VC_STAR', dtype });
  for (let j = 0; j < b; j++) for (let i = 0; i < n; i++) X.local.set(i, j, entry(i, j));
  return X;
}

/** Orthonormal columns of the given kind. */
function basis(grid: Grid, dtype: Dtype, n: number, q: number, random: RandomVectors): DistMatrix {
  const Q = vectors(grid, dtype, n, q, () => 0);
  random.fill(Q);
  orthonormalise(vectors(grid, dtype, n, 0, () => 0), Q, { random });
  return Q;
}

/** Largest |XᵀX - I|, |QᵀX| and |old - Q H - X R|, in roundings; the last in units of the norms of old's columns. */
function errors(Q: DistMatrix, X: DistMatrix, old: DistMatrix, { H, R }: Orthonormalised, c: number): { orthogonality: number; relation: number } {
  const eps = EPSILON[X.dtype];
  const x = (j: number) => X.local.col(j);
  let [orthogonality, relation] = [0, 0];
  for (let j = 0; j < c; j++) {
    for (let k = 0; k <= j; k++) orthogonality = Math.max(orthogonality, Math.abs(blas.dot(x(j), x(k)) - (j === k ? 1 : 0)));
    for (let k = 0; k < Q.width; k++) orthogonality = Math.max(orthogonality, Math.abs(blas.dot(Q.local.col(k), x(j))));
  }
  for (let j = 0; j < X.width; j++) {
    const size = Math.sqrt(blas.dot(old.local.col(j), old.local.col(j))) || 1;
    for (let i = 0; i < X.height; i++) {
      let s = old.local.get(i, j);
      for (let k = 0; k < Q.width; k++) s -= Q.local.get(i, k) * H[j * Q.width + k];
      for (let k = 0; k < c; k++) s -= X.local.get(i, k) * R[j * c + k];
      relation = Math.max(relation, Math.abs(s) / size);
    }
  }
  return { orthogonality: orthogonality / eps, relation: relation / eps };
}

for (const dtype of ['f64', 'f32'] as const) {
  const eps = EPSILON[dtype];
  const grid = new Grid(new SelfComm(), rankMemory(), 1, 1);
  const next = random(7);
  const any = (): number => next.next() - 0.5;
  const n = 23;

  /** Entry (i, j) of blocks of three vectors beside a basis Q of five. */
  const blocks: Record<string, (Q: DistMatrix) => (i: number, j: number) => number> = {
    'random vectors': () => any,
    'vectors of very different sizes': () => (_, j) => any() * 1e-4 ** j,
    'vectors in the span of Q': (Q) => (i, j) => Q.local.get(i, j) + 2 * Q.local.get(i, 4),
    'vectors almost in the span of Q': (Q) => (i, j) => Q.local.get(i, j) + 1e3 * eps * Math.cos(i * (j + 1)),
    'vectors of which hardly more than rounding errors is left beside Q': (Q) => (i, j) => Q.local.get(i, j) + 20 * eps * Math.cos(i * (j + 1)),
    'equal vectors': () => (i) => Math.sin(i),
    'almost equal vectors': () => (i, j) => Math.sin(i) + 50 * eps * j * Math.cos(i * j),
    'a zero vector among others': () => (i, j) => (j === 1 ? 0 : Math.sin(i * (j + 1))),
    'only zeros': () => () => 0,
    'rounding errors of Q': (Q) => (i, j) => Q.local.get(i, j) * (1 + eps * any()),
  };

  for (const [name, entries] of Object.entries(blocks)) {
    test(`${dtype}: ${name}`, () => {
      const stream = new RandomVectors(3);
      const Q = basis(grid, dtype, n, 5, stream);
      const entry = entries(Q);
      const old = vectors(grid, dtype, n, 3, entry);
      const X = vectors(grid, dtype, n, 3, (i, j) => old.local.get(i, j));
      const result = orthonormalise(Q, X, { random: stream });
      const { orthogonality, relation } = errors(Q, X, old, result, 3);
      expect(orthogonality).toBeLessThan(20);
      expect(relation).toBeLessThan(30);
      for (let j = 0; j < 3; j++) expect(result.R[j * 3 + j]).toBeGreaterThanOrEqual(0);
    });
  }

  test(`${dtype}: directions that do not exist are marked by zeros in R, what is negligible is told`, () => {
    const stream = new RandomVectors(4);
    const Q = basis(grid, dtype, n, 5, stream);
    const inSpan = vectors(grid, dtype, n, 2, (i, j) => Q.local.get(i, j));
    const { R } = orthonormalise(Q, inSpan, { random: stream });
    expect([R[0], R[3]]).toEqual([0, 0]);
    expect(Math.abs(R[2])).toBeLessThan(2 * eps);
    const small = vectors(grid, dtype, n, 1, (i) => 1e-3 * Math.sin(i));
    expect(orthonormalise(Q, small, { negligible: 1, random: stream }).R[0]).toBe(0);
  });

  test(`${dtype}: the last directions of a space, and fewer columns than vectors`, () => {
    const stream = new RandomVectors(5);
    const Q = basis(grid, dtype, n, n - 1, stream);
    const old = vectors(grid, dtype, n, 2, any);
    const X = vectors(grid, dtype, n, 2, (i, j) => old.local.get(i, j));
    const result = orthonormalise(Q, X, { columns: 1, random: stream });
    const { orthogonality, relation } = errors(Q, X, old, result, 1);
    expect(orthogonality).toBeLessThan(60);
    expect(relation).toBeLessThan(60);
    const full = basis(grid, dtype, n, n, stream);
    expect(() => orthonormalise(full, vectors(grid, dtype, n, 1, any), { random: stream })).toThrow(expect.objectContaining({ code: 'E_CONVERGENCE' }));
  });
}
