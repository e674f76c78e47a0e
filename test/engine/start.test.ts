import { availableParallelism } from 'node:os';
import { Alchemist, type StartOptions } from '#src/index.js';
import { layOutMemories } from '#src/comm/team.js';
import { engineOptions } from '#src/engine/options.js';
import { STAGE_BYTES } from '#src/local/rank-memory.js';
import { runChild } from './child.js';

const GIB = 2 ** 30;

const complete = (options: StartOptions): ReturnType<typeof engineOptions>['options'] => engineOptions(options, false).options;

describe('the grid', () => {
  test.each<[string, StartOptions, object]>([
    ['is as square as it can be', { workers: 6 }, { height: 2, width: 3, order: 'column' }],
    ['is what a text says', { grid: '3x1' }, { height: 3, width: 1, order: 'column' }],
    ['is what two numbers say', { grid: [1, 2], order: 'row' }, { height: 1, width: 2, order: 'row' }],
    ['may be given with as many workers as it has', { workers: 2, grid: '2x1' }, { height: 2, width: 1, order: 'column' }],
  ])('%s', (_, options, grid) => {
    expect(complete(options).grid).toEqual(grid);
  });

  test('has a worker for each core, at most four, when nothing is said', () => {
    const { height, width } = complete({}).grid;
    expect(height * width).toBe(Math.min(4, availableParallelism()));
  });
});

test('the kernels are the fused ones where they run, and those asked for', () => {
  expect(complete({}).kernels).toMatch(/^relaxed SIMD/);
  expect(complete({ kernels: 'relaxed' }).kernels).toMatch(/^relaxed SIMD/);
  expect(complete({ kernels: 'simd' }).kernels).toMatch(/^SIMD/);
});

test.each([1, 2, 3, 4, 5, 6, 7, 256])('%i workers share one address space out evenly when nothing is said, less a page at its end', (workers) => {
  const regions = layOutMemories(workers, complete({ workers }).memoryPerWorker);
  expect(regions).toHaveLength(workers);
  expect(new Set(regions.map(({ memory }) => memory)).size).toBe(1); // so that no block is staged
  for (const [rank, { base, limit }] of regions.entries()) {
    expect(base).toBe(rank === 0 ? 0 : regions[rank - 1].limit);
    expect(limit - base).toBeGreaterThan((4 * GIB) / workers - 2 ** 17);
    expect(limit).toBeLessThanOrEqual(4 * GIB - 2 ** 16);
    // Equal addresses modulo a page are taken for one another by some caches.
    if (rank > 0) expect((base - regions[rank - 1].base) % 4096).not.toBe(0);
  }
});

test.each<[number | string, number]>([
  [2 ** 21, 2 ** 21],
  ['3MiB', 3 * 2 ** 20],
  ['1.5 MiB', 1.5 * 2 ** 20],
  ['2MB', 2e6],
  ['2097152', 2 ** 21],
  ['4gib', 4 * GIB],
])('memoryPerWorker %p is %i bytes for each', (memoryPerWorker, bytes) => {
  expect(complete({ workers: 2, memoryPerWorker }).memoryPerWorker).toBe(bytes);
});

test('a session has what it was started with, and ends when it is closed', async () => {
  const session = await Alchemist.start({ grid: '1x3', order: 'row', kernels: 'simd', memoryPerWorker: '2MiB' });
  expect(session).toMatchObject({ workers: 3, grid: { height: 1, width: 3, order: 'row' }, kernels: expect.stringMatching(/^SIMD/) });
  const { ranks, matrices, used } = await session.memory();
  expect([matrices, used, ranks.map(({ worker }) => worker)]).toEqual([0, 0, [0, 1, 2]]);
  for (const { capacity, free } of ranks) expect([free, Math.ceil(capacity / 64) * 64]).toEqual([capacity, capacity]);
  expect(Math.min(...ranks.map(({ capacity }) => capacity))).toBeGreaterThanOrEqual(2 ** 21 - 64);
  await session.close();
});

test('workers with 4 GiB each have a memory each, with room for staging, and nothing ends where addresses wrap around', async () => {
  const regions = layOutMemories(3, 4 * GIB);
  expect(new Set(regions.map(({ memory }) => memory)).size).toBe(3);
  for (const { base, limit, stage } of regions) {
    expect(base).toBe(0);
    expect(stage).toBe(limit);
    expect(stage + 3 * STAGE_BYTES).toBeLessThanOrEqual(4 * GIB - 2 ** 16);
  }
  const session = await Alchemist.start({ workers: 2, memoryPerWorker: '4GiB' });
  const A = await session.send(Float64Array.from({ length: 35 }, (_, at) => at), { shape: [5, 7] });
  const B = await session.redistribute(A, 'STAR_VR');
  expect((await session.fetch(B)).toArray().flat()).toEqual(Array.from({ length: 35 }, (_, at) => at));
  for (const { capacity } of (await session.memory()).ranks) expect(capacity).toBeGreaterThan(4 * GIB - 2 ** 21);
  await session.close();
});

