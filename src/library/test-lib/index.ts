/** TestLib: the test library of the Alchemist paper, with the k-means that upstream only planned. */
import type { Library } from '../library.js';
import type { Params, Task } from '../task.js';

const one = <P extends Params>(task: Task<P>): Task => task as unknown as Task;

export const testLib: Library = {
  name: 'TestLib',
  about: "the Alchemist paper's test library: greet, truncated_svd and kmeans",
  tasks: {
    greet: async () => one((await import('./greet.js')).greet),
    truncated_svd: async () => one((await import('./truncated-svd.js')).truncatedSvd),
    kmeans: async () => one((await import('./kmeans.js')).kmeans),
  },
};
