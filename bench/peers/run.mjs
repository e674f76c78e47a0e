/** `npm run bench:peers`: installs the peers here, beside nothing else, and prints how they compare. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error', '--prefix', FOLDER];
if (process.env.npm_execpath) execFileSync(process.execPath, [process.env.npm_execpath, ...install], { stdio: 'ignore' });
else execFileSync('npm', install, { stdio: 'ignore' });

const { gemmBesidePeers } = await import('./gemm.mjs');
const rows = await gemmBesidePeers((line) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${line}`));
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

console.log(`C = A·B, n = 1024, one thread each, the best of products in turn; Node ${process.versions.node}, ${cpus()[0]?.model.trim()}\n`);
console.log(['', 'type', 'ms', 'GFLOP/s', 'ours is', 'target'].map(cell).join(''));
for (const { name, dtype, milliseconds, gflops, ratio, target, ok } of rows) {
  const times = (x) => (x === undefined ? '' : `${x.toPrecision(3)}×`);
  const verdict = target === undefined ? '' : `${times(target)} ${ok ? '✓' : '✗'}`;
  console.log([name, dtype, milliseconds.toFixed(1), gflops.toFixed(2), times(ratio), verdict].map(cell).join(''));
}
process.exit(rows.every(({ ok }) => ok) ? 0 : 1);

function cell(text, column) {
  return column === 0 ? text.padEnd(40) : text.padStart(10);
}
