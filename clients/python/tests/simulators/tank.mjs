/**
 * A simulator as the Alchemist papers draw one: `step` returns nothing, `get_state` the state, `get_score` how good it is, and it declares no spaces.
 * Two tanks of water, each with a valve; both should be half full.
 */
import { AlchemistError, defineTask, DistMatrix } from 'alchemist-node/library';

const reset = defineTask({
  name: 'reset',
  about: 'both tanks at one level',
  params: { level: { type: 'real', min: 0, max: 1, default: 1, about: 'of both' } },
  returns: {},
  run({ state }, { level }) {
    state.levels = [level, level];
    return {};
  },
});

const step = defineTask({
  name: 'step',
  about: 'lets water in (positive) or out',
  params: { valves: { type: 'reals', about: 'one for each tank' } },
  returns: {},
  run({ state }, { valves }) {
    if (valves.some((valve) => Math.abs(valve) > 1)) throw new AlchemistError('E_ARGUMENT', `a valve opens by at most 1, not ${valves.join()}`);
    state.levels = state.levels.map((level, k) => Math.min(1, Math.max(0, level + 0.1 * valves[k])));
    return {};
  },
});

const getState = defineTask({
  name: 'get_state',
  about: 'the levels',
  params: {},
  returns: { state: '1×2' },
  run({ grid, state }) {
    const A = DistMatrix.create(grid, { height: 1, width: 2, dist: 'STAR_STAR' });
    state.levels.forEach((level, k) => A.local.set(0, k, level));
    return { state: A };
  },
});

const getScore = defineTask({
  name: 'get_score',
  about: 'how near both are to the middle',
  params: {},
  returns: { score: '0 is best' },
  run({ state }) {
    return { score: -state.levels.reduce((sum, level) => sum + Math.abs(level - 0.5), 0) };
  },
});

export default {
  name: 'tank',
  about: 'two tanks of water',
  tasks: { reset: async () => reset, step: async () => step, get_state: async () => getState, get_score: async () => getScore },
};
