import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openMatrixFile } from '#src/io/matrix-file.js';
import { formatNpyHeader } from '#src/io/npy-header.js';
import { alchemist, cli, root, run } from './command.js';

const digits = `${root}examples/data/digits.npy`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cli-test-'));
const at = (name: string): string => path.join(folder, name);
afterAll(() => fs.rmSync(folder, { recursive: true }));

const ANSI = /\x1b\[/;

/** The file's entries, row by row. */
function content(name: string): { shape: number[]; data: Float64Array } {
  const file = openMatrixFile(name);
  const { height, width, order } = file;
  const data = new Float64Array(height * width);
  file.readBand(0, order === 'row' ? height : width, data, width, 1);
  file.close();
  return { shape: [height, width], data };
}

/** A height × width .npy file of zeros that takes no space. */
function hollow(name: string, height: number, width: number): string {
  const header = formatNpyHeader('<f8', false, height, width);
  fs.writeFileSync(at(name), header);
  fs.truncateSync(at(name), header.length + height * width * 8);
  return at(name);
}

describe('info', () => {
  test('tells shape, type, size and extent', async () => {
    const { code, stdout, stderr } = await alchemist(`info ${digits}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('digits.npy: 1797×64');
    expect(stdout).toMatch(/npy, \|u1, row by row/);
    expect(stdout).toMatch(/from 0 to 16, mean 4\.88/);
    expect(stdout).not.toMatch(ANSI);
  });

  test('counts what is not finite, and prints JSON', async () => {
    fs.writeFileSync(at('gaps.csv'), 'a,b\n1,NaN\n,inf\n-3,2\n');
    const { stdout } = await alchemist(`info ${at('gaps.csv')} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'csv', height: 3, width: 2, entries: { min: -3, max: 2, mean: 0, nan: 2, infinite: 1 } });
  });

  test('without the entries', async () => {
    const { stdout } = await alchemist(`info ${hollow('far.npy', 100_000, 10_000)} --header --json`);
    expect(JSON.parse(stdout)).toEqual({ path: at('far.npy'), format: 'npy', height: 100_000, width: 10_000, dtype: '<f8', order: 'row', bytes: 8_000_000_128 });
  });

  test('a file that is none is an error of one line; with ALCHEMIST_DEBUG with its stack', async () => {
    const { code, stdout, stderr } = await alchemist(`info ${at('none.npy')}`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(`error: ${at('none.npy')}: cannot open: no such file or directory\n`);
    expect((await alchemist(`info ${at('none.npy')}`, { env: { ALCHEMIST_DEBUG: '1' } })).stderr).toMatch(/\n +at /);
  });
});

describe('layout', () => {
  test('draws who owns what, without colours into a pipe', async () => {
    const { code, stdout } = await alchemist('layout 7x7 --grid 2x3 --dist MC_MR');
    expect(code).toBe(0);
    expect(stdout).toContain('7×7 [MC,MR] on 2×3');
    expect(stdout).toContain('  0  1  3  5  1  3  5  1');
    expect(stdout).not.toMatch(ANSI);
  });

  test('as JSON: every share as slices', async () => {
    const { stdout } = await alchemist('layout 7x5 --grid 2x2 --dist VC_STAR --align 1,0 --order row --json');
    const { layout, shares } = JSON.parse(stdout) as { layout: object; shares: { worker: number; share: { rows: object } }[] };
    expect(layout).toMatchObject({ height: 7, width: 5, colDist: 'VC', rowDist: 'STAR', colAlign: 1 });
    expect(shares.map(({ worker }) => worker).sort()).toEqual([1, 2, 3, 4]);
    expect(shares[1]).toEqual({ worker: 3, vc: 1, share: { rows: { start: 0, step: 4, count: 2 }, cols: { start: 0, step: 1, count: 5 } } });
  });

  test('an alignment that the grid does not have is an error', async () => {
    const { code, stderr } = await alchemist('layout 7x7 --grid 2x3 --align 2,0');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: colAlign must be .*from 0 to 1.*\n$/);
  });

  test('a reader that leaves early is no error', async () => {
    const { stdout, stderr } = await run('sh', ['-c', `"${process.execPath}" "${cli}" layout 3x3 --json | head -1; "${process.execPath}" "${cli}" help | true`]);
    expect([stdout, stderr]).toEqual(['{\n', '']);
  });
});

