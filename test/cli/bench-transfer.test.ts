/** `alchemist bench transfer` as a process: a small study, and one that is interrupted, loses its server or its disk. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readStudy } from '#bench/transfer/records.js';
import { alchemist, cli, type Outcome, run } from './command.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-transfer-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

const SMALL = '--size 1MB --workers 2 --buffers 100KB,1MB';

test('a small study: every sample verified, recorded, told and drawn; and told again, compared with itself', async () => {
  const { code, stdout, stderr } = await alchemist(`bench transfer ${SMALL} --layouts VC_STAR,STAR_STAR --partitions 1,3 --dtype f64,f32 --repeat 2 --out ${at('small')}`);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^(transfers: \d+ of 108 about \d+ s left\n)*$/);
  const { run: made, samples, floors, connections, end } = readStudy(at('small/samples.jsonl'));
  expect(samples).toHaveLength(2 * 2 * 2 * 2 * 2 * 2 * 2);
  expect(end).toEqual({ type: 'end', samples: samples.length, planned: samples.length });
  expect(made).toMatchObject({ grid: '1x2', options: { workers: 2, repeat: 2 } });
  for (const { seconds, bytes, messages, buffer, placing, placingAll, creating, partitions, direction } of samples) {
    expect(messages).toBeGreaterThanOrEqual(Math.max(partitions, Math.ceil(bytes / buffer)));
    expect(placing).toBeGreaterThan(0);
    expect(placingAll).toBeGreaterThanOrEqual(placing);
    expect(seconds).toBeGreaterThan(creating);
    expect(creating > 0).toBe(direction === 'send');
  }
  expect(floors).toHaveLength(2 * 2 * 2 * 2);
  expect(new Set(connections.map(({ partitions }) => partitions))).toEqual(new Set([1, 3]));
  expect(fs.readdirSync(at('small')).sort()).toEqual(
    ['send', 'fetch'].flatMap((direction) => ['f32', 'f64'].flatMap((dtype) => [1, 3].flatMap((parts) => [`${direction}-${dtype}-${parts}.svg`, `${direction}-${dtype}-${parts}-dark.svg`]))).concat('samples.jsonl', 'transfer.html').sort(),
  );
  expect(stdout).toContain('send 395 × 316 f64 (as 250 000 × 200 000), 3 connections');
  expect(stdout).toContain('what makes up a time');

  const again = await alchemist(`bench transfer --from ${at('small/samples.jsonl')} --compare ${at('small/samples.jsonl')}`);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('compared with');
  expect(again.stdout.match(/ alike$/gm)).toHaveLength(64);
});

/** Runs a study that would take long, and does something to it once it has made some samples. */
async function disturbed(name: string, disturb: (kill: (signal: NodeJS.Signals) => void) => void): Promise<Outcome> {
  const file = at(`${name}/samples.jsonl`);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await alchemist(`bench transfer ${SMALL} --repeat 1000 --no-figure --out ${at(name)}`, {
      watch: (_, kill) => {
        timer ??= setInterval(() => {
          if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8').split('\n').length < 12) return;
          clearInterval(timer);
          disturb(kill);
        }, 20);
      },
    });
  } finally {
    clearInterval(timer);
  }
}

/** The processes that a study has started: its client, and that one's server and peer of the bare socket. */
function children(name: string): { pid: number; args: string }[] {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null);
  const study = all.find(([, , , args]) => args.includes(at(name)))?.[1];
  const [client] = all.filter(([, , parent]) => parent === study);
  return [client, ...all.filter(([, , parent]) => parent === client[1])].map(([, pid, , args]) => ({ pid: Number(pid), args }));
}

/** Samples that were made before the end, and what the end says. */
function kept(name: string): string {
  const { samples, end } = readStudy(at(`${name}/samples.jsonl`));
  expect(samples.length).toBeGreaterThan(0);
  expect(end).toMatchObject({ samples: samples.length, planned: 12 * 2 * 1000 });
  return end!.stopped!;
}

