/** Redistribution between all pairs of distributions, bit for bit, on real ranks. */
import { SelfComm } from '#src/comm/self-comm.js';
import { DistMatrix } from '#src/dist/dist-matrix.js';
import { Grid } from '#src/dist/grid.js';
import { contract, redistribute } from '#src/dist/redistribute.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { type MemoryKind, Ranks } from '../comm/ranks.js';
import { rankMemory } from '../local/rank-memory.js';
import type { Cases } from './redistributions.js';

const CASES = new URL('./redistributions.js', import.meta.url);

/** Several ranks on a busy machine take their time. */
const PATIENCE_MS = 60_000;

const TEAMS: readonly (readonly [height: number, width: number, kind: MemoryKind, count: number])[] = [
  [1, 1, 'self', 6],
  [1, 2, 'shared', 6],
  [2, 1, 'shared', 6],
  [2, 2, 'shared', 6],
  [2, 3, 'shared', 6],
  [3, 2, 'shared', 6],
  [5, 1, 'shared', 6],
  [2, 3, 'own', 2],
];

describe.each(TEAMS)('on a %i×%i grid (memory: %s), for all 14 × 14 pairs, any sizes, alignments, roots, views and orders of storage,', (height, width, kind, count) => {
  let ranks: Ranks;
  beforeAll(async () => {
    ranks = await Ranks.start(height * width, kind, CASES);
  });
  afterAll(() => ranks.close());

  const forAllPairs = async (scenario: string, of: Pick<Cases, 'count' | 'large'> = { count }): Promise<void> => {
    for (const [seed, from] of DIST_PAIRS.entries()) {
      await ranks.values(scenario, { seed: 10 * seed + height, height, width, order: seed % 2 ? 'row' : 'column', from, ...of } satisfies Cases);
    }
  };

  test('redistribution brings every entry to its place, touches nothing else, and receives what the plan announces', async () => {
    await forAllPairs('redistributions');
  }, PATIENCE_MS);

  test('so does that of larger matrices, whose blocks are woven together and dealt out', async () => {
    await forAllPairs('redistributions', { count: 1, large: true });
  }, PATIENCE_MS);

  test('contraction adds every copy of every entry once, in rank order', async () => {
    await forAllPairs('contractions');
  }, PATIENCE_MS);
});

test('matrices that do not fit together are refused before anybody waits, and the message shows both', () => {
  const memory = rankMemory();
  const grid = new Grid(new SelfComm(), memory, 1, 1);
  const other = new Grid(new SelfComm(), memory, 1, 1);
  const A = DistMatrix.create(grid, { height: 3, width: 4 });
  for (const move of [redistribute, (X: DistMatrix, Y: DistMatrix) => contract(1, X, Y)]) {
    expect(() => move(A, DistMatrix.create(grid, { height: 4, width: 3, dist: 'VC_STAR' }))).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: expect.stringMatching(/f64 3×4 \[MC,MR\] on 1×1 and f64 4×3 \[VC,\*\] on 1×1/) }),
    );
    expect(() => move(A, DistMatrix.create(grid, { height: 3, width: 4, dtype: 'f32' }))).toThrow(expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(/f64 3×4.*f32 3×4/) }));
    expect(() => move(A, DistMatrix.create(other, { height: 3, width: 4 }))).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
  }
});

test('a grid that does not fit its team is refused', () => {
  expect(() => new Grid(new SelfComm(), rankMemory(), 2, 1)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT', message: 'a 2×1 grid needs 2 ranks, the team has 1' }));
});
