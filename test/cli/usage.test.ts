import fs from 'node:fs';
import { alchemist, root } from './command.js';

const COMMANDS = ['svd', 'gemm', 'info', 'layout', 'serve', 'doctor', 'bench', 'demo'];

test('help names every command, and shows examples', async () => {
  const { code, stdout, stderr } = await alchemist('--help');
  expect([code, stderr]).toEqual([0, '']);
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  expect(stdout).toContain('$ alchemist svd');
});

test.each(COMMANDS)('help of %s says what it does, lists its options, and shows examples', async (command) => {
  const { code, stdout, stderr } = await alchemist(`help ${command}`);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`Usage: alchemist ${command}`);
  expect(stdout).toContain('Options:');
  expect(stdout).toContain(`$ alchemist ${command}`);
  expect((await alchemist(`${command} --help`)).stdout).toBe(stdout);
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(fs.readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  expect(await alchemist('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('nothing at all is wrong usage, and shows the help', async () => {
  const { code, stdout, stderr } = await alchemist('');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Usage: alchemist');
});

test.each([
  ['sdv A.npy', /unknown command 'sdv'.*Did you mean svd\?/],
  ['svd', /missing required argument 'file'/],
  ['svd a.npy b.npy', /too many arguments/],
  ['svd a.npy --ranks 3', /unknown option '--ranks'.*Did you mean --rank\?/],
  ['svd a.npy --rank 0', /--rank.*'0' is invalid.*at least 1/],
  ['svd a.npy --rank 2.5', /integer/],
  ['svd a.npy --workers many', /integer/],
  ['svd a.npy --grid 2', /Write rows x columns/],
  ['svd a.npy --layout MC_VC', /One of \[MC,MR\]/],
  ['svd a.npy --tolerance small', /a number/],
  ['svd a.npy --kernels fast', /Allowed choices are auto, relaxed, simd, wide/],
  ['svd a.npy --dtype f16', /Allowed choices are f64, f32/],
  ['gemm a.npy b.npy', /required option.*--out/],
  ['layout 7', /Write rows x columns/],
  ['layout 7x7 --align 1', /two integers/],
  ['bench nonsense', /Allowed choices are kernels, layouts, engine, svd, accuracy/],
  // These are found out by the engine: the command is written well, but asks for what cannot be.
  [`svd ${root}examples/data/digits.npy --rank 65`, /rank must be an integer from 1 to 64/],
  [`svd ${root}examples/data/digits.npy --workers 3 --grid 2x2`, /2×2 grid has 4 processes, but workers is 3/],
  [`svd ${root}examples/data/digits.npy --memory lots`, /not a number of bytes/],
])('%s is wrong usage, said in one line', async (args, message) => {
  const { code, stdout, stderr } = await alchemist(args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toMatch(message);
});
