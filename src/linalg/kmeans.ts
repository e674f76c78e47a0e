/**
 * k-means on the rows of a distributed matrix: Lloyd's iteration from k-means++ seeds. S. Lloyd, Least squares quantization in PCM (1982);
 * D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding (2007). Both steps of an iteration are matrix products.
 */
import { conform, layoutAs } from '../dist/conform.js';
import { DistMatrix } from '../dist/dist-matrix.js';
import { AlchemistError } from '../errors.js';
import { share } from '../layout/layout.js';
import * as blas from '../local/blas.js';
import { Matrix } from '../local/matrix.js';
import { uniform } from './random.js';

export interface KMeansOptions {
  /** Clusters, 1 to the number of rows. */
  readonly clusters: number;
  readonly maxIterations: number;
  /** Ends when the total squared distance falls by less than this fraction. */
  readonly tolerance: number;
  readonly seed: number;
  readonly onProgress?: (line: { iteration: number; inertia: number }) => void;
}

export interface KMeans {
  /** clusters × n, [*,*]. */
  readonly centers: DistMatrix;
  /** m × 1, [VC,*]: the number of each row's cluster. */
  readonly labels: DistMatrix;
  /** Σ of squared distances of rows to their centers. */
  readonly inertia: number;
  readonly iterations: number;
}

/** Rows whose distances to all centers are held at a time. */
const ROWS_AT_ONCE = 4096;

/**
 * Centers and labels that locally minimise Σ_i ‖A(i,:) - center(label_i)‖². A (m×n) in any distribution. The same seed gives the same seeds of
 * the clusters on every grid. A cluster that loses all rows keeps its center. Collective: clusters × n sums per iteration.
 * @throws AlchemistError E_ARGUMENT for more clusters than rows, E_NOT_FINITE for NaN or infinite entries.
 */
export function kmeans(A: DistMatrix, options: KMeansOptions): KMeans {
  const { grid, dtype } = A;
  const { clusters: k, maxIterations, tolerance, onProgress } = options;
  if (k < 1 || k > A.height) throw new AlchemistError('E_ARGUMENT', `kmeans: clusters must be from 1 to ${A.height}, the rows of ${A}, got ${k}`);
  const rows = conform(A, layoutAs(A.layout, 'VC', 'STAR')); //                m × n  [VC,*]
  mustBeFinite(rows);
  const labels = DistMatrix.create(grid, { height: A.height, width: 1, dist: 'VC_STAR', dtype: 'f64' });
  const centers = DistMatrix.create(grid, { height: k, width: A.width, dist: 'STAR_STAR', dtype });
  const sums = Matrix.alloc(grid.memory, dtype, k, A.width);
  const norms = squaredRowNorms(rows.local);
  seedCenters(rows, norms, options, centers.local);
  let inertia = Infinity;
  let iterations = 0;
  for (let converged = false; !converged && iterations < maxIterations; ) {
    iterations++;
    const { counts, distance } = assign(rows.local, norms, centers.local, labels.local, sums);
    const totals = Float64Array.of(distance, ...counts);
    grid.comm.allReduce(totals);
    grid.comm.allReduceMatrix(sums); //                                         k × n, the same on every rank
    for (let c = 0; c < k; c++) if (totals[1 + c] > 0) moveCenter(sums, c, totals[1 + c], centers.local);
    converged = inertia - totals[0] <= tolerance * totals[0];
    inertia = totals[0];
    onProgress?.({ iteration: iterations, inertia });
  }
  const last = Float64Array.of(assign(rows.local, norms, centers.local, labels.local, sums).distance);
  grid.comm.allReduce(last);
  return { centers, labels, inertia: last[0], iterations };
}

