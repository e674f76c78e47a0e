/** Simulators with a mistake in each, for what the environments say about them. */
import { defineTask } from 'alchemist-node/library';

const task = (name, params, results) => async () => defineTask({ name, about: name, params, returns: {}, run: () => results });
const environments = { environments: { type: 'integer', about: 'how many' } };
const box = { low: 0, high: 1, shape: [3] };

export default {
  name: 'broken',
  about: 'gives two numbers where it has declared three',
  tasks: {
    reset: task('reset', environments, { observations: [1, 2] }),
    step: task('step', { actions: { type: 'reals', about: 'any' } }, { observations: [1, 2, 3], rewards: [1, 2] }),
    describe: task('describe', {}, { observations: box, actions: { discreet: 2 } }),
  },
};
