/** k-means clustering of the rows of a matrix. */
import { kmeans as cluster } from '../../linalg/kmeans.js';
import { AlchemistError } from '../../errors.js';
import { describe } from '../../layout/layout.js';
import { defineTask } from '../task.js';

export const kmeans = defineTask({
  name: 'kmeans',
  about: "clusters the rows of A by Lloyd's iteration from k-means++ seeds",
  params: {
    A: { type: 'matrix', about: 'm×n, one observation a row' },
    clusters: { type: 'integer', min: 1, max: 4000, about: 'how many clusters' },
    maxIterations: { type: 'integer', default: 100, min: 1, about: 'the most iterations' },
    tolerance: { type: 'real', default: 1e-6, min: 0, about: 'ends when the inertia falls by less than this fraction' },
    seed: { type: 'integer', default: 0, min: 0, about: 'chooses the first centers' },
  },
  returns: { centers: 'clusters×n, [*,*]', labels: "m×1, [VC,*]: the number of each row's cluster", inertia: 'Σ of squared distances', iterations: 'iterations made' },
  check({ A, clusters }) {
    if (clusters > A.layout.height) throw new AlchemistError('E_ARGUMENT', `kmeans: ${describe(A.layout)} has fewer rows than ${clusters} clusters`);
  },
  run({ progress }, { A, ...options }) {
    const onProgress = ({ iteration, inertia }: { iteration: number; inertia: number }): void => progress({ step: iteration, steps: options.maxIterations, values: { inertia } });
    return { ...cluster(A, { ...options, onProgress }) };
  },
});