/** Labels every row by its nearest center (the first of equals), and adds the rows of each cluster up. */
function assign(rows: Matrix, norms: Float64Array, centers: Matrix, labels: Matrix, sums: Matrix): { counts: Float64Array; distance: number } {
  const { memory, dtype } = rows;
  const k = centers.height;
  const centerNorms = squaredRowNorms(centers);
  const counts = new Float64Array(k);
  let distance = 0;
  blas.fill(0, sums);
  for (let i0 = 0; i0 < rows.height; i0 += ROWS_AT_ONCE) {
    const h = Math.min(ROWS_AT_ONCE, rows.height - i0);
    memory.heap.scope(() => {
      const part = rows.view(i0, 0, h, rows.width);
      const products = Matrix.alloc(memory, dtype, h, k);
      blas.gemm(1, part, centers.transposed, 0, products); //                  h × k
      const members = Matrix.alloc(memory, dtype, h, k); //                    1 where row i belongs to cluster c
      blas.fill(0, members);
      for (let i = 0; i < h; i++) {
        let best = 0;
        let least = Infinity;
        for (let c = 0; c < k; c++) {
          const gap = centerNorms[c] - 2 * products.get(i, c);
          if (gap < least) [best, least] = [c, gap];
        }
        // ‖a - c‖² = ‖a‖² - 2 a·c + ‖c‖² can come out a little below zero.
        distance += Math.max(0, norms[i0 + i] + least);
        labels.set(i0 + i, 0, best);
        members.set(i, best, 1);
        counts[best]++;
      }
      blas.gemm(1, members.transposed, part, 1, sums); //                      k × n
    });
  }
  return { counts, distance };
}

function moveCenter(sums: Matrix, c: number, count: number, centers: Matrix): void {
  for (let j = 0; j < centers.width; j++) centers.set(c, j, sums.get(c, j) / count);
}

/**
 * k-means++: the first center is a row at random, each next one a row drawn with probability proportional to its squared distance from the
 * nearest center so far. The draw takes the row of largest log(u_i)/w_i with u_i uniform (P. Efraimidis and P. Spirakis, Weighted random
 * sampling with a reservoir, 2006), which needs one maximum over the ranks and depends on the row's number only, not on who holds it.
 */
function seedCenters(rows: DistMatrix, norms: Float64Array, { clusters, seed }: KMeansOptions, centers: Matrix): void {
  const { grid, local } = rows;
  const held = share(rows.layout, grid.rank)!.rows;
  const weights = new Float64Array(local.height).fill(1);
  const nearest = new Float64Array(local.height).fill(Infinity);
  const draws = DistMatrix.create(grid, { height: rows.height, width: clusters, dist: 'VC_STAR', dtype: 'f64' });
  uniform(seed, 0, 1, draws);
  for (let c = 0; c < clusters; c++) {
    let mine = -1;
    let best = -Infinity;
    for (let i = 0; i < local.height; i++) {
      const key = weights[i] > 0 ? Math.log(1 - draws.local.get(i, c)) / weights[i] : -Infinity;
      if (key > best) [mine, best] = [i, key];
    }
    const top = Float64Array.of(best);
    grid.comm.allReduce(top, 'max');
    // When every row is a center already (equal rows), the lowest row serves again.
    const wanted = top[0] === -Infinity ? 0 : mine >= 0 && best === top[0] ? held.start + mine * held.step : Infinity;
    const chosen = Float64Array.of(wanted);
    grid.comm.allReduce(chosen, 'min');
    const at = (chosen[0] - held.start) / held.step;
    const center = centers.view(c, 0, 1, centers.width);
    if (Number.isInteger(at) && at >= 0 && at < local.height) blas.copy(local.view(at, 0, 1, local.width), center);
    else blas.fill(0, center);
    grid.comm.allReduceMatrix(center);
    const norm = squaredRowNorms(center)[0];
    grid.memory.heap.scope(() => {
      const products = Matrix.alloc(grid.memory, rows.dtype, local.height, 1);
      blas.gemv(1, local, center.transposed, 0, products);
      for (let i = 0; i < local.height; i++) {
        nearest[i] = Math.min(nearest[i], Math.max(0, norms[i] - 2 * products.get(i, 0) + norm));
        weights[i] = held.start + i * held.step === chosen[0] ? 0 : nearest[i];
      }
    });
  }
}

/** Σ_j A(i,j)² for every row, in f64. */
function squaredRowNorms(A: Matrix): Float64Array {
  return Float64Array.from({ length: A.height }, (_, i) => {
    const row = A.view(i, 0, 1, A.width);
    return blas.dot(row, row);
  });
}

function mustBeFinite(A: DistMatrix): void {
  const count = Float64Array.of(blas.countNonFinite(A.local));
  A.grid.comm.allReduce(count);
  if (count[0] > 0) throw new AlchemistError('E_NOT_FINITE', `kmeans: ${count[0]} entries of ${A} are NaN or infinite`, { fields: { count: count[0] } });
}
