/** The package as strangers get it: packed, installed without scripts into an empty folder, and used from every kind of project. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('consumers/', import.meta.url));
/** Without it `npm` is a script of its own Node; with it, this one's. */
const NPM = process.env.npm_execpath;
const [major, minor] = process.versions.node.split('.').map(Number);

let folder;
let packed;

/** Runs a program of this Node in a folder; its output, or an error with both streams in its message. */
async function node(args, cwd = folder) {
  const { stdout, stderr } = await run(process.execPath, args, { cwd, maxBuffer: 2 ** 24, env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' } });
  return { stdout, stderr };
}

const npm = (args, cwd = folder) => (NPM ? node([NPM, ...args], cwd) : run('npm', args, { cwd, maxBuffer: 2 ** 24 }));
const read = async (...path) => JSON.parse(await readFile(join(...path), 'utf8'));
const bin = (name) => join(folder, 'node_modules', '.bin', name);
const exists = (path) => stat(path).then(() => true, () => false);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alchemist-package-'));
  [packed] = JSON.parse((await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT)).stdout);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true }));
  // The tools of the strangers' projects, as the lock file has them: npm finds these in its cache.
  const { packages } = await read(ROOT, 'package-lock.json');
  const tools = ['typescript', '@types/node', 'jest'].map((name) => `${name}@${packages[`node_modules/${name}`].version}`);
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await npm(['install', ...quietly, join(folder, packed.filename)]);
  await npm(['install', ...quietly, '--save-dev', ...tools]);
  await cp(CONSUMERS, folder, { recursive: true });
});

after(() => rm(folder, { recursive: true, force: true }));

test('the tarball holds the built package, the data of the demonstration, README and licence, and nothing else', async () => {
  const files = packed.files.map(({ path }) => path);
  const foreign = files.filter((path) => !/^(dist\/.+\.(js|d\.ts|wasm)|examples\/(data|libraries)\/[^/]+|README\.md|LICENSE|package\.json)$/.test(path));
  assert.deepEqual(foreign, []);
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli.js', 'dist/engine/rank.js', 'dist/wasm/kernels.simd.wasm', 'dist/wasm/kernels.relaxed.wasm', 'README.md', 'LICENSE']) {
    assert.ok(files.includes(path), `${path} is missing`);
  }
  assert.ok(packed.size < 2e6, `${packed.size} bytes`);
});

test('every built file has a source', async () => {
  const orphans = [];
  for (const { path } of packed.files) {
    const [, name] = /^dist\/(.+?)(?:\.d)?\.[jt]s$/.exec(path) ?? [];
    if (name === undefined) continue;
    const source = name.startsWith('bench/') ? join(ROOT, `${name}.ts`) : join(ROOT, 'src', `${name}.ts`);
    if (!(await exists(source))) orphans.push(path);
  }
  assert.deepEqual(orphans, [], 'npm run clean && npm run build');
});

test('nothing that a user installs has an install script', async () => {
  const { packages } = await read(folder, 'package-lock.json');
  const scripted = Object.entries(packages).filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev);
  assert.deepEqual(scripted.map(([path]) => path), []);
  const { scripts } = await read(folder, 'node_modules', 'alchemist-node', 'package.json');
  assert.deepEqual(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name)), []);
});

test('npm would publish it without a complaint', async () => {
  const { stderr } = await npm(['publish', '--dry-run', '--ignore-scripts'], ROOT);
  const complaints = stderr.split('\n').filter((line) => /^npm (warn publish|error)/i.test(line) && !/logged in/.test(line));
  assert.deepEqual(complaints, []);
});

test('an ES module imports it', async () => {
  assert.equal((await node(['esm/main.mjs'])).stdout, '7 10 15 22\n');
});

test('a CommonJS module requires it, and gets the same instance as an import', async () => {
  assert.equal((await node(['--disable-warning=ExperimentalWarning', 'commonjs/main.cjs'])).stdout, '7 10 15 22\n');
});

test('a library of the user runs on the workers', async () => {
  assert.equal((await node(['library/main.mjs'])).stdout, '7 10 15 22\n');
});

test('its command runs', async () => {
  const { version } = await read(ROOT, 'package.json');
  const command = join(folder, 'node_modules', 'alchemist-node', 'dist', 'cli.js');
  assert.ok(await exists(bin('alchemist')));
  assert.equal((await node([command, '--version'])).stdout, `${version}\n`);
  const checks = JSON.parse((await node([command, 'doctor', '--workers', '2', '--json'])).stdout);
  assert.deepEqual(checks.filter(({ ok }) => !ok), []);
});

for (const resolution of ['nodenext', 'bundler']) {
  test(`strict TypeScript compiles against its types with moduleResolution ${resolution} and no library but Node's`, async () => {
    const { stdout } = await node([bin('tsc'), '--project', `typescript/tsconfig.${resolution}.json`]).catch((error) => error);
    assert.equal(stdout, '');
  });
}

const jest = (...args) => node([...args.slice(1), join(dirname(bin('jest')), '..', 'jest', 'bin', 'jest.js'), '--config', 'jest/jest.config.cjs', args[0]]);

test("it works in somebody else's jest, as an ES module", async () => {
  assert.match((await jest('imports', '--experimental-vm-modules')).stderr, /Tests: +4 passed, 4 total/);
});

test("it works in somebody else's jest without flags, when the environment brings it: the tests' arrays are then of another realm", async () => {
  assert.match((await jest('environment')).stderr, /Tests: +4 passed, 4 total/);
});

// Elsewhere jest itself cannot require an ES module, whichever it is.
if (major > 24 || (major === 24 && minor >= 9)) {
  test("it works in somebody else's jest, required", async () => {
    assert.match((await jest('requires', '--experimental-vm-modules')).stderr, /Tests: +4 passed, 4 total/);
  });
}
