/** `alchemist serve` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cli } from '../cli/command.js';
import { TRIALS, until } from './started.js';

const folder = mkdtempSync(path.join(tmpdir(), 'serve-test-'));

/** A running server and its end: exit code, and what it has written. */
export async function serving(...args: string[]): Promise<{ child: ChildProcess; file: string; url: string; end: Promise<{ code: number | null; out: string; err: string }> }> {
  const file = path.join(folder, `${Math.random()}.json`);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--workers', '2', '--address-file', file, '--libraries', TRIALS, ...args], { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const end = new Promise<{ code: number | null; out: string; err: string }>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  await until('the address is written', () => { try { return readFileSync(file, 'utf8').endsWith('\n'); } catch { return false; } });
  return { child, file, url: (JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url, end };
}
