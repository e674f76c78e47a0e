/** One matrix in several distributions: what each worker holds, what a change of distribution costs, foretold and counted. */
import { Alchemist, type DistPair } from 'alchemist-node';

const session = await Alchemist.start({ grid: '2x3' });
try {
  const A = await session.uniform(1200, 900, { seed: 1 });
  console.log(String(A));

  for (const dist of ['VC_STAR', 'STAR_VR', 'MR_MC', 'STAR_STAR'] satisfies DistPair[]) {
    const { bytesMoved: foretold } = await session.estimate('redistribute', { A, dist });
    const B = await session.redistribute(A, dist);
    const counted = Math.max(...session.lastCost!.bytesMovedByRank);
    console.log(`${String(B).split(' on ')[0]}: the busiest worker receives ${foretold} bytes${counted === foretold ? ', as foretold' : `, not ${counted}`}`);
    await B.free();
  }

  // Operations take any distribution; what does not lie right is moved as they go.
  const byRows = await session.redistribute(A, 'VC_STAR');
  const product = await session.gemm(byRows, A, { transposeA: true });
  console.log(`AᵀA: ${product}`);
} finally {
  await session.close();
}
