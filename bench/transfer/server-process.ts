/** `alchemist serve` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AlchemistError } from '#src/errors.js';

const COMMAND = fileURLToPath(new URL('../../cli.js', import.meta.url));
const LIBRARIES = fileURLToPath(new URL('.', import.meta.url));
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;
const START_SECONDS = 60;

export interface ServerOptions {
  readonly workers: number;
  /** Bytes; default the server's own. */
  readonly memoryPerWorker?: number;
}

export class ServerProcess {
  #ended: string | undefined;

  private constructor(
    readonly child: ChildProcess,
    readonly host: string,
    readonly port: number,
  ) {}

  /** @throws AlchemistError E_ENVIRONMENT, with what the server said, when it does not start; E_CANCELLED. */
  static async start({ workers, memoryPerWorker }: ServerOptions, signal?: AbortSignal): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'alchemist-transfer-'));
    const file = join(folder, 'address.json');
    const memory = memoryPerWorker === undefined ? [] : ['--memory-per-worker', String(memoryPerWorker)];
    const args = ['--import', END_WITH_PARENT, COMMAND, 'serve', '--port', '0', '--workers', String(workers), '--log-level', 'warn', '--libraries', LIBRARIES, '--address-file', file, ...memory];
    // Detached: Ctrl-C is for the study, which then ends the server.
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true });
    let said = '';
    let ended: string | undefined;
    child.stderr!.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2000)));
    child.on('exit', (code, killed) => (ended = killed ? `ended by ${killed}` : `ended with code ${code}`));
    child.on('error', (error) => (ended = error.message));
    try {
      for (const due = performance.now() + START_SECONDS * 1000; ; await sleep(20)) {
        const address = readAddress(file);
        if (address) {
          const server = new ServerProcess(child, address.host, address.port);
          child.on('exit', (code, killed) => (server.#ended = killed ? `was ended by ${killed}` : `has ended with code ${code}${said && `: ${said.trim()}`}`));
          child.unref();
          (child.stderr as unknown as { unref(): void }).unref();
          child.channel?.unref();
          return server;
        }
        if (signal?.aborted) throw new AlchemistError('E_CANCELLED', 'the study was cancelled');
        if (ended !== undefined || performance.now() > due) {
          throw new AlchemistError('E_ENVIRONMENT', `the server did not start: ${said.trim() || (ended ?? `it is not ready after ${START_SECONDS} s`)}`);
        }
      }
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** How the server has ended, if it has. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Ends the process; nothing in it is worth keeping. */
  stop(): void {
    this.child.kill('SIGKILL');
  }
}

/** What the server has written; undefined while it has not, or not all of it. */
function readAddress(file: string): { host: string; port: number } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { host: string; port: number };
  } catch {
    return undefined;
  }
}
