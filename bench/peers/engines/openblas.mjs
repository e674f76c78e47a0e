/** NumPy on the BLAS it was built with, one thread, in a process of its own that answers one line per request. Undefined when there is none. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('openblas.py', import.meta.url));
const ONE_THREAD = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', VECLIB_MAXIMUM_THREADS: '1' };

export async function openblas(n, a, b) {
  const folder = await mkdtemp(join(tmpdir(), 'alchemist-openblas-'));
  await Promise.all([writeFile(join(folder, 'a'), a), writeFile(join(folder, 'b'), b)]);
  const dtype = a.BYTES_PER_ELEMENT === 8 ? 'float64' : 'float32';
  const python = spawn('python3', [SCRIPT, folder, dtype, String(n)], { env: { ...process.env, ...ONE_THREAD }, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ended = Promise.race([once(python, 'close'), once(python, 'error')]).catch(() => {});
  const ask = async (request) => {
    python.stdin.write(`${request}\n`);
    return (await lines.next()).value;
  };
  const close = async () => {
    python.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const name = (await Promise.race([lines.next(), ended.then(() => ({}))])).value;
  if (name === undefined) {
    python.stdin.destroy();
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    name,
    multiply: () => ask('multiply'),
    product: async () => {
      await ask('save');
      const { buffer, byteOffset, length } = await readFile(join(folder, 'c'));
      return dtype === 'float64' ? new Float64Array(buffer.slice(byteOffset, byteOffset + length)) : new Float32Array(buffer.slice(byteOffset, byteOffset + length));
    },
    close,
  };
}
