import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Alchemist, type AlchemistError, type Dtype, type MatrixHandle, type Session } from '#src/index.js';
import { openMatrixFile } from '#src/io/matrix-file.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/npy/', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'files-test-'));
const at = (name: string): string => path.join(folder, name);

const GRIDS = ['1x1', '1x2', '2x2', '2x3'] as const;
const sessions = new Map<string, Session>();
beforeAll(async () => {
  for (const grid of GRIDS) sessions.set(grid, await Alchemist.start({ grid, memoryPerWorker: '64MiB' }));
});
afterAll(async () => {
  for (const session of sessions.values()) await session.close();
  fs.rmSync(folder, { recursive: true });
});

/** Values that tell their place, none of them exact in fewer digits; NaN, infinities and -0 among them. */
function values(entries: number, dtype: Dtype): Float64Array | Float32Array {
  const data = dtype === 'f64' ? new Float64Array(entries) : new Float32Array(entries);
  for (let k = 0; k < entries; k++) data[k] = (k + 1) / 7;
  [NaN, Infinity, -Infinity, -0].forEach((x, k) => {
    if (entries > 20) data[5 * k + 1] = x;
  });
  return data;
}

const differences = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let count = Math.abs(a.length - b.length);
  for (let k = 0; k < a.length; k++) if (!Object.is(a[k], b[k])) count++;
  return count;
};

