/** The standard library, `elemental`: every operation of the engine as a task. One task, one file; loaded when first called. */
import type { Library } from '../library.js';
import type { Params, Task } from '../task.js';

// A task's parameter types matter where it is declared; in the table every task is just a task.
const one = <P extends Params>(task: Task<P>): Task => task as unknown as Task;

export const elemental: Library = {
  name: 'elemental',
  about: 'dense linear algebra on distributed matrices',
  tasks: {
    nothing: async () => one((await import('./nothing.js')).nothing),
    create: async () => one((await import('./create.js')).create),
    gemm: async () => one((await import('./gemm.js')).gemm),
    load: async () => one((await import('./load.js')).load),
    redistribute: async () => one((await import('./redistribute.js')).redistribute),
    save: async () => one((await import('./save.js')).save),
  },
};
