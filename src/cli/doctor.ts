/** `alchemist doctor`: whether this machine has what the engine needs, and a small computation to prove it. */
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import type { Command } from 'commander';
import { ADDRESS_SPACE } from '../comm/team.js';
import { AlchemistError } from '../errors.js';
import { kernelModule, relaxedSimd } from '../local/kernels.js';
import type { Session } from '../session/session.js';
import { interruption as signal } from './interrupt.js';
import { dim, formatBytes, formatError, formatSeconds, green, print, printJson, red } from './terminal.js';
import { addWorkerOptions, type WorkerOptions, withSession } from './workers.js';

/** Bytes of a page of WebAssembly memory. */
const PAGE_BYTES = 65536;
/** Reserving more memories than this proves nothing more. */
const MOST_MEMORIES = 8;

const MOST_RESIDUAL = 1e-13;

/** What was found. A check that is not `ok` fails the command. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
}

const EXAMPLES = `
Examples:
  $ alchemist doctor
  $ alchemist doctor --workers 8 --memory 2GiB     would a session of this size start?`;

export function addDoctor(program: Command): void {
  addWorkerOptions(program.command('doctor'))
    .summary('check this machine')
    .description('Looks at Node, SIMD, threads and memory, starts workers, and checks a product and a singular value decomposition.')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(doctor);
}

async function doctor(options: WorkerOptions & { json?: boolean }): Promise<void> {
  const checks = [...machine(), ...simd(), reservable(), ...(await computation(options))];
  if (options.json) printJson(checks);
  else print(...report(checks));
  const failed = checks.filter(({ ok }) => !ok).length;
  if (failed > 0) throw new AlchemistError('E_ENVIRONMENT', `${failed} of ${checks.length} checks failed`);
}

function machine(): Check[] {
  const { node, v8 } = process.versions;
  const [major, minor] = node.split('.').map(Number);
  return [
    { name: 'Node', ok: major > 20 || (major === 20 && minor >= 19), found: `${node} (20.19 or later is needed), V8 ${v8}` },
    { name: 'machine', ok: true, found: `${platform()} ${arch()}, ${availableParallelism()} threads at once, ${cpus()[0]?.model.trim() ?? 'processor unknown'}` },
    { name: 'memory', ok: true, found: `${formatBytes(totalmem())}, ${formatBytes(freemem())} of it free` },
  ];
}

function simd(): Check[] {
  const fused = relaxedSimd();
  return [
    attempted('SIMD', () => {
      kernelModule('simd');
      return 'yes';
    }),
    { name: 'fused multiply-add', ok: true, found: fused ? 'yes, by relaxed SIMD' : 'no: a product step takes two instructions' },
  ];
}

function attempted(name: string, look: () => string): Check {
  try {
    return { name, ok: true, found: look() };
  } catch (error) {
    return { name, ok: false, found: (error as Error).message };
  }
}

/** How many full address spaces the process may reserve: limits on virtual memory show here. */
function reservable(): Check {
  const memories: WebAssembly.Memory[] = [];
  const pages = ADDRESS_SPACE / PAGE_BYTES;
  return attempted('shared memory', () => {
    try {
      while (memories.length < MOST_MEMORIES) memories.push(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }));
    } catch (error) {
      if (memories.length === 0) throw new AlchemistError('E_MEMORY', `not even ${formatBytes(ADDRESS_SPACE)} can be reserved: ${(error as Error).message}`);
    }
    return `${memories.length === MOST_MEMORIES ? 'at least ' : ''}${memories.length} × 4 GiB can be reserved`;
  });
}

/** Starts the workers and has them compute what this thread can check entry by entry. */
async function computation(options: WorkerOptions): Promise<Check[]> {
  const start = performance.now();
  try {
    return await withSession(options, async (session) => {
      const seconds = (performance.now() - start) / 1000;
      const { grid, workers, kernels } = session;
      const { ranks } = await session.memory();
      return [
        { name: 'workers', ok: true, found: `${workers} on a ${grid.height}×${grid.width} grid, started in ${formatSeconds(seconds)}` },
        { name: 'memory of each', ok: true, found: `${formatBytes(Math.min(...ranks.map(({ capacity }) => capacity)))} reserved` },
        { name: 'kernels', ok: true, found: kernels },
        await product(session),
        await decomposition(session),
      ];
    });
  } catch (error) {
    if ((error as AlchemistError).code === 'E_CANCELLED') throw error;
    return [{ name: 'workers', ok: false, found: (error as Error).message }];
  }
}

const entry = (i: number, j: number): number => Math.sin(1 + 12.9898 * i + 78.233 * j);
const sample = (height: number, width: number): number[][] => Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => entry(i, j)));

/** A product against the definition: each entry may be off by k roundings of |A|·|B|. */
async function product(session: Session): Promise<Check> {
  const [m, k, n] = [67, 93, 51];
  const [a, b] = [sample(m, k), sample(k, n)];
  const [A, B] = [await session.send(a), await session.send(b)];
  const c = (await session.fetch(await session.gemm(A, B, { signal }))).toArray();
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [sum, size] = [0, 0];
      for (let l = 0; l < k; l++) {
        sum += a[i][l] * b[l][j];
        size += Math.abs(a[i][l] * b[l][j]);
      }
      worst = Math.max(worst, Math.abs(c[i][j] - sum) / (size * Number.EPSILON));
    }
  }
  return { name: 'product', ok: worst <= k, found: `${m}×${k}×${n}, off by at most ${worst.toPrecision(2)} roundings (${k} allowed)` };
}

/** Singular triplets against their definition, A vᵢ = σᵢ uᵢ. */
async function decomposition(session: Session): Promise<Check> {
  const [m, n, rank] = [90, 40, 5];
  const a = sample(m, n);
  const { U, values, V } = await session.truncatedSvd(await session.send(a), { rank, signal });
  const [u, v] = [await session.fetch(U), await session.fetch(V)];
  let worst = 0;
  for (let k = 0; k < rank; k++) {
    const difference = a.map((row, i) => row.reduce((sum, x, j) => sum + x * v.get(j, k), 0) - values[k] * u.get(i, k));
    worst = Math.max(worst, Math.hypot(...difference) / values[0]);
  }
  return { name: 'singular values', ok: worst <= MOST_RESIDUAL, found: `${rank} of ${m}×${n}, residual ${formatError(worst)} of the largest (${formatError(MOST_RESIDUAL)} allowed)` };
}

function report(checks: readonly Check[]): string[] {
  const size = Math.max(...checks.map(({ name }) => name.length));
  return checks.map(({ name, ok, found }) => `${ok ? green('✓') : red('✗')} ${dim(name.padEnd(size))}  ${found}`);
}
