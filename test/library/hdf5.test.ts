import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Alchemist, type AlchemistError, type HostMatrix, type LoadOptions, type Session } from '#src/index.js';
import { openMatrixFile, prepareMatrixFile } from '#src/io/matrix-file.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixture = (name: string): string => path.join(root, 'test/fixtures/hdf5', name);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hdf5-test-'));
const at = (name: string): string => path.join(folder, name);

let session: Session;
beforeAll(async () => {
  session = await Alchemist.start({ grid: '2x2', memoryPerWorker: '64MiB' });
});
afterAll(async () => {
  await session.close();
  fs.rmSync(folder, { recursive: true });
});
afterEach(async () => expect((await session.memory()).used).toBe(0));

async function loaded(name: string, options?: LoadOptions): Promise<HostMatrix & { dtype: string }> {
  const A = await session.load(name, options);
  const host = await session.fetch(A);
  await A.free();
  return Object.assign(host, { dtype: A.dtype });
}

async function failure(call: Promise<unknown>): Promise<AlchemistError> {
  return call.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: AlchemistError) => error,
  );
}

const counting = (n: number, from = 0): number[] => Array.from({ length: n }, (_, k) => k + from);

describe('reading what h5py has written', () => {
  test.each(['<f8', '>f8', '<f4', '>f4', '<i8', '>i8', '<i4', '>i4', '<i2', '|i1'])('signed numbers of type %s', async (type) => {
    const A = await loaded(fixture('matrices.h5'), { dataset: `signed/${type}` });
    expect([...A.shape, A.dtype, ...A.data]).toEqual([3, 4, /f4$/.test(type) ? 'f32' : 'f64', ...counting(12, -5)]);
  });

  test.each(['<u8', '>u8', '<u4', '<u2', '|u1'])('unsigned numbers of type %s', async (type) => {
    expect([...(await loaded(fixture('matrices.h5'), { dataset: `/unsigned/${type}` })).data]).toEqual(counting(12));
  });

  test('booleans, a vector as a column, a number as 1×1, no rows, and a link within the file', async () => {
    expect([...(await loaded(fixture('matrices.h5'), { dataset: 'bool' })).data]).toEqual(counting(12, -5).map((x) => Number(x > 0)));
    const read = async (dataset: string) => {
      const { shape, data } = await loaded(fixture('matrices.h5'), { dataset });
      return [shape, [...data]];
    };
    expect(await read('vector')).toEqual([[5, 1], counting(5)]);
    expect(await read('number')).toEqual([[1, 1], [3.5]]);
    expect(await read('nothing')).toEqual([[0, 5], []]);
    expect(await read('soft')).toEqual([[60, 10], counting(600)]);
  });

  test('compressed chunks that no band agrees with, into every distribution', async () => {
    for (const dist of ['MC_MR', 'VC_STAR', 'STAR_VR', 'CIRC_CIRC'] as const) {
      expect([...(await loaded(fixture('matrices.h5'), { dataset: 'gzip', dist })).data]).toEqual(counting(600));
    }
  });

  test('NaN, infinities and -0', async () => {
    expect([...(await loaded(fixture('matrices.h5'), { dataset: 'special' })).data]).toEqual([NaN, Infinity, -Infinity, -0]);
  });

  test('without a name the only dataset with two axes, behind the header of another program', async () => {
    const A = await loaded(fixture('one.h5'));
    expect([...A.shape, A.dtype, ...A.data]).toEqual([2, 3, 'f32', ...counting(6)]);
  });

  test.each([
    ['refused/<f2', /16-bit floats/],
    ['refused/<c16', /no real numbers/],
    ['refused/S3', /no real numbers/],
    ['refused/three-axes', /2 × 2 × 2; a matrix has two axes/],
    ['refused/null', /no shape/],
    ['refused/lzf', /compressed by lzf.*gzip/],
    ['refused/virtual', /virtual/],
    ['refused/elsewhere', /link to another file/],
    ['refused/elsewhere/A', /link to another file/],
    ['refused/dangling', /no dataset "refused\/dangling".*it has bool \(3×4\)/],
    ['signed', /no dataset "signed"/],
    ['absent/A', /no dataset/],
    ['', /no dataset ""/],
    [undefined, /holds \d+ datasets: .*choose one: \{ dataset: /],
  ])('%s is refused', async (dataset, reason) => {
    const error = await failure(session.load(fixture('matrices.h5'), { dataset }));
    expect([error.code, error.message]).toEqual(['E_FILE', expect.stringMatching(reason)]);
    expect(error.message).toContain(fixture('matrices.h5'));
  });
});

describe('writing', () => {
  test('what is written is read again bit by bit, in both types, in groups, and more than once over the same file', async () => {
    const data = Float64Array.from({ length: 700 * 301 }, (_, k) => (k % 17 ? (k + 1) / 7 : -0));
    data[5] = NaN;
    for (const [name, dtype, dataset] of [['a.h5', 'f64', undefined], ['a.h5', 'f32', 'group/of/A'], ['b.hdf5', 'f64', '/A']] as const) {
      const source = dtype === 'f64' ? data : Float32Array.from(data);
      const A = await session.send(source, { shape: [700, 301], dist: 'MR_MC' });
      await session.save(A, at(name), { dataset });
      const B = await loaded(at(name), { dataset });
      expect(B.dtype).toBe(dtype);
      expect(Buffer.compare(Buffer.from(B.data.buffer), Buffer.from(source.buffer))).toBe(0);
      await A.free();
    }
    expect(fs.readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('many bands, rows longer than a chunk, and more than one read takes', async () => {
    for (const [height, width] of [[3000, 700], [3, 1_200_000]]) {
      const A = await session.uniform(height, width, { seed: 1, dtype: 'f32' });
      const steps: number[] = [];
      await session.save(A, at('large.h5'), { onProgress: ({ step }) => steps.push(step) });
      expect(steps.at(-1)).toBe(height);
      const B = await session.load(at('large.h5'));
      await session.axpy(-1, A, B);
      expect(await session.norm(B, 'max')).toBe(0);
      await session.free(A, B);
    }
  });

  test.each([[0, 0], [0, 5], [5, 0], [1, 1]])('%i×%i', async (height, width) => {
    const A = await session.constant(height, width, 7);
    await session.save(A, at('small.h5'));
    expect((await loaded(at('small.h5'))).shape).toEqual([height, width]);
    await A.free();
  });

  test('what cannot be written leaves nothing behind', async () => {
    const A = await session.constant(2, 2, 1);
    const before = fs.readdirSync(folder);
    for (const dataset of ['', '/', 'a/..']) expect((await failure(session.save(A, at('never.h5'), { dataset }))).code).toBe('E_ARGUMENT');
    expect((await failure(session.save(A, at('no/such.h5')))).code).toBe('E_FILE');
    expect(fs.readdirSync(folder)).toEqual(before);
    await A.free();
  });
});

test('a file that was cut says how much of it there is, wherever it was cut', async () => {
  const A = await session.constant(100, 100, 1);
  await session.save(A, at('whole.h5'));
  await A.free();
  const whole = fs.readFileSync(at('whole.h5'));
  await prepareMatrixFile(at('whole.h5'), 'read');
  for (let length = 8; length < whole.length; length += length < 200 ? 1 : 977) {
    fs.writeFileSync(at('cut.h5'), whole.subarray(0, length));
    expect(() => openMatrixFile(at('cut.h5'))).toThrow(new RegExp(`cut.h5: truncated: \\d+ bytes expected, ${length} found`));
  }
});

test('damaged files are E_FILE or read as they are; the session goes on', async () => {
  const whole = fs.readFileSync(fixture('one.h5'));
  for (let k = 0; k < 60; k++) {
    const damaged = Buffer.from(whole);
    const start = 512 + 30 * k;
    for (let i = start; i < Math.min(start + 30, damaged.length); i++) damaged[i] ^= 0xff;
    fs.writeFileSync(at('damaged.h5'), damaged);
    const outcome = await loaded(at('damaged.h5'), { dataset: 'group/A' }).then(() => 'read', ({ code }: AlchemistError) => code);
    expect(['read', 'E_FILE']).toContain(outcome);
  }
  expect((await loaded(fixture('one.h5'))).data).toHaveLength(6);
});

test('without h5wasm an HDF5 file is E_ENVIRONMENT and says what to install; everything else works', async () => {
  const copy = at('installed');
  fs.cpSync(path.join(root, 'dist'), path.join(copy, 'dist'), { recursive: true, filter: (name) => !/\.d\.ts$/.test(name) });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
  fs.mkdirSync(path.join(copy, 'node_modules'));
  for (const name of Object.keys(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).dependencies)) {
    fs.mkdirSync(path.dirname(path.join(copy, 'node_modules', name)), { recursive: true });
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(copy, 'node_modules', name));
  }
  fs.writeFileSync(path.join(copy, 'main.mjs'), `
    import { Alchemist } from 'alchemist-node';
    const session = await Alchemist.start({ workers: 2, memoryPerWorker: '16MiB' });
    const A = await session.send([[1, 2], [3, 4]]);
    const failures = [];
    for (const call of [() => session.load(${JSON.stringify(fixture('one.h5'))}), () => session.save(A, 'a.h5')]) await call().catch(({ code, message }) => failures.push(code, message));
    await session.save(A, 'a.npy');
    console.log(JSON.stringify([...failures, await session.trace(await session.load('a.npy'))]));
    await session.close();`);
  const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: copy, env: { ...process.env, NODE_OPTIONS: '' } });
  const hint = expect.stringMatching(/h5wasm, which is not installed \(npm install h5wasm\)/);
  expect(JSON.parse(stdout)).toEqual(['E_ENVIRONMENT', hint, 'E_ENVIRONMENT', hint, 5]);
  expect(fs.existsSync(path.join(copy, 'a.h5'))).toBe(false);
});
