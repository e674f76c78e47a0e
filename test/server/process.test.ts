/** `alchemist serve` as a process: its address, its end, and what it says when it cannot start. */
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { connect } from '#src/index.js';
import { alchemist } from '../cli/command.js';
import { serving } from './serving.js';

test.each(['SIGTERM', 'SIGINT'] as const)('%s lets a running task end, takes no new one, and ends the process', async (signal) => {
  const { child, file, url, end } = await serving('--log-level', 'info');
  const al = await connect(url, { workers: 2 });
  await al.loadLibrary('trial.js');
  const task = new Promise<Record<string, unknown>>((resolve, reject) => {
    let first = true;
    al.run('trial', 'wait', { milliseconds: 900 }, { onProgress: () => { if (first) child.kill(signal); first = false; } }).then(resolve, reject);
  });
  expect(await task).toMatchObject({ meetings: expect.any(Number) });
  await expect(al.ones(2, 2)).rejects.toMatchObject({ code: 'E_CLOSED' });
  await expect(connect(url)).rejects.toMatchObject({ code: 'E_CLOSED' });
  const { code, out, err } = await end;
  expect(existsSync(file)).toBe(false);
  expect([code, out]).toEqual([0, expect.stringContaining(url)]);
  const lines = err.trim().split('\n').map((line) => JSON.parse(line) as { msg: string });
  expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['ready', 'session begins', 'workers assigned', 'session ended', 'stopped']));
});

test('the end of standard input stops it, if it was told so', async () => {
  const [following, other] = await Promise.all([serving('--until-stdin-ends', '--log-level', 'silent'), serving('--log-level', 'silent')]);
  following.child.stdin!.end();
  other.child.stdin!.end();
  expect(await following.end).toMatchObject({ code: 0, err: '' });
  const al = await connect(other.url);
  expect(al.workers).toBe(1);
  await al.close();
  // The file is another server's by now.
  writeFileSync(other.file, 'taken over\n');
  other.child.kill('SIGTERM');
  expect(await other.end).toMatchObject({ code: 0 });
  expect(readFileSync(other.file, 'utf8')).toBe('taken over\n');
});

/** A listening server with two free ports before its own. */
async function takenAfterTwoFree(): Promise<Server> {
  const listening = async (port: number): Promise<Server> => {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  };
  for (;;) {
    const servers = [await listening(0)];
    const { port } = servers[0].address() as AddressInfo;
    try {
      for (const next of [port + 1, port + 2]) servers.push(await listening(next));
      return servers.pop()!;
    } catch {
      // Another program has one of them: somewhere else, then.
    } finally {
      await Promise.all(servers.map((server) => once(server.close(), 'close')));
    }
  }
}

test('a taken port, a range that is not free, and wrong options are one line each', async () => {
  const taken = await takenAfterTwoFree();
  const { port } = taken.address() as AddressInfo;
  for (const [args, words] of [
    [`--port ${port}`, /^error: .*cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*--port.*\n$/],
    [`--port ${port - 2} --workers 3`, /^error: .*worker 2 cannot listen on 127\.0\.0\.1:\d+.*consecutive free ports.*\n$/],
    ['--host 0.0.0.0 --port 0', /^error: .*insecure.*\n$/],
    ['--token-file /nowhere', /^error: .*\/nowhere cannot be read.*\n$/],
  ] as const) {
    const { code, stderr, stdout } = await alchemist(`serve ${args} --log-level silent`);
    expect([args, code, stdout, stderr]).toEqual([args, 1, '', expect.stringMatching(words)]);
  }
  for (const args of ['--port many', '--workers 0', '--log-level loud', '--grid 2by3', '--port 0 --workers 3 --grid 2x2']) expect(await alchemist(`serve ${args}`)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: [^\n]*\n$/) });
  taken.close();
});