describe('gemm', () => {
  test('multiplies files, transposed too, and writes the product', async () => {
    fs.writeFileSync(at('a.csv'), '1,2,3\n4,5,6\n');
    fs.writeFileSync(at('b.csv'), '1,0,1\n0,1,1\n');
    const { code, stdout, stderr } = await alchemist(`gemm ${at('a.csv')} ${at('b.csv')} --transpose-b --alpha 2 --out ${at('c.npy')} --workers 2`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/c\.npy: 2×2 f64/);
    expect(stdout).toMatch(/2×3 times 3×2.*on a 1×2 grid/);
    expect(content(at('c.npy'))).toEqual({ shape: [2, 2], data: Float64Array.of(8, 10, 20, 22) });
    const { stdout: json } = await alchemist(`gemm ${at('a.csv')} ${at('b.csv')} -a --out ${at('d.csv')} --grid 2x1 --layout VC_STAR --variant C --json`);
    expect(JSON.parse(json)).toMatchObject({ m: 3, n: 3, k: 2, flops: 36, dist: 'VC_STAR', grid: { height: 2, width: 1 }, out: at('d.csv') });
    expect(fs.readFileSync(at('d.csv'), 'utf8')).toBe('1,4,5\n2,5,7\n3,6,9\n');
  });

  test('of float32 and float64 files is float64', async () => {
    fs.writeFileSync(at('two.npy'), Buffer.concat([formatNpyHeader('<f4', false, 1, 1), Buffer.from(Float32Array.of(2).buffer)]));
    fs.writeFileSync(at('third.csv'), `${1 / 3}\n`);
    expect((await alchemist(`gemm ${at('two.npy')} ${at('third.csv')} --out ${at('product.csv')} -w 1`)).code).toBe(0);
    expect(Number(fs.readFileSync(at('product.csv'), 'utf8'))).toBe(2 / 3);
  });

  test('shapes that do not fit are an error with both shapes, and no file', async () => {
    const { code, stderr } = await alchemist(`gemm ${digits} ${digits} --out ${at('never.npy')} -w 1`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*1797×64.*1797×64.*inner sizes 64 and 1797.*\n$/);
    expect(fs.existsSync(at('never.npy'))).toBe(false);
  });

  test('an unknown extension of the result is wrong usage', async () => {
    expect(await alchemist(`gemm ${digits} ${digits} -a --out ${at('c.mat')} -w 1`)).toMatchObject({ code: 2, stderr: expect.stringMatching(/extension '\.mat'/) });
  });

  test('matrices that do not fit into the memory are refused with the numbers', async () => {
    const big = hollow('big.npy', 4000, 4000);
    const { code, stderr } = await alchemist(`gemm ${big} ${big} --out ${at('never.npy')} -w 2 --memory 32MiB`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*4000×4000.*needs \d+ bytes.*only \d+ are free.*\n$/);
  });

  // The limit on the size of files stands for a full disk: the write fails halfway.
  test('a file that cannot be finished is an error, and leaves neither a half file nor a temporary one', async () => {
    const wide = hollow('wide.npy', 1, 300_000);
    fs.mkdirSync(at('full'));
    for (const name of ['c.csv', 'c.npy']) {
      const target = path.join(at('full'), name);
      const { code, stderr } = await run('sh', ['-c', `ulimit -f 64; exec "${process.execPath}" "${cli}" gemm "${at('two.npy')}" "${wide}" --out "${target}" -w 2`]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*c\.(csv|npy): cannot .*file would be too large.*\n$/)]);
      expect(fs.readdirSync(at('full'))).toEqual([]);
    }
  });

  test('Ctrl-C cancels: exit code 130, and nothing is left', async () => {
    const big = hollow('long.npy', 6000, 6000);
    fs.mkdirSync(at('cancelled'));
    const { code, stdout, stderr } = await alchemist(`gemm ${big} ${big} --out ${at('cancelled/c.npy')} -w 2`, {
      watch: (_, kill) => setTimeout(() => kill('SIGINT'), 3000),
    });
    expect([code, stdout, stderr]).toEqual([130, '', 'cancelled\n']);
    expect(fs.readdirSync(at('cancelled'))).toEqual([]);
  });
});

