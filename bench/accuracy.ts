/** How accurate the answers are, in roundings (ε = 2⁻⁵³, for f32 2⁻²⁴), against references of twice the precision and of LAPACK. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Dtype, HostMatrix, MatrixHandle, Session } from '#src/index.js';
import { start } from '#src/engine/start.js';
import type { Row, Suite } from './report.js';

const EPSILON: Readonly<Record<Dtype, number>> = { f64: 2 ** -53, f32: 2 ** -24 };
const DATA = new URL('../../examples/data/', import.meta.url);
const TYPES: readonly Dtype[] = ['f64', 'f32'];

export const accuracy: Suite = async function* ({ quick }) {
  const session = await start({ grid: '2x2' });
  try {
    for (const dtype of TYPES) yield* products(session, dtype, quick ? 500 : 2000);
    for (const dtype of TYPES) yield* decompositions(session, dtype, quick ? 5 : 20);
    for (const dtype of TYPES) yield* regressions(session, dtype);
  } finally {
    await session.close();
  }
};

/** A figure in roundings, and the share of its limit that it takes. */
const roundings = (name: string, value: number, limit: number, against: string): Row => ({ name, value, unit: 'ε', ratio: value / limit, against, target: 1, lower: true });

/** max |C(i,j) - c_ij| / (|A| |B|)(i,j) over entries of a product: classical bounds allow k roundings. */
async function* products(session: Session, dtype: Dtype, samples: number): AsyncGenerator<Row> {
  const [m, n, k] = [300, 200, 2000];
  const [A, B] = [await session.normal(m, k, { seed: 1, dtype }), await session.normal(k, n, { seed: 2, dtype })];
  const [a, b, c] = await Promise.all([session.fetch(A), session.fetch(B), session.fetch(await session.gemm(A, B))]);
  let worst = 0;
  for (let sample = 0; sample < samples; sample++) {
    const [i, j] = [(sample * 7919) % m, (sample * 104729) % n];
    const { sum, size } = exactDot(k, (l) => a.get(i, l), (l) => b.get(l, j));
    worst = Math.max(worst, Math.abs(c.get(i, j) - sum) / (size * EPSILON[dtype]));
  }
  yield roundings(`gemm ${m}×${k}×${n} ${dtype}, error of an entry`, worst, k, 'the bound k');
}

/** Σ x(l) y(l) and Σ |x(l) y(l)| as if in twice the precision: T. Ogita, S. Rump and S. Oishi, Accurate sum and dot product (2005). */
function exactDot(count: number, x: (l: number) => number, y: (l: number) => number): { sum: number; size: number } {
  let [sum, rest, size] = [0, 0, 0];
  for (let l = 0; l < count; l++) {
    const [p, low] = exactProduct(x(l), y(l));
    const s = sum + p;
    const z = s - sum;
    rest += sum - (s - z) + (p - z) + low;
    sum = s;
    size += Math.abs(p);
  }
  return { sum: sum + rest, size };
}

/** x y = p + low exactly (G. Veltkamp and T. Dekker, 1971). */
function exactProduct(x: number, y: number): [p: number, low: number] {
  const [xh, yh] = [x, y].map((v) => {
    const t = v * (2 ** 27 + 1);
    return t - (t - v);
  });
  const [xl, yl, p] = [x - xh, y - yh, x * y];
  return [p, xh * yh - p + xh * yl + xl * yh + xl * yl];
}

/** Values against LAPACK's, ‖A v - σ u‖ and ‖Aᵀ u - σ v‖, all in units of σ₁, and the entries of UᵀU - I and VᵀV - I. */
async function* decompositions(session: Session, dtype: Dtype, rank: number): AsyncGenerator<Row> {
  const references = JSON.parse(readFileSync(new URL('singular-values.json', DATA), 'utf8')) as Record<string, { singularValues: number[] }>;
  for (const name of ['digits', 'raccoon']) {
    const A = await session.load(fileURLToPath(new URL(`${name}.npy`, DATA)), { dtype });
    yield* decomposition(session, A, `${name}, ${rank} values ${dtype}`, references[`${name}.npy`].singularValues.slice(0, rank));
  }
  const graded = Array.from({ length: rank }, (_, i) => 10 ** (-i * (dtype === 'f64' ? 0.6 : 0.3)));
  const A = await session.withSpectrum(900, 600, graded, { seed: 3, dtype });
  yield* decomposition(session, A, `graded to ${graded.at(-1)!.toExponential(0)}, ${rank} values ${dtype}`, graded);
}

