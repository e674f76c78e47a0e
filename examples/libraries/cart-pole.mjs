/**
 * A library of one's own: many cart-poles, simulated by all workers, for an agent that learns to balance them. Its tasks keep state between calls.
 * Each environment is a cart on a track with a pole on it (Barto, Sutton, Anderson 1983): action 1 pushes it to the right, 0 to the left; every
 * step that the pole stands and the cart is on its track gives a reward of 1, and at most 500 steps are made.
 *
 *     alchemist serve --libraries examples/libraries        await session.loadLibrary('cart-pole')
 */
import { AlchemistError, defineTask, DistMatrix, redistribute, share, uniform } from 'alchemist-node/library';

const GRAVITY = 9.8; // m/s²
const CART_MASS = 1; // kg
const POLE_MASS = 0.1; // kg
const HALF_POLE = 0.5; // m, from the joint to the middle of the pole
const FORCE = 10; // N
const STEP_SECONDS = 0.02;
const TRACK = 2.4; // m, to either side
const LEANING = (12 * Math.PI) / 180; // rad, to either side
const MOST_STEPS = 500;

/** Position, velocity, angle and angular velocity of a cart-pole: a row of the state. */
const VARIABLES = 4;

const reset = defineTask({
  name: 'reset',
  about: 'starts `environments` cart-poles anew, each a little off balance; equal seeds give equal states on every grid',
  params: {
    environments: { type: 'integer', min: 1, max: 1_000_000, default: 1, about: 'how many cart-poles' },
    seed: { type: 'integer', min: 0, default: 0, about: 'chooses the first states' },
  },
  returns: { observations: 'their states, four numbers each, one after another' },
  run({ grid, state }, { environments, seed }) {
    const rows = firstStates(grid, environments, seed);
    const count = rows.local.height;
    // Matrices end with the task unless it returns them; what lasts is kept in arrays.
    const poles = {
      environments,
      mine: share(rows.layout, grid.rank).rows,
      x: new Float64Array(count * VARIABLES),
      score: new Float64Array(count),
      done: new Uint8Array(count),
    };
    for (let i = 0; i < count; i++) start(poles, i, rows);
    state.poles = poles;
    const [observations] = gathered(grid, poles, [[poles.x, VARIABLES]]);
    return { observations };
  },
});

const step = defineTask({
  name: 'step',
  about: 'pushes every cart for 0.02 s, or starts its next episode instead; one whose episode is done stays as it is and gains nothing',
  params: {
    actions: { type: 'reals', about: 'for every environment 0 (to the left) or 1 (to the right)' },
    restart: { type: 'reals', optional: true, about: 'for every environment 1 if a new episode starts instead of the push, else 0' },
    seed: { type: 'integer', min: 0, default: 0, about: 'chooses the first states of those that start anew' },
  },
  returns: {
    observations: 'their states, four numbers each, one after another',
    rewards: 'for every environment 1, or 0 when its episode was done before',
    done: 'for every environment 1 when its episode is done: the pole has fallen, the cart has left its track, or 500 steps are made',
    truncated: 'for every environment 1 when its episode is done although the pole stands: after 500 steps',
  },
  run({ grid, state }, { actions, restart, seed }) {
    const poles = started(state);
    for (const [name, given] of Object.entries({ actions, restart })) {
      if (given === undefined || given.length === poles.environments) continue;
      throw new AlchemistError('E_SHAPE', `step: ${given.length} ${name} for ${poles.environments} environments`, { hint: 'one for each' });
    }
    const wrong = actions.findIndex((action) => action !== 0 && action !== 1);
    if (wrong >= 0) throw new AlchemistError('E_ARGUMENT', `step: action ${wrong} is ${actions[wrong]}`, { hint: '0 is left, 1 is right' });
    const { mine, x, score, done } = poles;
    const firsts = restart?.some(Boolean) ? firstStates(grid, poles.environments, seed) : undefined;
    const [rewards, truncated] = [new Uint8Array(mine.count), new Uint8Array(mine.count)];
    for (let i = 0; i < mine.count; i++) {
      const environment = mine.start + i * mine.step;
      if (restart?.[environment]) start(poles, i, firsts);
      else if (!done[i]) {
        const one = x.subarray(i * VARIABLES, (i + 1) * VARIABLES);
        push(one, actions[environment] === 1 ? FORCE : -FORCE);
        rewards[i] = 1;
        score[i] += 1;
        done[i] = fallen(one) || score[i] >= MOST_STEPS ? 1 : 0;
      }
      truncated[i] = done[i] && !fallen(x.subarray(i * VARIABLES)) ? 1 : 0;
    }
    const all = gathered(grid, poles, [[x, VARIABLES], [rewards, 1], [done, 1], [truncated, 1]]);
    return { observations: all[0], rewards: all[1], done: all[2], truncated: all[3] };
  },
});

