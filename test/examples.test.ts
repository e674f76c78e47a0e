/** The examples, the README and the guides as a reader would run them: every program of examples/, every block that is marked runnable. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { serve } from '#src/index.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = join(ROOT, 'build', 'examples');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'alchemist-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program prints; it must end well and complain about nothing. */
async function output(command: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const child = spawn(command, args, { cwd: ROOT, ...options });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const example = (name: string, ...args: string[]): Promise<string> => output(process.execPath, [join(BUILT, `${name}.js`), ...args]);

describe('the example', () => {
  test('svd-of-a-file finds the triplets of the digits, saves them, and what is left is what they do not explain', async () => {
    const lines = (await example('svd-of-a-file')).trim().split('\n');
    expect(lines.slice(0, 3)).toEqual(['Matrix 1797×64 f64 [MC,MR] on 2×2, 920 kB', 'σ1 = 2193.119337', 'σ2 = 566.996772']);
    expect(lines.slice(-3)).toEqual(['explained: 84.85 %', 'left: 15.15 %', 'saved: U.npy, V.csv']);
  });

  test('svd-of-a-file takes another file and another rank', async () => {
    const file = join(folder, 'small.csv');
    writeFileSync(file, '3,0\n4,5\n');
    expect(await example('svd-of-a-file', file, '2')).toContain('σ1 = 6.708204\nσ2 = 2.236068\nexplained: 100.00 %');
  });

  test('ridge-regression reads most digits rightly', async () => {
    const [fitted, read] = (await example('ridge-regression')).split('\n');
    expect(fitted).toBe('fitted: 64 weights for each of 10 digits, residuals below 1e-10: true');
    expect(Number(/read rightly: (\d+) of 450/.exec(read)![1])).toBeGreaterThan(380);
  });

  test('redistribution foretells what it moves', async () => {
    const lines = (await example('redistribution')).trim().split('\n');
    expect(lines).toHaveLength(6);
    for (const line of lines.slice(1, 5)) expect(line).toMatch(/^Matrix 1200×900 f64 \[.*\]: the busiest worker receives \d+ bytes, as foretold$/);
  });

  test('http-service answers, refuses what is wrong, survives a client that hangs up, and ends at SIGTERM', async () => {
    const service = spawn(process.execPath, [join(BUILT, 'http-service.js')], { env: { ...process.env, PORT: '0' } });
    try {
      const url = await firstLine(service).then((line) => line.replace('listening on ', ''));
      const post = async (body: unknown, rank: number | string = 2): Promise<[number, unknown]> => {
        const response = await fetch(`${url}?rank=${rank}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
        return [response.status, await response.json()];
      };
      const [status, values] = await post([[3, 0], [4, 5]]);
      expect([status, (values as number[]).map((value) => value.toFixed(9))]).toEqual([200, [Math.sqrt(45).toFixed(9), Math.sqrt(5).toFixed(9)]]);
      expect(await post([[1, 2], [3]])).toMatchObject([400, { code: 'E_SHAPE' }]);
      expect(await post([[1, 2]], 5)).toMatchObject([400, { code: 'E_ARGUMENT' }]);
      expect(await post('{')).toMatchObject([400, {}]);
      expect((await fetch(url)).status).toBe(404);
      await expect(fetch(`${url}?rank=400`, { method: 'POST', body: noise(800), signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
      expect((await post([[2]], 1))[1]).toEqual([2]);
      service.kill('SIGTERM');
      expect(await once(service, 'close')).toEqual([0, null]);
    } finally {
      service.kill('SIGKILL');
    }
  });

  test('cart-pole-agent learns to balance, the same on its own threads and on a server', async () => {
    const learned = await example('cart-pole-agent');
    expect(Number(/balances (\d+) of 48 poles/.exec(learned)![1])).toBeGreaterThan(24);
    const server = await serve({ port: 0, workers: 2, libraries: join(ROOT, 'examples', 'libraries') });
    try {
      expect(await example('cart-pole-agent', server.url)).toBe(learned);
    } finally {
      await server.close();
    }
  });

  test('of each program of the folder has been run here', () => {
    expect(readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts')).sort()).toEqual(['cart-pole-agent.ts', 'http-service.ts', 'redistribution.ts', 'ridge-regression.ts', 'svd-of-a-file.ts']);
  });
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  return ((await once(createInterface({ input: stdout! }), 'line')) as [string])[0];
}

/** A JSON matrix without structure, so that its decomposition takes a while. */
function noise(n: number): string {
  let state = 1;
  const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return JSON.stringify(Array.from({ length: n }, () => Array.from({ length: n }, next)));
}

interface RunnableBlock {
  readonly title: string;
  readonly language: string;
  readonly program: string;
  readonly prints: string | undefined;
}

/** Blocks of a page after `<!-- runnable -->`, with what the block after `<!-- prints -->` says that they print. */
function runnableBlocks(page: string): RunnableBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const block = /<!-- runnable -->\n+```(\w+)\n(.*?)```\n(?:[^`]*?<!-- prints -->\n+```\w*\n(.*?)```)?/gs;
  return [...text.matchAll(block)].map(([, language, program, prints]) => ({ title: program.split('\n')[0], language, program, prints }));
}

/** Expected text as a pattern: … stands for whatever differs between machines. */
const pattern = (text: string): RegExp => new RegExp(`^${text.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/…/g, '[^\\n]*?')}\\s*$`);

/** Blocks of a page after `<!-- file: name -->`: files that its programs use, beside them. */
const filesOf = (page: string): [name: string, text: string][] =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/<!-- file: ([\w.-]+) -->\n+```\w+\n(.*?)```/gs)].map(([, name, text]) => [name, text]);

const PAGES: [page: string, languages: string[]][] = [
  ['README.md', ['js', 'sh']],
  ['docs/SERVER.md', ['js', 'sh']],
  ['docs/LIBRARIES.md', ['js']],
];

describe.each(PAGES)('%s', (page, languages) => {
  const blocks = runnableBlocks(page);
  beforeAll(() => {
    for (const [name, text] of filesOf(page)) writeFileSync(join(BUILT, name), text);
  });

  test.each(blocks)('does what it says: $title', async ({ language, program, prints }) => {
    const printed = language === 'sh' ? await runShell(program) : await runModule(program);
    if (prints !== undefined) expect(printed).toMatch(pattern(prints));
  });

  test('has runnable programs and commands', () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(languages));
    expect(blocks.filter(({ prints }) => prints === undefined)).toEqual([]);
  });

  /** Inside the package, so that its name leads to it. */
  function runModule(program: string): Promise<string> {
    const file = join(BUILT, 'block.mjs');
    writeFileSync(file, program);
    return output(process.execPath, [file]);
  }

  /** With an npx that knows this package without asking the registry. */
  function runShell(program: string): Promise<string> {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\n[ "$1" = alchemist ] && shift && exec "${process.execPath}" "${ROOT}dist/cli.js" "$@"\n`);
    chmodSync(join(bin, 'npx'), 0o755);
    const work = mkdtempSync(join(folder, 'work-'));
    const data = join(ROOT, 'examples', 'data');
    return output('sh', ['-euc', program.replaceAll('node_modules/alchemist-node/examples/data', data)], { cwd: work, env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` } });
  }
});