describe('svd', () => {
  const photograph = `${root}examples/data/raccoon.npy`;
  const references = JSON.parse(fs.readFileSync(`${root}examples/data/singular-values.json`, 'utf8')) as Record<string, { singularValues: number[]; frobenius: number }>;
  const { singularValues, frobenius } = references['raccoon.npy'];

  test("prints LAPACK's values with their residuals, and writes U, S and V that give back A", async () => {
    const { code, stdout, stderr } = await alchemist(`svd ${photograph} --rank 6 --grid 2x2 --out ${at('deep/svd')}`);
    expect([code, stderr]).toEqual([0, '']);
    for (const value of singularValues.slice(0, 6)) expect(stdout).toContain(value.toPrecision(12));
    expect(stdout).toMatch(/explained +93\.86 %/);
    const [U, S, V] = ['U', 'S', 'V'].map((name) => content(at(`deep/svd/${name}.npy`)));
    expect([U.shape, S.shape, V.shape]).toEqual([[768, 6], [6, 1], [1024, 6]]);
    expect(fs.readFileSync(at('deep/svd/S.npy'), 'latin1')).toContain("'shape': (6,)");
    const A = content(photograph).data;
    let left = 0;
    for (let i = 0; i < 768; i++) {
      for (let j = 0; j < 1024; j++) {
        let sum = 0;
        for (let k = 0; k < 6; k++) sum += U.data[6 * i + k] * S.data[k] * V.data[6 * j + k];
        left += (A[1024 * i + j] - sum) ** 2;
      }
    }
    // Eckart and Young: what is left are the values that were left out.
    const expected = frobenius ** 2 - singularValues.slice(0, 6).reduce((sum, value) => sum + value ** 2, 0);
    expect(Math.abs(left / expected - 1)).toBeLessThan(1e-10);
  });

  test('prints JSON, of another layout and type', async () => {
    const { stdout } = await alchemist(`svd ${photograph} -k 3 -w 2 --layout VC_STAR --dtype f32 --seed 5 --json`);
    const found = JSON.parse(stdout) as { singularValues: number[]; residuals: number[]; explained: number; dtype: string; rank: number };
    expect(found).toMatchObject({ height: 768, width: 1024, dtype: 'f32', rank: 3 });
    found.singularValues.forEach((value, i) => expect(Math.abs(value / singularValues[i] - 1)).toBeLessThan(1e-5));
    expect(found.residuals).toHaveLength(3);
    expect(Math.max(...found.residuals)).toBeLessThan(1e-5);
  });

  test('of text', async () => {
    fs.writeFileSync(at('diagonal.csv'), '3,0\n0,-4\n0,0\n');
    const { stdout } = await alchemist(`svd ${at('diagonal.csv')} --rank 2 -w 1 --json`);
    expect((JSON.parse(stdout) as { singularValues: number[] }).singularValues.map((x) => x.toPrecision(14))).toEqual(['4.0000000000000', '3.0000000000000']);
  });

  test('entries that are not finite are refused and counted', async () => {
    fs.writeFileSync(at('holes.csv'), '1,2\nNaN,4\n5,inf\n');
    const { code, stderr } = await alchemist(`svd ${at('holes.csv')} --rank 1 -w 1`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*2 entries.*NaN or infinite.*\n$/)]);
  });

  test('too few iterations are an error', async () => {
    const { code, stderr } = await alchemist(`svd ${photograph} --rank 20 --max-iterations 4 -w 1`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*\n$/)]);
  });

  test('a folder that cannot be made is found out before anything is computed', async () => {
    fs.writeFileSync(at('occupied'), '');
    const { code, stderr } = await alchemist(`svd ${photograph} --rank 1 --out ${at('occupied/here')}`);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*occupied\/here: this folder cannot be made.*\n$/)]);
  });
});

describe('doctor', () => {
  test('finds this machine able, and proves it', async () => {
    const { code, stdout, stderr } = await alchemist('doctor');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('✗');
    const { stdout: json } = await alchemist('doctor --grid 3x1 --json');
    const checks = JSON.parse(json) as { name: string; ok: boolean; found: string }[];
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['Node', 'SIMD', 'shared memory', 'workers', 'product', 'singular values']));
    expect(checks.find(({ name }) => name === 'workers')!.found).toContain('3 on a 3×1 grid');
  });

  test('a session that cannot be is a failed check, and exit code 1', async () => {
    const { code, stdout, stderr } = await alchemist('doctor --workers 2 --memory 9GiB');
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ workers .*4 GiB/);
    expect(stderr).toMatch(/^error: 1 of \d+ checks failed\n$/);
  });
});

test('bench tells a figure beside its limit, and stops at Ctrl-C', async () => {
  const { code, stdout, stderr } = await alchemist('bench layouts --quick', {
    watch: (text, kill) => text.includes('GB/s') && kill('SIGINT'),
  });
  expect([code, stderr]).toEqual([130, 'cancelled\n']);
  expect(stdout).toMatch(/^layouts\n +MC_MR → VC_STAR, 32 MB, 2 ranks +[\d.]+ +GB\/s +[\d.]+ +of a plain copy +[✓✗] ≥ 0\.4\n/);
});

describe('demo', () => {
  const SIGNATURE = '\x89PNG';

  test('decomposes the data, agrees with LAPACK, and leaves its pictures', async () => {
    fs.mkdirSync(at('here'));
    const { code, stdout, stderr } = await alchemist('demo', { cwd: at('here') });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('✗');
    expect(stdout.match(/✓/g)).toHaveLength(5);
    for (const name of ['photograph.png', 'digits.png']) {
      expect(stdout).toContain(`alchemist-demo/${name}`);
      expect(fs.readFileSync(at(`here/alchemist-demo/${name}`), 'latin1').startsWith(SIGNATURE)).toBe(true);
    }
  });

  test('fails when an answer is not the expected one', async () => {
    for (const name of ['dist', 'examples/data', 'package.json']) fs.cpSync(root + name, at(`copy/${name}`), { recursive: true });
    fs.symlinkSync(`${root}node_modules`, at('copy/node_modules'));
    const file = at('copy/examples/data/singular-values.json');
    const references = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, { singularValues: number[] }>;
    references['digits.npy'].singularValues[40] += 1e-8;
    fs.writeFileSync(file, JSON.stringify(references));
    const { code, stdout, stderr } = await run(process.execPath, [at('copy/dist/cli.js'), 'demo', '--out', at('pictures'), '-w', '2']);
    expect(code).toBe(1);
    expect(stdout.match(/✗/g)).toHaveLength(1);
    expect(stderr).toMatch(/^error: the check failed: singular values of digits .*\n$/);
  });
});