const bytes = (data: Float64Array | Float32Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** What the file holds, row by row, as a reader of files sees it who knows nothing of grids. */
function content(name: string): { data: Float64Array; dtype: string; order: string } {
  const file = openMatrixFile(name);
  const { height, width, dtype, order } = file;
  const data = new Float64Array(height * width);
  file.readBand(0, order === 'row' ? height : width, data, width, 1);
  file.close();
  return { data, dtype, order };
}

async function failure(call: Promise<unknown>): Promise<AlchemistError> {
  try {
    await call;
  } catch (error) {
    return error as AlchemistError;
  }
  throw new Error('it did not fail');
}

describe.each(GRIDS)('on a grid of %s', (grid) => {
  let session: Session;
  beforeAll(() => void (session = sessions.get(grid)!));
  afterEach(async () => expect((await session.memory()).matrices).toBe(0));

  test.each(DIST_PAIRS)('a matrix [%s] is saved and loaded bit by bit, in both orders and both types', async (dist) => {
    for (const dtype of ['f64', 'f32'] as const) {
      const data = values(37 * 23, dtype);
      const A = await session.send(data, { shape: [37, 23], dist });
      for (const order of ['row', 'column'] as const) {
        const name = at(`${dist}-${dtype}-${order}.npy`);
        await session.save(A, name, { order });
        expect(content(name)).toMatchObject({ dtype: dtype === 'f64' ? '<f8' : '<f4', order });
        expect(differences(content(name).data, data)).toBe(0);
        const B = await session.load(name, { dist });
        expect(B.layout).toEqual(A.layout);
        expect(B.dtype).toBe(dtype);
        expect(differences((await session.fetch(B)).data, data)).toBe(0);
        await B.free();
      }
      await A.free();
    }
  });

  test('alignments and roots are as asked, and every entry in its place', async () => {
    const data = values(9 * 8, 'f64');
    const last = session.workers - 1;
    const A = await session.send(data, { shape: [9, 8], dist: 'VC_STAR', colAlign: last });
    await session.save(A, at('aligned.npy'));
    const B = await session.load(at('aligned.npy'), { dist: 'CIRC_CIRC', root: last });
    expect(B.layout.root).toBe(last);
    expect(differences((await session.fetch(B)).data, data)).toBe(0);
    await session.free(A, B);
  });

  test.each([[0, 0], [0, 5], [5, 0], [1, 1], [1, 9], [9, 1], [2, 3]])('%i×%i', async (height, width) => {
    const data = values(height * width, 'f64');
    const A = await session.send(data, { shape: [height, width] });
    for (const order of ['row', 'column'] as const) {
      await session.save(A, at('small.npy'), { order });
      const B = await session.load(at('small.npy'), { dist: 'STAR_VR' });
      expect(B.shape).toEqual([height, width]);
      expect(differences((await session.fetch(B)).data, data)).toBe(0);
      await B.free();
    }
    await A.free();
  });

  test('text is saved and loaded bit by bit', async () => {
    for (const dtype of ['f64', 'f32'] as const) {
      const data = values(300 * 11, dtype);
      const A = await session.send(data, { shape: [300, 11], dist: 'MR_STAR' });
      for (const extension of ['csv', 'tsv', 'txt']) {
        await session.save(A, at(`text.${extension}`), { order: 'column' });
        const B = await session.load(at(`text.${extension}`), { dtype });
        expect(differences((await session.fetch(B)).data, data)).toBe(0);
        await B.free();
      }
      await A.free();
    }
  });
});

test('a file of many bands: each worker reads and writes several, the last ones shorter', async () => {
  const session = sessions.get('1x2')!;
  const [height, width] = [5003, 1031]; // 20.6 MB: three bands of at most 8 MiB, in two rounds
  const data = values(height * width, 'f32');
  const A = await session.send(data, { shape: [height, width] });
  for (const order of ['row', 'column'] as const) {
    const steps: number[] = [];
    await session.save(A, at('many.npy'), { order, onProgress: ({ step }) => steps.push(step) });
    expect(steps).toHaveLength(2);
    expect(steps.at(-1)).toBe(order === 'row' ? height : width);
    if (order === 'row') expect(fs.readFileSync(at('many.npy')).subarray(-data.byteLength).equals(bytes(data))).toBe(true);
    const { bytesMoved } = await session.estimate('load', { path: at('many.npy'), dist: 'STAR_VC' });
    const B = await session.load(at('many.npy'), { dist: 'STAR_VC' });
    expect(Math.abs(Math.max(...session.lastCost!.bytesMovedByRank) - bytesMoved)).toBeLessThan(2048);
    expect(bytes((await session.fetch(B)).data).equals(bytes(data))).toBe(true);
    await B.free();
  }
  await A.free();
});

describe('loading', () => {
  let session: Session;
  beforeAll(() => void (session = sessions.get('2x2')!));
  const fetched = async (A: MatrixHandle): Promise<Float64Array | Float32Array> => {
    const { data } = await session.fetch(A);
    await A.free();
    return data;
  };

  interface Expected { height: number; width: number; dtype: string; rows: string[][] }
  const expected = JSON.parse(fs.readFileSync(path.join(fixtures, 'expected.json'), 'utf8')) as Record<string, Expected>;
  const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();

  test('every numeric type of NumPy, in both orders and byte orders', async () => {
    for (const [name, { height, width, dtype, rows }] of Object.entries(expected)) {
      const A = await session.load(path.join(fixtures, `${name}.npy`));
      expect([name, ...A.shape, A.dtype]).toEqual([name, height, width, /f4$/.test(dtype) ? 'f32' : 'f64']);
      expect([name, differences(await fetched(A), rows.flat().map(double))]).toEqual([name, 0]);
    }
  });

  test('dtype decides over the type in the file, which is rounded to nearest', async () => {
    fs.writeFileSync(at('third.csv'), `${1 / 3}\n1e40\n`);
    expect([...(await fetched(await session.load(at('third.csv'), { dtype: 'f32' })))]).toEqual([Math.fround(1 / 3), Infinity]);
  });

  test('separator and header of text, found out or told', async () => {
    fs.writeFileSync(at('named.csv'), 'a;b\n1;2\n3;4\n');
    expect([...(await fetched(await session.load(at('named.csv'))))]).toEqual([1, 2, 3, 4]);
    expect([...(await fetched(await session.load(at('named.csv'), { header: true, separator: ';' })))]).toEqual([1, 2, 3, 4]);
    expect((await failure(session.load(at('named.csv'), { header: false }))).code).toBe('E_FILE');
  });

  test('what cannot be read is E_FILE with the path and the reason, and the session goes on', async () => {
    const whole = fs.readFileSync(path.join(fixtures, 'f8.npy'));
    fs.writeFileSync(at('cut.npy'), whole.subarray(0, -1));
    fs.writeFileSync(at('empty.npy'), '');
    fs.writeFileSync(at('zip.npy'), 'PK\x03\x04 and so on');
    fs.writeFileSync(at('words.csv'), '1,2\n3,four\n');
    const cases: [string, RegExp][] = [
      [at('missing.npy'), /no such file/],
      [folder, /directory/],
      [at('cut.npy'), /truncated.*bytes, found/],
      [at('empty.npy'), /empty/],
      [at('zip.npy'), /not a \.npy/],
      [at('words.csv'), /line 2, column 2: "four"/],
      [path.join(fixtures, 'refused-complex.npy'), /complex/],
      [path.join(fixtures, 'refused-three-axes.npy'), /two axes/],
    ];
    for (const [name, reason] of cases) {
      const error = await failure(session.load(name));
      expect([name, error.code]).toEqual([name, 'E_FILE']);
      expect(error.message).toMatch(reason);
      expect(error.message).toContain(name);
    }
    expect((await session.memory()).matrices).toBe(0);
    expect(await fetched(await session.load(path.join(fixtures, 'f8.npy')))).toHaveLength(12);
  });

  test('a bad cell in the last band of a text, read by the last worker, is told with its line', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${i},1`);
    lines[997] = '997,x';
    fs.writeFileSync(at('late.csv'), `${lines.join('\n')}\n`);
    const error = await failure(session.load(at('late.csv')));
    expect(error.code).toBe('E_FILE');
    expect(error.message).toMatch(/line 998, column 2: "x"/);
    expect((await session.memory()).used).toBe(0);
  });

  test('a file larger than the memory is E_MEMORY with the numbers, before anything is allocated', async () => {
    const header = fs.readFileSync(path.join(fixtures, 'f8.npy')).subarray(0, 128).toString('latin1').replace(/'shape': \(3, 4\), }( *)/, "'shape': (30000, 4000), }");
    fs.writeFileSync(at('huge.npy'), `${header.trimEnd().padEnd(127)}\n`, 'latin1');
    fs.truncateSync(at('huge.npy'), 128 + 30000 * 4000 * 8); // holes take no space
    const before = await session.memory();
    const error = await failure(session.load(at('huge.npy')));
    expect(error.code).toBe('E_MEMORY');
    expect(error.message).toMatch(/30000×4000.* needs \d+ bytes on each of 4 workers, but only \d+ are free/);
    expect(error.fields).toMatchObject({ height: 30000, width: 4000 });
    expect(error.fields.needed as number).toBeGreaterThan(15000 * 2000 * 8);
    expect((await session.memory()).ranks.map(({ peak }) => peak)).toEqual(before.ranks.map(({ peak }) => peak));
  });

  test('an unknown distribution and an impossible alignment are refused', async () => {
    expect((await failure(session.load(path.join(fixtures, 'f8.npy'), { dist: 'MC_VC' as 'MC_MR' }))).code).toBe('E_LAYOUT');
    expect((await failure(session.load(path.join(fixtures, 'f8.npy'), { colAlign: 2 }))).code).toBe('E_LAYOUT');
  });

  test('each entry travels at most once', async () => {
    const A = await session.send(values(4000, 'f64'), { shape: [80, 50] });
    await session.save(A, at('counted.npy'));
    // Worker b holds a quarter of band b already: three quarters travel, and the few bytes that describe the file.
    expect(session.lastCost!.bytesMoved).toBeGreaterThanOrEqual(24_000);
    expect(session.lastCost!.bytesMoved).toBeLessThan(24_000 + 3 * 1000);
    await (await session.load(at('counted.npy'))).free();
    expect(session.lastCost!.bytesMoved).toBeGreaterThanOrEqual(24_000);
    expect(session.lastCost!.bytesMoved).toBeLessThan(24_000 + 3 * 1000);
    await A.free();
  });
});

describe('an estimate', () => {
  /** Bytes by which a rank's use rose at most while the call ran, the fullest rank's; a filler takes what earlier calls freed. */
  async function peak(session: Session, call: () => Promise<unknown>): Promise<number> {
    const gap = Math.max(...(await session.memory()).ranks.map((rank) => rank.peak - rank.used));
    const filler = await session.zeros(1, Math.ceil(gap / 8) + 8, { dist: 'STAR_STAR' });
    const before = (await session.memory()).ranks;
    await call();
    const after = (await session.memory()).ranks;
    await filler.free();
    return Math.max(...after.map((rank, worker) => rank.peak - before[worker].used));
  }

  test.each(GRIDS)('of loading and saving on %s foretells what moves and what is taken, of every kind of file', async (grid) => {
    await using session = await Alchemist.start({ grid, memoryPerWorker: '256MiB' });
    const [height, width] = [403, 517];
    const A = await session.send(values(height * width, 'f64'), { shape: [height, width], dist: 'VC_STAR' });
    /** What describes the file to the other ranks travels too. */
    const description = 2048;
    const mostReceived = (): number => Math.max(...session.lastCost!.bytesMovedByRank);
    for (const [name, order] of [['priced.npy', 'row'], ['priced.npy', 'column'], ['priced.csv', undefined], ['priced.h5', undefined]] as const) {
      const saving = await session.estimate('save', { A, path: at(name), order });
      await session.save(A, at(name), { order });
      expect(mostReceived()).toBeGreaterThanOrEqual(saving.bytesMoved);
      expect(mostReceived()).toBeLessThanOrEqual(saving.bytesMoved + description);
      for (const options of [{}, { dist: 'STAR_STAR' }, { dist: 'MR_STAR', dtype: 'f32' }, { dist: 'CIRC_CIRC' }] as const) {
        const before = await session.memory();
        const loading = await session.estimate('load', { path: at(name), ...options });
        expect(await session.memory()).toEqual(before);
        let B: MatrixHandle | undefined;
        const used = await peak(session, async () => (B = await session.load(at(name), options)));
        expect(mostReceived()).toBeGreaterThanOrEqual(loading.bytesMoved);
        expect(mostReceived()).toBeLessThanOrEqual(loading.bytesMoved + description);
        expect(loading.flops).toBe(0);
        expect(used).toBeLessThanOrEqual(loading.memoryPerRank + 2 ** 12);
        expect(loading.memoryPerRank).toBeLessThanOrEqual(1.1 * used + 2 ** 12);
        await B!.free();
      }
    }
  });

  test('of a file that cannot be read says why, and of one that is too large what it would take', async () => {
    const session = sessions.get('2x2')!;
    expect((await failure(session.estimate('load', { path: at('missing.npy') }))).code).toBe('E_FILE');
    expect((await failure(session.estimate('load', { path: at('missing.npy'), dist: 'MC_VC' }))).code).toBe('E_LAYOUT');
    const { memoryPerRank } = await session.estimate('load', { path: at('huge.npy') });
    expect(memoryPerRank).toBeGreaterThan(15000 * 2000 * 8);
    expect((await session.memory()).used).toBe(0);
  });
});

describe('saving', () => {
  let session: Session;
  let A: MatrixHandle;
  beforeAll(async () => {
    session = sessions.get('2x2')!;
    A = await session.send(values(600, 'f64'), { shape: [30, 20] });
  });
  afterAll(() => A.free());

  test('in another type', async () => {
    await session.save(A, at('single.npy'), { dtype: 'f32' });
    expect(content(at('single.npy')).dtype).toBe('<f4');
    expect(differences(content(at('single.npy')).data, Float32Array.from(values(600, 'f64')))).toBe(0);
  });

  test('over the file that the matrix came from', async () => {
    await session.save(A, at('own.npy'));
    const B = await session.load(at('own.npy'));
    await session.save(B, at('own.npy'), { order: 'column' });
    expect(differences(content(at('own.npy')).data, values(600, 'f64'))).toBe(0);
    await B.free();
  });

  test('what cannot be written is refused, the session goes on, and no half file is left', async () => {
    fs.mkdirSync(at('a.npy'));
    fs.writeFileSync(at('flat'), '');
    const cases: [string, string, RegExp][] = [
      [at('no/such/folder.npy'), 'E_FILE', /no such file or directory/],
      [at('a.npy'), 'E_FILE', /directory/],
      [path.join(at('flat'), 'b.npy'), 'E_FILE', /not a directory/],
      [at('b.mat'), 'E_ARGUMENT', /\.npy/],
      [at('b'), 'E_ARGUMENT', /\.npy/],
    ];
    const before = fs.readdirSync(folder);
    for (const [name, code, reason] of cases) {
      const error = await failure(session.save(A, name));
      expect([name, error.code]).toEqual([name, code]);
      expect(error.message).toMatch(reason);
    }
    expect(fs.readdirSync(folder)).toEqual(before);
    await session.save(A, at('after.npy'));
    expect(content(at('after.npy')).data).toHaveLength(600);
  });

  test('a save that is cancelled or fails halfway leaves the old file as it was, and nothing else', async () => {
    fs.writeFileSync(at('old.csv'), 'old');
    const before = fs.readdirSync(folder);
    const B = await session.send(values(1_500_000, 'f64'), { shape: [1000, 1500] }); // two bands, of which the second takes long to format
    const stop = (): void => {
      throw new RangeError('enough');
    };
    expect((await failure(session.save(B, at('old.csv'), { onProgress: stop }))).message).toBe('enough');
    expect((await failure(session.save(B, at('old.csv'), { signal: AbortSignal.abort() }))).code).toBe('E_CANCELLED');
    expect(fs.readFileSync(at('old.csv'), 'utf8')).toBe('old');
    expect(fs.readdirSync(folder)).toEqual(before);
    await B.free();
  });

  test('a freed matrix is refused', async () => {
    const B = await session.send([[1]]);
    await B.free();
    expect((await failure(session.save(B, at('freed.npy')))).code).toBe('E_FREED');
    expect(fs.existsSync(at('freed.npy'))).toBe(false);
  });
});