async function* decomposition(session: Session, A: MatrixHandle, name: string, expected: readonly number[]): AsyncGenerator<Row> {
  const eps = EPSILON[A.dtype];
  const svd = await session.truncatedSvd(A, { rank: expected.length });
  const [a, U, V] = await Promise.all([session.fetch(A), session.fetch(svd.U), session.fetch(svd.V)]);
  const { values } = svd;
  const value = Math.max(...values.map((x, i) => Math.abs(x - expected[i]))) / values[0];
  const residual = Math.max(...values.map((x, j) => tripletResidual(a, U, x, V, j))) / values[0];
  const orthogonality = Math.max(departure(U), departure(V));
  yield roundings(`${name}: values`, value / eps, 256, 'what is allowed');
  yield roundings(`${name}: residual`, residual / eps, 256, 'what is allowed');
  yield roundings(`${name}: orthogonality`, orthogonality / eps, 100, 'what is allowed');
  await session.free(A, svd.U, svd.V);
}

/** The larger of ‖A v - σ u‖ and ‖Aᵀ u - σ v‖ for columns j of U and V. */
function tripletResidual(a: HostMatrix, U: HostMatrix, sigma: number, V: HostMatrix, j: number): number {
  const left = Float64Array.from({ length: a.height }, (_, i) => -sigma * U.get(i, j));
  const right = Float64Array.from({ length: a.width }, (_, l) => -sigma * V.get(l, j));
  for (let i = 0; i < a.height; i++) {
    for (let l = 0; l < a.width; l++) {
      left[i] += a.get(i, l) * V.get(l, j);
      right[l] += a.get(i, l) * U.get(i, j);
    }
  }
  return Math.max(Math.hypot(...left), Math.hypot(...right));
}

/** The largest entry of |XᵀX - I|. */
function departure(X: HostMatrix): number {
  let worst = 0;
  for (let j = 0; j < X.width; j++) {
    for (let l = 0; l <= j; l++) worst = Math.max(worst, Math.abs(exactDot(X.height, (i) => X.get(i, j), (i) => X.get(i, l)).sum - (l === j ? 1 : 0)));
  }
  return worst;
}

/** ‖(AᵀA + λI) x - Aᵀb‖ / ‖Aᵀb‖ of ridge regression, against the tolerance that was asked for. */
async function* regressions(session: Session, dtype: Dtype): AsyncGenerator<Row> {
  const tolerance = dtype === 'f64' ? 1e-13 : 1e-5;
  const [A, B] = [await session.uniform(2000, 300, { seed: 4, dtype }), await session.normal(2000, 4, { seed: 5, dtype })];
  const { X } = await session.ridge(A, B, { lambda: 0.1, tolerance });
  const [a, b, x] = await Promise.all([session.fetch(A), session.fetch(B), session.fetch(X)]);
  let worst = 0;
  for (let j = 0; j < x.width; j++) {
    const residual = Float64Array.from({ length: x.height }, (_, l) => 0.1 * x.get(l, j));
    const right = new Float64Array(x.height);
    for (let i = 0; i < a.height; i++) {
      let ax = 0;
      for (let l = 0; l < a.width; l++) ax += a.get(i, l) * x.get(l, j);
      for (let l = 0; l < a.width; l++) {
        residual[l] += a.get(i, l) * (ax - b.get(i, j));
        right[l] += a.get(i, l) * b.get(i, j);
      }
    }
    worst = Math.max(worst, Math.hypot(...residual) / Math.hypot(...right));
  }
  yield roundings(`ridge, 4 columns ${dtype}: residual`, worst / EPSILON[dtype], tolerance / EPSILON[dtype], 'the tolerance');
}
