/** What the study asks of the server: checksums of what has arrived, and the seconds that workers have spent on placing entries. */
import { BlockReader } from '#src/dist/block-reader.js';
import { SharedMatrix } from '#src/dist/shared-matrix.js';
import { copies, share } from '#src/layout/layout.js';
import type { Library } from '#src/library/library.js';
import * as blas from '#src/local/blas.js';
import { defineTask } from '#src/library/task.js';
import { weigh } from './weigh.js';

const checksum = defineTask({
  name: 'checksum',
  about: 'the checksum of A by entry position, over all copies of its entries',
  params: {
    A: { type: 'matrix', about: 'any distribution' },
    spoil: { type: 'boolean', about: 'overwrites A with NaN afterwards, so that memory that is used again holds no right answers', default: false },
  },
  returns: { sum: 'in [0, 2³²)', copies: 'how often each entry is held' },
  run({ grid }, { A, spoil }) {
    const mine = share(A.layout, grid.rank);
    const { local } = A;
    const data = local.memory.array(A.dtype);
    const place = { offset: local.ptr / data.BYTES_PER_ELEMENT, rowStride: local.rowStride, colStride: local.colStride };
    const sum = Float64Array.of(mine ? weigh(data, place, mine.rows, mine.cols) : 0);
    grid.comm.allReduce(sum);
    if (spoil) blas.fill(NaN, local);
    return { sum: sum[0] % 2 ** 32, copies: copies(A.layout) };
  },
});

/** Seconds of this thread that place and gather entries: a worker's port does so in the thread that runs its tasks. */
const spent = { put: 0, get: 0 };

/** Adds the time of every call of a method to one of them. */
function clock<Name extends string>(what: keyof typeof spent, methods: Record<Name, (...args: never[]) => void>, name: Name): void {
  const original = methods[name];
  methods[name] = function (...args: never[]): void {
    const start = performance.now();
    original.apply(this, args);
    spent[what] += (performance.now() - start) / 1000;
  };
}
clock('put', SharedMatrix.prototype, 'put');
clock('get', BlockReader.prototype, 'read');

const clocks = defineTask({
  name: 'clocks',
  about: 'what workers have spent so far, in seconds',
  params: {},
  returns: { put: 'placing entries, by rank', get: 'gathering entries, by rank', processor: 'processor time of the whole server' },
  run({ grid }) {
    const all = new Float64Array(2 * grid.comm.size);
    all.set([spent.put, spent.get], 2 * grid.rank);
    grid.comm.allReduce(all);
    const { user, system } = process.cpuUsage();
    return { put: [...all.filter((_, k) => k % 2 === 0)], get: [...all.filter((_, k) => k % 2 === 1)], processor: (user + system) / 1e6 };
  },
});

const library: Library = {
  name: 'transfer-study',
  about: 'checksums and clocks of the transfer study',
  tasks: { checksum: async () => checksum as never, clocks: async () => clocks as never },
};
export default library;
