/** A task that does nothing: what a call costs besides its work. */
import { defineTask } from '../task.js';

export const nothing = defineTask({
  name: 'nothing',
  about: 'does nothing; its time is the price of a call',
  params: {},
  returns: {},
  run: () => ({}),
});
