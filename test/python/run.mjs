/**
 * Runs the tests of the Python package in a virtual environment of their own, build/python, which is made anew when what is installed there
 * changes. Arguments go to pytest: npm run test:python -- -k dask -x
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The optional dependencies of clients/python/pyproject.toml that the tests use. */
const EXTRAS = ['test', 'spark'];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = join(ROOT, 'clients', 'python');
const VENV = join(ROOT, 'build', 'python');
const STAMP = join(VENV, 'installed');
const PYTHON = join(VENV, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const run = (command, args, options = {}) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error || status !== 0) fail(`${command} ${args.slice(0, 4).join(' ')} failed: ${error?.message ?? `it ended with ${status}`}`);
};

/** The first Python of at least 3.10, and which it is. */
function findPython() {
  const wanted = [process.env.PYTHON, 'python3', 'python'].filter(Boolean);
  for (const command of wanted) {
    const { status, stdout } = spawnSync(command, ['-c', 'import sys; print(sys.version, sys.prefix); sys.exit(sys.version_info < (3, 10))'], { encoding: 'utf8' });
    if (status === 0) return { command, version: stdout.trim() };
  }
  return fail(`The tests of the Python package need Python 3.10 or newer, and none of ${wanted.join(', ')} is that. Install it, or set PYTHON to where it is.`);
}

if (!existsSync(join(ROOT, 'dist', 'cli.js'))) fail('The server that these tests start has not been built: npm run build');

const { command, version } = findPython();
const stamp = createHash('sha256').update(readFileSync(join(PACKAGE, 'pyproject.toml'))).update(EXTRAS.join()).update(version).digest('hex');
if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== stamp) {
  rmSync(VENV, { recursive: true, force: true });
  run(command, ['-m', 'venv', VENV]);
  run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--editable', `${PACKAGE}[${EXTRAS.join(',')}]`]);
  writeFileSync(STAMP, stamp);
}
run(PYTHON, ['-m', 'pytest', ...process.argv.slice(2)], { cwd: PACKAGE });
