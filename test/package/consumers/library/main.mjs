import { Alchemist } from 'alchemist-node';

const session = await Alchemist.start({ workers: 2 });
const library = await session.loadLibrary(new URL('squares.mjs', import.meta.url).href);
const { C } = await session.run(library, 'square', { A: await session.send([[1, 2], [3, 4]]) });
console.log((await session.fetch(C)).data.join(' '));
await session.close();
