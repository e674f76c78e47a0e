/** Runs the real command as a process of its own. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const cli = `${root}dist/cli.js`;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends SpawnOptions {
  /** Called when the process has started, and whenever it has written more to its standard output. */
  readonly watch?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A program with its arguments, to its end; without the environment that jest gives its tests. */
export function run(program: string, args: readonly string[], { watch, ...options }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _, FORCE_COLOR: __, ...env } = process.env;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env: { ...env, ...options.env } });
    let stdout = '';
    let stderr = '';
    const look = (): void => watch?.(stdout, (signal) => child.kill(signal));
    child.stdout!.on('data', (text) => {
      stdout += text;
      look();
    });
    child.stderr!.on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    look();
  });
}

/** `alchemist` with these arguments, separated by blanks. */
export const alchemist = (args: string, options?: RunOptions): Promise<Outcome> => run(process.execPath, [cli, ...args.split(' ').filter(Boolean)], options);
