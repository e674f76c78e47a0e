/** The standard library, `elemental`: every operation of the engine as a task. One task, one file; loaded when first called. */
import type { Library } from '../library.js';
import type { Params, Task } from '../task.js';

// A task's parameter types matter where it is declared; in the table every task is just a task.
const one = <P extends Params>(task: Task<P>): Task => task as unknown as Task;

export const elemental: Library = {
  name: 'elemental',
  about: 'dense linear algebra on distributed matrices',
  tasks: {
    add: async () => one((await import('./add.js')).add),
    axpy: async () => one((await import('./axpy.js')).axpy),
    conjugateGradient: async () => one((await import('./conjugate-gradient.js')).conjugateGradient),
    constant: async () => one((await import('./constant.js')).constant),
    copy: async () => one((await import('./copy.js')).copy),
    create: async () => one((await import('./create.js')).create),
    diagonal: async () => one((await import('./diagonal.js')).diagonal),
    diagonalMatrix: async () => one((await import('./diagonal-matrix.js')).diagonalMatrix),
    dot: async () => one((await import('./dot.js')).dot),
    gemm: async () => one((await import('./gemm.js')).gemm),
    load: async () => one((await import('./load.js')).load),
    norm: async () => one((await import('./norm.js')).norm),
    normal: async () => one((await import('./normal.js')).normal),
    nothing: async () => one((await import('./nothing.js')).nothing),
    redistribute: async () => one((await import('./redistribute.js')).redistribute),
    ridge: async () => one((await import('./ridge.js')).ridge),
    save: async () => one((await import('./save.js')).save),
    scale: async () => one((await import('./scale.js')).scale),
    setSubmatrix: async () => one((await import('./set-submatrix.js')).setSubmatrix),
    submatrix: async () => one((await import('./submatrix.js')).submatrix),
    trace: async () => one((await import('./trace.js')).trace),
    transpose: async () => one((await import('./transpose.js')).transpose),
    truncatedSvd: async () => one((await import('./truncated-svd.js')).truncatedSvd),
    uniform: async () => one((await import('./uniform.js')).uniform),
    withSpectrum: async () => one((await import('./with-spectrum.js')).withSpectrum),
  },
};
