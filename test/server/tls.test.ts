/** Who may listen and who may come: TLS, tokens from files, and other hosts than this one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { connect, serve } from '#src/index.js';
import { mustServe, RawClient, started } from './started.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tls-test-'));
const at = (name: string): string => path.join(folder, name);
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', at('key.pem'), '-out', at('cert.pem')], { stdio: 'ignore' });

test('over TLS, with a token: matrices pass, plain text and old versions do not', async () => {
  writeFileSync(at('token'), 'a b c\n');
  const server = await started({ workers: 2, tlsCert: at('cert.pem'), tlsKey: at('key.pem'), tokenFile: at('token'), greetingSeconds: 1 });
  const tls = { ca: readFileSync(at('cert.pem')) };
  const al = await connect(server.url, { workers: 2, tls, token: 'a b c', bufferSize: 65_536 });
  const source = Float64Array.from({ length: 300 * 200 }, (_, k) => k / 7);
  const A = await al.send(source, { shape: [300, 200] });
  expect((await al.fetch(A)).data).toEqual(source);
  await al.close();
  await expect(connect(server.url, { tls })).rejects.toMatchObject({ code: 'E_AUTH' });
  await expect(connect(server.url, { token: 'a b c' })).rejects.toMatchObject({ name: 'AlchemistError' });
  await expect(connect(server.url.replace('alchemist:', 'alchemists:'), { token: 'a b c' })).rejects.toMatchObject({ code: 'E_CLOSED', message: expect.stringMatching(/self-signed/) });
  for (const port of [server.port, ...server.workerPorts]) {
    const plain = await RawClient.open(port);
    plain.write('GET / HTTP/1.1\r\n\r\n');
    await plain.closed();
    const silent = await RawClient.open(port);
    const old = await new Promise((resolve) => connectTls({ port, ...tls, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }, () => resolve('connected')).on('error', () => resolve('refused')));
    expect(old).toBe('refused');
    await silent.closed();
  }
  await using again = await connect(server.url, { workers: 2, tls, token: 'a b c' });
  expect(again.workers).toBe(2);
});

test('other hosts are served with a token, or on purpose only', async () => {
  await expect(serve({ port: 0, workers: 1, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'E_AUTH', message: expect.stringMatching(/0\.0\.0\.0.*insecure/) });
  const open = await started({ workers: 1, host: '0.0.0.0', insecure: true, advertise: '127.0.0.1' });
  await mustServe(open);
  const locked = await started({ workers: 1, host: '0.0.0.0', token: 't', advertise: '127.0.0.1' });
  await using al = await connect(locked.url, { token: 't' });
  expect((await al.listWorkers())[0].host).toBe('127.0.0.1');
});

test.each([
  [{ token: '' }, 'E_ARGUMENT', /token is empty/],
  [{ tokenFile: '/nowhere' }, 'E_FILE', /token file \/nowhere cannot be read/],
  [{ tlsCert: at('cert.pem') }, 'E_ARGUMENT', /both a certificate and a key/],
  [{ port: 65_535, workers: 2 }, 'E_ARGUMENT', /port must be 0 or from 1 to 65533/],
  [{ workers: 0 }, 'E_ARGUMENT', /workers must be an integer from 1/],
  [{ memoryPerWorker: '9GiB' }, 'E_ARGUMENT', /memoryPerWorker/],
  [{ data: '/nowhere' }, 'E_ARGUMENT', /data directory \/nowhere/],
  [{ libraries: '/nowhere' }, 'E_ARGUMENT', /library directory \/nowhere/],
  [{ host: '203.0.113.77', insecure: true }, 'E_ENVIRONMENT', /cannot listen on 203\.0\.113\.77/],
])('%j is refused in one line', async (options, code, words) => {
  await expect(serve({ port: 0, workers: 1, ...options })).rejects.toMatchObject({ name: 'AlchemistError', code, message: expect.stringMatching(words) });
});
