/**
 * An agent learns to balance cart-poles that the workers simulate: the cross-entropy method over linear policies, each environment trying one of its
 * own. Without an argument on threads of this process, with the address of a server (alchemist serve --libraries …) on its workers.
 */
import { Alchemist, type Session } from 'alchemist-node';

const ENVIRONMENTS = 48;
const ELITE = 8;
const VARIABLES = 4;

/** Normal deviates from a small generator of our own: the same course in every run. */
let random = 1;
const uniform = (): number => (random = (random * 48271) % 2147483647) / 2147483647;
const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

const address = process.argv[2];
const session = address === undefined ? await Alchemist.start({ workers: 2 }) : await Alchemist.connect(address, { workers: 2 });
try {
  const library = new URL('examples/libraries/cart-pole.mjs', import.meta.resolve('alchemist-node/package.json'));
  await session.loadLibrary(address === undefined ? library.href : 'cart-pole');

  let mean = new Float64Array(VARIABLES);
  let spread = new Float64Array(VARIABLES).fill(2);
  for (let generation = 1; generation <= 6; generation++) {
    const policies = Array.from({ length: ENVIRONMENTS }, () => mean.map((value, j) => value + spread[j] * normal()));
    const scores = await play(session, policies, generation);
    const elite = policies.map((policy, i) => ({ policy, score: scores[i] })).sort((a, b) => b.score - a.score).slice(0, ELITE);
    mean = mean.map((_, j) => elite.reduce((sum, { policy }) => sum + policy[j], 0) / ELITE);
    spread = spread.map((_, j) => Math.sqrt(elite.reduce((sum, { policy }) => sum + (policy[j] - mean[j]) ** 2, 0) / ELITE) + 0.02);
    console.log(`generation ${generation}: best ${Math.max(...scores)}, mean ${(scores.reduce((a, b) => a + b) / ENVIRONMENTS).toFixed(1)}`);
  }
  const scores = await play(session, Array.from({ length: ENVIRONMENTS }, () => mean), 1000);
  console.log(`what it has learned balances ${scores.filter((score) => score === 500).length} of ${ENVIRONMENTS} poles for 500 steps`);
} finally {
  await session.close();
}

/** The scores of one episode in which environment i follows policy i: to the right where the policy times the state is positive. */
async function play(session: Session, policies: readonly Float64Array[], seed: number): Promise<Float64Array> {
  let { observations, done } = (await session.run('cart-pole', 'reset', { environments: policies.length, seed })) as { observations: Float64Array; done?: Float64Array };
  while (!done?.every((flag) => flag === 1)) {
    const actions = policies.map((policy, i) => (policy.reduce((sum, weight, j) => sum + weight * observations[i * VARIABLES + j], 0) > 0 ? 1 : 0));
    ({ observations, done } = (await session.run('cart-pole', 'step', { actions })) as { observations: Float64Array; done: Float64Array });
  }
  return (await session.run('cart-pole', 'get_score')).scores as Float64Array;
}
