/** Runs the whole suite and the package's tests with other versions of Node, whose binaries come from the npm registry: `npm run test:nodes -- 24`. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSIONS = ['22', '24', '26'];
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'node-versions');
const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** The path of a Node of this major version, fetched when it is not there yet. */
async function binaryOf(major) {
  const folder = join(CACHE, major);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', folder, `node-${PLATFORM}@${major}`];
  await (process.env.npm_execpath ? run(process.execPath, [process.env.npm_execpath, ...install]) : run('npm', install));
  return join(folder, 'node_modules', `node-${PLATFORM}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Runs a program and gives what it printed, whether or not it failed. */
async function output(binary, args) {
  const options = { cwd: ROOT, maxBuffer: 2 ** 26, env: { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0' } };
  const { code = 0, stdout, stderr } = await run(binary, args, options).catch((error) => error);
  return { ok: code === 0, text: stdout + stderr };
}

async function suite(binary, major) {
  const results = join(CACHE, major, 'results.json');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { ok, text } = await output(binary, [...flags, JEST, '--json', '--outputFile', results]);
  const { numPassedTests: passed, numFailedTests: failed, numFailedTestSuites: suites } = JSON.parse(await readFile(results, 'utf8'));
  return { ok, line: `${passed} passed, ${failed} failed${suites > 0 ? ` in ${suites} files` : ''}`, text };
}

async function packageTests(binary) {
  const { ok, text } = await output(binary, ['--test', '--test-reporter=tap', 'test/package/package.test.mjs']);
  const count = (word) => new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? '?';
  return { ok, line: `${count('pass')} passed, ${count('fail')} failed`, text };
}

let allRight = true;
for (const major of process.argv.length > 2 ? process.argv.slice(2) : VERSIONS) {
  const start = performance.now();
  const binary = await binaryOf(major);
  const { stdout } = await run(binary, ['-p', '`${process.version}, V8 ${process.versions.v8}`']);
  const [tests, asPackage] = [await suite(binary, major), await packageTests(binary)];
  const seconds = Math.round((performance.now() - start) / 1000);
  for (const { ok, text } of [tests, asPackage]) if (!ok) process.stdout.write(text);
  allRight &&= tests.ok && asPackage.ok;
  console.log(`node ${stdout.trim()}: suite ${tests.line}; package ${asPackage.line}; ${seconds} s`);
}
process.exitCode = allRight ? 0 : 1;
