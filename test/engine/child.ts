/** A fresh Node process that runs a script with the engine: for what a process as a whole must do. */
import { spawn } from 'node:child_process';

export interface ChildEnd {
  readonly out: string;
  readonly err: string;
  /** null when it was killed because it did not end in time. */
  readonly code: number | null;
}

/** Runs an ES module given as text, in which `Alchemist` is defined. */
export function runChild(script: string, { flags = [] as string[], milliseconds = 30_000 } = {}): Promise<ChildEnd> {
  const index = import.meta.resolve('#src/index.js');
  const text = `const { Alchemist } = await import(${JSON.stringify(index)});\n${script}`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', text], { timeout: milliseconds, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ out: out.trim(), err: err.trim(), code }));
  });
}
