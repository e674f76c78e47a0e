/** The library of examples/, embedded and behind a server: physics against an independent simulation, state between calls, and what it refuses. */
import { fileURLToPath } from 'node:url';
import { Alchemist, type AlchemistServer, connect, type MatrixHandle, serve, type Session } from '#src/index.js';

const LIBRARIES = new URL('../../../examples/libraries/', import.meta.url);

interface Step {
  readonly observations: Float64Array;
  readonly rewards: Float64Array;
  readonly done: Float64Array;
  readonly truncated: Float64Array;
}

let server: AlchemistServer;
beforeAll(async () => {
  server = await serve({ port: 0, workers: 6, memoryPerWorker: '16MiB', libraries: fileURLToPath(LIBRARIES) });
});
afterAll(() => server.close());

const places: [string, string, () => Promise<Session>][] = [
  ['embedded', new URL('cart-pole.mjs', LIBRARIES).href, () => Alchemist.start({ workers: 3, memoryPerWorker: '16MiB' })],
  ['behind a server', 'cart-pole', () => connect(server.url, { workers: 3 })],
];

/** The same physics as published: a step of Euler's method on one cart-pole, action 1 to the right. */
function published([x, v, theta, omega]: readonly number[], action: number): number[] {
  const temp = ((action === 1 ? 10 : -10) + 0.05 * omega ** 2 * Math.sin(theta)) / 1.1;
  const alpha = (9.8 * Math.sin(theta) - Math.cos(theta) * temp) / (0.5 * (4 / 3 - (0.1 * Math.cos(theta) ** 2) / 1.1));
  const a = temp - (0.05 * alpha * Math.cos(theta)) / 1.1;
  return [x + 0.02 * v, v + 0.02 * a, theta + 0.02 * omega, omega + 0.02 * alpha];
}

