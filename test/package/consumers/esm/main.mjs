import { Alchemist } from 'alchemist-node';

const session = await Alchemist.start({ workers: 2 });
const A = await session.send([[1, 2], [3, 4]]);
console.log((await session.fetch(await session.gemm(A, A))).data.join(' '));
await session.close();
