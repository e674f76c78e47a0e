import { Alchemist, AlchemistError, type HostMatrix, type MatrixHandle, type Session } from 'alchemist-node';

const session: Session = await Alchemist.start({ workers: 2, grid: [1, 2], memoryPerWorker: '64MiB' });
const A: MatrixHandle = await session.send([[1, 2], [3, 4]], { dist: 'VC_STAR' });
const C: HostMatrix = await session.fetch(await session.gemm(A, A, { transposeA: false, alpha: 1 }), { order: 'row' });
const entries: Float64Array | Float32Array = C.data;
const code: string | undefined = await session.gemm(A, await session.send([[1]])).then(
  () => undefined,
  (error: unknown) => (error instanceof AlchemistError ? error.code : undefined),
);
if (code === 'E_SHAPE') console.log(entries.join(' '));
await session.close();
