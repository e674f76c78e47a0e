import { defineTask, type DistMatrix, gemm, type Library } from 'alchemist-node/library';

const power = defineTask({
  name: 'power',
  about: 'C := A A, times a factor',
  params: { A: { type: 'matrix', about: 'a square matrix' }, factor: { type: 'real', default: 1, about: 'a factor' } },
  returns: { C: 'the product', entries: 'how many this rank holds' },
  run({ grid }, { A, factor }) {
    const C: DistMatrix = A.like({});
    gemm(factor, A, A, 0, C);
    return { C, entries: C.local.size * (grid.rank + 1) };
  },
});

const library: Library = { name: 'powers', about: 'products of matrices with themselves', tasks: { power: async () => power } };
export default library;