const getState = defineTask({
  name: 'get_state',
  about: 'the states of all environments as a matrix, for whoever wants to compute with them',
  params: {},
  returns: { state: 'environments × 4, [VC,*]: position in m, velocity in m/s, angle in rad, angular velocity in rad/s' },
  run({ grid, state }) {
    const poles = started(state);
    return { state: matrixOf(grid, poles, [[poles.x, VARIABLES]]) };
  },
});

const getScore = defineTask({
  name: 'get_score',
  about: 'the sum of the rewards of every environment since the last reset',
  params: {},
  returns: { scores: 'one for every environment', best: 'the largest', mean: 'their mean' },
  run({ grid, state }) {
    const poles = started(state);
    const [scores] = gathered(grid, poles, [[poles.score, 1]]);
    return { scores, best: scores.reduce((most, score) => Math.max(most, score), 0), mean: scores.reduce((sum, score) => sum + score, 0) / poles.environments };
  },
});

const describe = defineTask({
  name: 'describe',
  about: 'what an agent sees of one environment and what it may do',
  params: {},
  returns: { observations: 'bounds of position in m, velocity in m/s, angle in rad, angular velocity in rad/s', actions: '0 is left, 1 is right' },
  run() {
    // Twice the limits of an episode, so that its last state is inside.
    const high = [2 * TRACK, Infinity, 2 * LEANING, Infinity];
    return { observations: { low: high.map((bound) => -bound), high }, actions: { discrete: 2 } };
  },
});

/** x := the state after a step of Euler's method with this force on the cart. */
function push(x, force) {
  const [position, velocity, angle, spin] = x;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const mass = CART_MASS + POLE_MASS;
  const thrust = (force + POLE_MASS * HALF_POLE * spin * spin * sin) / mass;
  const spinUp = (GRAVITY * sin - cos * thrust) / (HALF_POLE * (4 / 3 - (POLE_MASS * cos * cos) / mass));
  const speedUp = thrust - (POLE_MASS * HALF_POLE * spinUp * cos) / mass;
  x.set([position + STEP_SECONDS * velocity, velocity + STEP_SECONDS * speedUp, angle + STEP_SECONDS * spin, spin + STEP_SECONDS * spinUp]);
}

/** Whether the pole or the cart is where its episode ends. */
function fallen([position, , angle]) {
  return Math.abs(position) > TRACK || Math.abs(angle) > LEANING;
}

/** First states for all environments: environment i is row i of an environments × 4 matrix [VC,*], and simulated by the worker that owns it. */
function firstStates(grid, environments, seed) {
  const rows = DistMatrix.create(grid, { height: environments, width: VARIABLES, dist: 'VC_STAR' });
  uniform(seed, -0.05, 0.05, rows);
  return rows;
}

/** This worker's i-th environment begins an episode with its row of `firsts`. */
function start({ x, score, done }, i, firsts) {
  for (let j = 0; j < VARIABLES; j++) x[i * VARIABLES + j] = firsts.local.get(i, j);
  score[i] = done[i] = 0;
}

/** What `reset` has left in this worker. */
function started(state) {
  if (!state.poles) throw new AlchemistError('E_TASK', 'there is nothing to simulate yet', { hint: 'run reset first' });
  return state.poles;
}

/** A fresh matrix [VC,*] with a row for every environment: this worker's numbers for it, `width` of each array, one beside the other. */
function matrixOf(grid, { environments, mine }, columns) {
  const A = DistMatrix.create(grid, { height: environments, width: columns.reduce((sum, [, width]) => sum + width, 0), dist: 'VC_STAR' });
  let first = 0;
  for (const [array, width] of columns) {
    for (let k = 0; k < mine.count * width; k++) A.local.set(Math.floor(k / width), first + (k % width), array[k]);
    first += width;
  }
  return A;
}

/** The same of all workers, an array for each, on worker 0, whose results are the ones that travel. Collective. */
function gathered(grid, poles, columns) {
  const A = matrixOf(grid, poles, columns);
  const whole = A.like({ dist: 'CIRC_CIRC' });
  redistribute(A, whole);
  let first = 0;
  return columns.map(([, width]) => {
    const all = new Float64Array(whole.local.height * width);
    for (let k = 0; k < all.length; k++) all[k] = whole.local.get(Math.floor(k / width), first + (k % width));
    first += width;
    return all;
  });
}

export default {
  name: 'cart-pole',
  about: 'cart-poles to balance: reset, step, get_state, get_score, describe',
  tasks: {
    reset: async () => reset,
    step: async () => step,
    get_state: async () => getState,
    get_score: async () => getScore,
    describe: async () => describe,
  },
};
