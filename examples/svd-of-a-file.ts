/** The largest singular triplets of the matrix in a .npy or CSV file, computed, kept as files and checked: `svd-of-a-file [FILE] [RANK]`. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Alchemist } from 'alchemist-node';

const digits = fileURLToPath(new URL('examples/data/digits.npy', import.meta.resolve('alchemist-node/package.json')));
const [file = digits, rank = '5'] = process.argv.slice(2);

const session = await Alchemist.start({ workers: 4 });
const folder = await mkdtemp(join(tmpdir(), 'svd-'));
try {
  const A = await session.load(file);
  console.log(String(A));

  const { U, V, values } = await session.truncatedSvd(A, { rank: Number(rank) });
  for (const [i, value] of values.entries()) console.log(`σ${i + 1} = ${value.toFixed(6)}`);

  // ‖A‖² is the sum of all σ², so this is how much of A the triplets explain.
  const explained = values.reduce((sum, value) => sum + value ** 2, 0) / (await session.norm(A)) ** 2;
  console.log(`explained: ${(100 * explained).toFixed(2)} %`);

  // What is left of A, A - U Σ Vᵀ, has the norm that the other values give it.
  const Sigma = await session.diagonalMatrix(values);
  const left = await session.gemm(await session.gemm(U, Sigma), V, { transposeB: true, alpha: -1, beta: 1, C: await session.copy(A) });
  console.log(`left: ${(100 * ((await session.norm(left)) / (await session.norm(A))) ** 2).toFixed(2)} %`);

  await session.save(U, join(folder, 'U.npy'));
  await session.save(V, join(folder, 'V.csv'));
  console.log(`saved: ${(await readdir(folder)).sort().join(', ')}`);
} finally {
  await session.close();
  await rm(folder, { recursive: true });
}
