/** An Alchemist server in a process of its own, as users start it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const STARTING_MS = 60_000;

export class ServerProcess {
  private constructor(
    readonly url: string,
    readonly child: ChildProcess,
  ) {}

  /** `alchemist serve` on free ports of this machine. */
  static async start(options: readonly string[] = []): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'alchemist-bench-'));
    const addressFile = join(folder, 'address.json');
    const child = spawn(process.execPath, [CLI, 'serve', '--port', '0', '--address-file', addressFile, '--log-level', 'warn', ...options], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    try {
      const end = Date.now() + STARTING_MS;
      // The line's end tells that all of it has been written.
      while (!existsSync(addressFile) || !readFileSync(addressFile, 'utf8').endsWith('\n')) {
        if (child.exitCode !== null || Date.now() > end) throw new Error('the server did not start');
        await delay(20);
      }
      return new ServerProcess((JSON.parse(readFileSync(addressFile, 'utf8')) as { url: string }).url, child);
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Bytes of physical memory that the server holds; undefined where there is no ps to ask. */
  residentBytes(): number | undefined {
    try {
      return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.child.pid)], { encoding: 'utf8' }));
    } catch {
      return undefined;
    }
  }

  /** Stops the server and waits for its end. */
  async close(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
