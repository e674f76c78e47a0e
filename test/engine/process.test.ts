/** What the engine does to the process around it: it lets it end, and gives back what nobody holds any more. */
import { runChild } from './child.js';

test('handles that nobody holds any more are freed when they are collected', async () => {
  const { out, err, code } = await runChild(
    `
    import { setImmediate as turn } from 'node:timers/promises';
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    const kept = await session.send([[7]]);
    for (let t = 0; t < 50; t++) await session.send(new Float64Array(100), { shape: [10, 10] });
    console.log((await session.memory()).matrices);
    for (let t = 0; t < 100 && (await session.memory()).matrices > 1; t++) {
      gc();
      await turn();
    }
    const { matrices, used } = await session.memory();
    console.log(matrices, used, (await session.fetch(kept)).toArray()[0][0]);
    await session.close();`,
    { flags: ['--expose-gc'] },
  );
  expect(err).toBe('');
  const [before, after] = out.split('\n');
  expect(Number(before)).toBeGreaterThan(1);
  expect(after).toBe('1 128 7');
  expect(code).toBe(0);
});

test('a process ends by itself after its session is closed, and nothing is left open', async () => {
  const { out, err, code } = await runChild(`
    import { setTimeout as delay } from 'node:timers/promises';
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    const A = await session.send([[1]]);
    await session.redistribute(A, 'VC_STAR', { onProgress() {} });
    await session.close();
    await delay(50); // what is closed is gone a turn later
    const left = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FileHandle/.test(name));
    console.log(JSON.stringify(left));`);
  expect({ out, err, code }).toEqual({ out: '[]', err: '', code: 0 });
});

test('a session that nobody closed does not keep the process alive', async () => {
  const { out, err, code } = await runChild(`
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    await session.send([[1]]);
    console.log('done');`);
  expect({ out, err, code }).toEqual({ out: 'done', err: '', code: 0 });
});

test('a call that runs keeps the process alive until it has ended', async () => {
  const trial = new URL('./trial.js', import.meta.url).href;
  const { out, err, code } = await runChild(`
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    await session.loadLibrary(${JSON.stringify(trial)});
    session.run('trial', 'wait', { milliseconds: 300 }).then(() => console.log('ended'));`);
  expect({ out, err, code }).toEqual({ out: 'ended', err: '', code: 0 });
});

test('process.exit in the middle of a call ends the process at once', async () => {
  const trial = new URL('./trial.js', import.meta.url).href;
  const { out, code } = await runChild(
    `
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    await session.loadLibrary(${JSON.stringify(trial)});
    session.run('trial', 'compute', { rank: 0, milliseconds: 60000 });
    setTimeout(() => { console.log('leaving'); process.exit(5); }, 100);`,
    { milliseconds: 20_000 },
  );
  expect({ out, code }).toEqual({ out: 'leaving', code: 5 });
});