describe.each(places)('cart-poles %s', (_, reference, open) => {
  let session: Session;
  beforeAll(async () => {
    session = await open();
    expect(await session.loadLibrary(reference)).toBe('cart-pole');
  });
  afterAll(() => session.close());
  const reset = async (environments: number, seed = 0) => (await session.run('cart-pole', 'reset', { environments, seed })).observations as Float64Array;
  const step = async (actions: readonly number[], begin?: { readonly restart: readonly number[]; readonly seed: number }) =>
    (await session.run('cart-pole', 'step', { actions, ...begin })) as unknown as Step;

  test('every environment follows the published equations until it falls, and then rests', async () => {
    const n = 7;
    const first = await reset(n, 3);
    expect(first).toHaveLength(4 * n);
    expect(first.every((value) => Math.abs(value) <= 0.05)).toBe(true);
    let states = Array.from({ length: n }, (__, i) => [...first.subarray(4 * i, 4 * i + 4)]);
    const fallen = new Array<boolean>(n).fill(false);
    const scores = new Array<number>(n).fill(0);
    for (let t = 0; t < 60; t++) {
      const actions = states.map((state, i) => (i % 2 ? Number(state[2] + state[3] > 0) : (t >> i) & 1));
      const { observations, rewards, done } = await step(actions);
      states = states.map((state, i) => (fallen[i] ? state : published(state, actions[i])));
      states.flat().forEach((value, k) => expect(observations[k]).toBeCloseTo(value, 12));
      expect([...rewards]).toEqual(fallen.map((has) => (has ? 0 : 1)));
      rewards.forEach((reward, i) => (scores[i] += reward));
      states.forEach(([x, , theta], i) => (fallen[i] ||= Math.abs(x) > 2.4 || Math.abs(theta) > Math.PI / 15));
      expect([...done]).toEqual(fallen.map(Number));
    }
    expect(fallen).toContain(true);
    expect(fallen).toContain(false);
    const score = await session.run('cart-pole', 'get_score');
    expect([...(score.scores as Float64Array)]).toEqual(scores);
    expect(score.best).toBe(60);
    expect(score.mean).toBeCloseTo(scores.reduce((a, b) => a + b) / n, 12);
    const A = (await session.run('cart-pole', 'get_state')).state as MatrixHandle;
    expect(A.shape).toEqual([n, 4]);
    (await session.fetch(A)).data.forEach((value, k) => expect(value).toBeCloseTo(states.flat()[k], 12));
    await A.free();
  });

  test('an episode ends after 500 steps', async () => {
    let [observations, done, truncated]: Float64Array[] = [await reset(1, 1), Float64Array.of(0), Float64Array.of(0)];
    let steps = 0;
    for (; !done[0]; steps++) {
      const [x, v, theta, omega] = observations;
      expect(truncated[0]).toBe(0);
      ({ observations, done, truncated } = await step([Number(0.1 * x + 0.3 * v + 4 * theta + omega > 0)]));
    }
    expect([steps, truncated[0]]).toEqual([500, 1]);
    expect((await session.run('cart-pole', 'get_score')).best).toBe(500);
  });

  test('some begin a new episode while others go on', async () => {
    const n = 5;
    const others = await reset(n, 12);
    await reset(n, 11);
    let last: Step;
    do last = await step([1, 1, 1, 1, 1]);
    while (!last.done.includes(1));
    expect(last.truncated).toEqual(new Float64Array(n));
    const restart = [0, 1, 0, 1, 0];
    const { observations, rewards, done } = await step([0, 0, 0, 0, 0], { restart, seed: 12 });
    restart.forEach((anew, i) => {
      expect([rewards[i], done[i]]).toEqual(anew ? [0, 0] : [1 - last.done[i], done[i]]);
      if (anew) expect(observations.subarray(4 * i, 4 * i + 4)).toEqual(others.subarray(4 * i, 4 * i + 4));
      else if (!last.done[i]) expect(observations.subarray(4 * i, 4 * i + 4)).not.toEqual(last.observations.subarray(4 * i, 4 * i + 4));
    });
    const { scores } = await session.run('cart-pole', 'get_score');
    expect([...(scores as Float64Array)].map((score) => score === 0)).toEqual(restart.map(Boolean));
    await expect(step([0, 0, 0, 0, 0], { restart: [1], seed: 0 })).rejects.toMatchObject({ code: 'E_SHAPE', message: expect.stringMatching(/1 restart for 5/) });
  });

  test('fewer environments than workers, and thousands', async () => {
    for (const n of [1, 2, 5000]) {
      await reset(n);
      const { rewards } = await step(new Array<number>(n).fill(1));
      expect([rewards.length, rewards.every((reward) => reward === 1)]).toEqual([n, true]);
    }
  });

  test('what is wrong is refused, and the simulation goes on', async () => {
    await reset(2);
    await expect(step([1])).rejects.toMatchObject({ code: 'E_SHAPE', message: expect.stringMatching(/1 actions for 2 environments/) });
    await expect(step([1, 2])).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/action 1 is 2/) });
    await expect(step([NaN, 0])).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(session.run('cart-pole', 'reset', { environments: 0 })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(session.run('cart-pole', 'jump')).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/has reset, step, get_state, get_score/) });
    // An array of numbers may be a Float64Array.
    const actions = Float64Array.of(1, 0);
    expect((await session.run('cart-pole', 'step', { actions })).rewards).toEqual(Float64Array.of(1, 1));
  });

  test('it is listed with its tasks; unloaded it forgets', async () => {
    const about = 'cart-poles to balance: reset, step, get_state, get_score, describe';
    const listed = await session.libraries();
    expect(listed).toContainEqual({ name: 'cart-pole', about, loaded: true });
    expect(listed.find(({ name }) => name === 'TestLib')).toMatchObject({ loaded: false });
    const tasks = await session.tasks('cart-pole');
    expect(tasks.map(({ name }) => name)).toEqual(['reset', 'step', 'get_state', 'get_score', 'describe']);
    expect(tasks[0].params).toEqual({
      environments: { type: 'integer', min: 1, max: 1_000_000, default: 1, about: 'how many cart-poles' },
      seed: { type: 'integer', min: 0, default: 0, about: 'chooses the first states' },
    });
    expect((await session.tasks()).map(({ name }) => name)).toContain('truncatedSvd');

    await reset(1);
    await session.unloadLibrary('cart-pole');
    await expect(step([0])).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/"cart-pole" is not loaded/) });
    await expect(session.tasks('cart-pole')).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(session.unloadLibrary('cart-pole')).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(session.unloadLibrary('elemental')).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await session.loadLibrary(reference);
    await expect(step([0])).rejects.toMatchObject({ code: 'E_TASK', message: expect.stringMatching(/run reset first/) });
  });
});