describe('what cannot be started is refused, with what was given:', () => {
  test.each<[StartOptions, string, RegExp]>([
    [{ workers: 0 }, 'E_ARGUMENT', /workers must be an integer from 1 to 256, got 0/],
    [{ workers: 1.5 }, 'E_ARGUMENT', /got 1.5/],
    [{ workers: 257 }, 'E_ARGUMENT', /got 257/],
    [{ workers: NaN }, 'E_ARGUMENT', /got NaN/],
    [{ workers: 3, grid: '2x2' }, 'E_ARGUMENT', /a 2×2 grid has 4 processes, but workers is 3/],
    [{ grid: [100, 100] }, 'E_ARGUMENT', /a 100×100 grid has 10000 processes \(1 to 256 can be started\)/],
    [{ grid: [2] as unknown as [number, number] }, 'E_ARGUMENT', /2×undefined grid/],
    [{ grid: [0, 2] }, 'E_ARGUMENT', /0×2 grid/],
    [{ grid: 'two by two' }, 'E_LAYOUT', /'two by two' is not a grid shape/],
    [{ order: 'diagonal' as 'row' }, 'E_ARGUMENT', /order must be 'column' or 'row', got "diagonal"/],
    [{ memoryPerWorker: '5GiB' }, 'E_ARGUMENT', /from 1 MiB to 4 GiB .*, got 5368709120 bytes/],
    [{ memoryPerWorker: 1000 }, 'E_ARGUMENT', /got 1000 bytes/],
    [{ memoryPerWorker: '1 handful' }, 'E_ARGUMENT', /"1 handful" is not a number of bytes/],
    [{ memoryPerWorker: -1 }, 'E_ARGUMENT', /-1 is not a number of bytes/],
    [{ kernels: 'fast' as 'simd' }, 'E_ARGUMENT', /kernels must be one of auto, simd, relaxed, wide, got "fast"/],
    [{ watchdogSeconds: 0 }, 'E_ARGUMENT', /watchdogSeconds must be a number above 0/],
    [{ watchdogSeconds: Infinity }, 'E_ARGUMENT', /got Infinity/],
  ])('%j', async (options, code, message) => {
    await expect(Alchemist.start(options)).rejects.toMatchObject({ name: 'AlchemistError', code, message: expect.stringMatching(message) });
  });

  test('more threads than the machine gives: E_ENVIRONMENT, and the process can end', async () => {
    const { out, err, code } = await runChild(`
      import { createRequire } from 'node:module';
      const threads = createRequire(import.meta.url)('node:worker_threads');
      const { Worker } = threads;
      let made = 0;
      threads.Worker = class extends Worker {
        constructor(...args) {
          if (++made > 2) throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
          super(...args);
        }
      };
      await Alchemist.start({ workers: 3, memoryPerWorker: '1MiB' }).catch((error) => console.log(error.code, error.message));
      threads.Worker = Worker;
      const session = await Alchemist.start({ workers: 1, memoryPerWorker: '1MiB' });
      console.log(session.workers);
      await session.close();`);
    expect(err).toBe('');
    expect(out).toMatch(/^E_ENVIRONMENT the 3 workers could not be started: EAGAIN.*\n1$/);
    expect(code).toBe(0);
  });

  test('memory that cannot be reserved: E_MEMORY with the bytes, and the process can end', async () => {
    const { out, err, code } = await runChild(`
      const { Memory } = WebAssembly;
      WebAssembly.Memory = class { constructor() { throw new RangeError('WebAssembly.Memory(): could not allocate memory'); } };
      await Alchemist.start({ workers: 2, memoryPerWorker: '3MiB' }).catch(({ code, message, fields }) => console.log(code, message, JSON.stringify(fields)));
      WebAssembly.Memory = Memory;
      await (await Alchemist.start({ workers: 1 })).close();`);
    expect(err).toBe('');
    expect(out).toMatch(/^E_MEMORY this process cannot reserve 2 × 3145728 bytes of shared memory: .*could not allocate.* \{"workers":2,"memoryPerWorker":3145728\}$/);
    expect(code).toBe(0);
  });
});