test('Ctrl-C keeps what was measured, reports it, and leaves no process behind', async () => {
  let left: { pid: number }[] = [];
  const { code, stdout, stderr } = await disturbed('interrupted', (kill) => {
    left = children('interrupted');
    kill('SIGINT');
  });
  expect(code).toBe(130);
  expect(stderr).toMatch(/cancelled\n$/);
  expect(kept('interrupted')).toMatch(/^stopped after \d+ samples$/);
  expect(stdout).toContain('what makes up a time');
  expect(stdout).toContain('incomplete');
  expect(left).toHaveLength(3);
  for (const { pid } of left) await gone(pid);
});

test('a server that dies in mid-run is told, and what was measured is kept', async () => {
  const { code, stdout, stderr } = await disturbed('orphaned', () => {
    process.kill(children('orphaned').find(({ args }) => args.includes(' serve '))!.pid, 'SIGKILL');
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/error: the server was ended by SIGKILL after \d+ samples: [^\n]+\n$/);
  expect(kept('orphaned')).toMatch(/the server was ended by SIGKILL/);
  expect(stdout).toContain('what makes up a time');
});

test('a client that dies in mid-run is told, what was measured is kept, and its server ends with it', async () => {
  let left: { pid: number }[] = [];
  const { code, stdout, stderr } = await disturbed('clientless', () => {
    left = children('clientless');
    process.kill(left[0].pid, 'SIGKILL');
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/error: the client's process was ended by SIGKILL before the study was over\n$/);
  expect(readStudy(at('clientless/samples.jsonl')).samples.length).toBeGreaterThan(0);
  expect(stdout).toContain('what makes up a time');
  for (const { pid } of left) await gone(pid);
});

test('a study that is killed takes its processes with it', async () => {
  let left: { pid: number }[] = [];
  const { signal } = await disturbed('killed', (kill) => {
    left = children('killed');
    kill('SIGKILL');
  });
  expect(signal).toBe('SIGKILL');
  expect(left).toHaveLength(3);
  for (const { pid } of left) await gone(pid);
  expect(readStudy(at('killed/samples.jsonl')).samples.length).toBeGreaterThan(0);
});

test('a disk that is full ends the study with its first samples', async () => {
  fs.mkdirSync(at('full'));
  fs.symlinkSync('/dev/full', at('full/samples.jsonl'));
  const { code, stdout, stderr } = await alchemist(`bench transfer ${SMALL} --repeat 1000 --no-figure --out ${at('full')}`);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/samples\.jsonl: cannot write: ENOSPC/);
});

test('the smallest study, of fewer entries than its warm-up would like', async () => {
  const { code } = await alchemist('bench transfer --size 64KiB --workers 1 --buffers 100KB --layouts VC_STAR --repeat 1 --no-figure');
  expect(code).toBe(0);
});

test.each([
  ['--layouts nowhere', /\[VC,\*\]/],
  ['--buffers 2GB', /Expected: from/],
  ['--buffers ,', /at least one/],
  ['--size 1KB', /Expected: from/],
  ['--size big', /512MiB/],
  ['--workers 9', /from 1 to 8/],
  ['--partitions 0', /at least 1/],
  ['--dtype f16', /f64, f32/],
  ['--directions up', /send, fetch/],
  ['--repeat 0', /at least 1/],
])('%s is refused as wrong usage', async (options, message) => {
  const { code, stdout, stderr } = await alchemist(`bench transfer ${options}`);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
});

test('without echarts nothing is measured before it is told what to install', async () => {
  const hook = "export const resolve = (name, context, next) => { if (name === 'echarts') throw new Error('not installed'); return next(name, context); };";
  const register = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});`;
  // The newest Node would rather have another kind of hook, which the oldest has not.
  const { code, stdout, stderr } = await run(process.execPath, ['--disable-warning=DEP0205', '--import', `data:text/javascript,${encodeURIComponent(register)}`, cli, 'bench', 'transfer', '--out', at('undrawn')]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: figures need the package echarts[^\n]*npm install echarts[^\n]*--no-figure\n$/);
  expect(fs.existsSync(at('undrawn'))).toBe(false);
});

test('a matrix that no worker can hold is refused before anything is started', async () => {
  const { code, stderr } = await alchemist('bench transfer --size 4GiB --layouts STAR_STAR');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: a worker would have to hold \d+ MiB/);
});

/** Waits for the end of a process; one that lives on fails the test by its time. */
async function gone(pid: number): Promise<void> {
  for (let alive = true; alive; ) {
    try {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    } catch {
      alive = false;
    }
  }
}
