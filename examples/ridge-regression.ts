/**
 * Handwritten digits read by ridge regression: ten linear functions of the pixels, one for each digit, fitted at once by conjugate gradients,
 * min ‖A X - B‖² + λ‖X‖², where B(i, d) is 1 if picture i shows digit d. AᵀA is never formed.
 */
import { fileURLToPath } from 'node:url';
import { Alchemist } from 'alchemist-node';

const data = (name: string): string => fileURLToPath(new URL(`examples/data/${name}`, import.meta.resolve('alchemist-node/package.json')));
const TRAINING = { start: 0, count: 1347 };
const TEST = { start: 1347, count: 450 };

const session = await Alchemist.start({ workers: 2 });
try {
  const pictures = await session.load(data('digits.npy'));
  const all = { start: 0, count: pictures.width };
  const labels = await session.fetch(await session.load(data('digits-labels.npy')));

  const A = await session.submatrix(pictures, TRAINING, all);
  const B = await session.fromFunction(TRAINING.count, 10, (i, digit) => (labels.get(i, 0) === digit ? 1 : 0));
  const { X, residuals } = await session.ridge(A, B, { lambda: 10 });
  console.log(`fitted: ${X.height} weights for each of ${X.width} digits, residuals below 1e-10: ${residuals.every((residual) => residual < 1e-10)}`);

  const unseen = await session.submatrix(pictures, TEST, all);
  const scores = (await session.fetch(await session.gemm(unseen, X))).toArray();
  const right = scores.filter((row, i) => row.indexOf(Math.max(...row)) === labels.get(TEST.start + i, 0)).length;
  console.log(`read rightly: ${right} of ${TEST.count} unseen pictures`);
} finally {
  await session.close();
}