test('equal seeds give equal courses on every grid and at every place', async () => {
  const courses = [];
  for (const [name, reference] of places) {
    for (const workers of [1, 2, 5]) {
      const session = name === 'embedded' ? await Alchemist.start({ workers, memoryPerWorker: '16MiB' }) : await connect(server.url, { workers });
      await session.loadLibrary(reference);
      await session.run('cart-pole', 'reset', { environments: 9, seed: 42 });
      for (let t = 0; t < 5; t++) await session.run('cart-pole', 'step', { actions: Array.from({ length: 9 }, (_, i) => (i + t) % 2) });
      courses.push((await session.run('cart-pole', 'step', { actions: new Array(9).fill(1) })).observations);
      await session.close();
    }
  }
  for (const course of courses) expect(course).toEqual(courses[0]);
});

describe('workers', () => {
  test('of a server come and go while a session lives; its matrices move along', async () => {
    const session = await connect(server.url, { workers: 1 });
    try {
      const data = Float64Array.from({ length: 35 }, (_, k) => k / 3);
      const A = await session.send(data, { shape: [5, 7], dist: 'VC_STAR' });
      expect(await session.listWorkers('assigned')).toEqual([{ id: 1, host: '127.0.0.1', port: server.workerPorts[0], active: true, assigned: true }]);
      expect(await session.requestWorkers(3, { grid: '2x2' })).toBe(3);
      expect([session.workers, session.grid]).toEqual([4, { height: 2, width: 2, order: 'column' }]);
      expect(String(A)).toContain('[VC,*] on 2×2');
      expect((await session.fetch(A)).data).toEqual(data);
      expect(await session.requestWorkers(10)).toBe(2);
      expect((await session.listWorkers('inactive'))).toEqual([]);
      expect((await session.listWorkers()).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
      await expect(session.requestWorkers(1)).rejects.toMatchObject({ code: 'E_WORKERS' });
      expect(await session.yieldWorkers([2, 4])).toEqual([2, 4]);
      expect(session.workers).toBe(4);
      const C = await session.gemm(A, A, { transposeB: true });
      expect(await session.trace(C)).toBeCloseTo(data.reduce((sum, x) => sum + x * x, 0), 9);
      expect(await session.yieldWorkers()).toEqual([1, 3, 5, 6]);
      await expect(session.ones(1, 1)).rejects.toMatchObject({ code: 'E_WORKERS' });
    } finally {
      await session.close();
    }
  });

  test('of an embedded session stay', async () => {
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    try {
      const fixed = { code: 'E_WORKERS', message: expect.stringMatching(/inside its process/) };
      await expect(session.requestWorkers(1)).rejects.toMatchObject(fixed);
      await expect(session.yieldWorkers()).rejects.toMatchObject(fixed);
      expect(await session.listWorkers()).toEqual([{ id: 1, active: true, assigned: true }, { id: 2, active: true, assigned: true }]);
      expect(await session.listWorkers('inactive')).toEqual([]);
    } finally {
      await session.close();
    }
  });
});
