/** What a server says to those who ask for the wrong thing: a clear error to that client alone, on either port. */
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AlchemistServer, connect, type Session } from '#src/index.js';
import { formatNpyHeader } from '#src/io/npy-header.js';
import { encodeFrame } from '#src/protocol/frame.js';
import { encodeMessage, MESSAGES } from '#src/protocol/messages.js';
import { HELLO, mustServe, RawClient, started, until } from './started.js';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'server-test-')));
const data = path.join(folder, 'data');
mkdirSync(path.join(data, 'deep'), { recursive: true });
writeFileSync(path.join(folder, 'secret.csv'), '1,2\n');
writeFileSync(path.join(data, 'good.csv'), '1,2\n3,4\n');
writeFileSync(path.join(data, 'words.csv'), 'this is,\nno matrix\n,,,\n');
writeFileSync(path.join(data, 'picture.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
const npy = formatNpyHeader('<f8', false, 100, 100);
writeFileSync(path.join(data, 'cut.npy'), npy);
truncateSync(path.join(data, 'cut.npy'), npy.length + 1000);
symlinkSync(path.join(folder, 'secret.csv'), path.join(data, 'link.csv'));
symlinkSync(folder, path.join(data, 'out'));

let server: AlchemistServer;
let al: Session;
beforeAll(async () => {
  server = await started({ workers: 3, data });
  al = await connect(server.url);
});
afterEach(async () => {
  // Whatever somebody else has sent, this session does not notice.
  const A = await al.send([[1, 2], [3, 4]]);
  expect((await al.fetch(A)).toArray()).toEqual([[1, 2], [3, 4]]);
  await A.free();
});

describe('files', () => {
  test('inside the data directory are read and written', async () => {
    expect(await al.estimate('load', { path: 'good.csv' })).toEqual({ flops: 0, bytesMoved: 0, memoryPerRank: expect.any(Number) });
    const A = await al.load('good.csv');
    await al.save(A, 'deep/copy.npy');
    const B = await al.load('./deep/../deep/copy.npy');
    expect((await al.fetch(B)).toArray()).toEqual([[1, 2], [3, 4]]);
    await al.free(A, B);
  });

  test.each(['../secret.csv', 'deep/../../secret.csv', path.join(folder, 'secret.csv'), '/etc/passwd', 'link.csv', 'out/secret.csv', 'none.csv', '', '.', 'good.csv\0', 'words.csv', 'picture.png', 'cut.npy', 'deep'])(
    '%j cannot be read',
    async (name) => {
      for (const call of [() => al.load(name), () => al.estimate('load', { path: name })]) {
        await expect(call()).rejects.toMatchObject({ name: 'AlchemistError', code: 'E_FILE', message: expect.stringContaining(name.replace('\0', '').slice(-4)) });
      }
      expect((await al.memory()).matrices).toBe(0);
    },
  );

  test.each(['../new.npy', '/tmp/new.npy', 'out/new.npy', 'nowhere/new.npy', '..', 'link.csv'])('%j cannot be written', async (name) => {
    const A = await al.ones(2, 2);
    await expect(al.save(A, name)).rejects.toMatchObject({ code: 'E_FILE' });
    await A.free();
  });

  test('libraries come from the library directory only', async () => {
    for (const wanted of ['../session/suite/everywhere.js', '/etc/passwd', 'nosuch.js', '../../package.json', 'file:///etc/passwd', 'child.d.ts']) {
      const outcome = al.loadLibrary(wanted);
      await expect(outcome).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/there is no library/) });
    }
    await expect(al.loadLibrary('child.js')).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/no library/) });
  });

  test('a server without directories lets clients name nothing', async () => {
    const bare = await started({ workers: 1, libraries: undefined });
    await using guest = await connect(bare.url);
    await expect(guest.load('good.csv')).rejects.toMatchObject({ code: 'E_FILE', message: expect.stringMatching(/no files.*--data DIR/) });
    await expect(guest.loadLibrary('trial')).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/--libraries DIR/) });
  });
});

describe('who comes', () => {
  test('without the token, or with a wrong one, is turned away', async () => {
    const locked = await started({ workers: 1, token: 'open sesame' });
    await expect(connect(locked.url)).rejects.toMatchObject({ code: 'E_AUTH', message: expect.stringMatching(/wants a token/) });
    for (const token of ['open Sesame', 'open sesam', 'open sesame ', '']) await expect(connect(locked.url, { token })).rejects.toMatchObject({ code: 'E_AUTH', message: expect.stringMatching(/token is wrong/) });
    await using guest = await connect(locked.url, { token: 'open sesame' });
    expect(guest.workers).toBe(1);
    const stranger = await RawClient.open(locked.port);
    expect(await stranger.ask('LIST_WORKERS', { id: 1, which: 'all' })).toMatchObject({ kind: 'ERROR', code: 'E_AUTH' });
    await stranger.closed();
  });

  test('with another protocol version is told which one', async () => {
    const late = await RawClient.open(server.port);
    const answer = await late.ask('HELLO', { ...HELLO, versions: { min: 7, max: 9 } });
    expect(answer).toMatchObject({ kind: 'ERROR', code: 'E_VERSION', message: expect.stringMatching(/versions 7 to 9.*version 1/) });
    await late.closed();
    const later = await RawClient.open(server.port);
    for (const piece of encodeFrame(1, HELLO, [], 9)) later.write(piece);
    await later.closed();
    expect(later.answers).toMatchObject([{ kind: 'ERROR', id: 0, code: 'E_VERSION' }]);
  });

  test('with HTTP or TLS hears so in its own language, on both ports', async () => {
    for (const port of [server.port, ...server.workerPorts]) {
      const browser = await RawClient.open(port);
      browser.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await browser.closed();
      expect(browser.received.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*speaks the Alchemist protocol, not HTTP/);
      const secure = await RawClient.open(port);
      secure.write(Buffer.from('16030100c8010000c40303', 'hex'));
      await secure.closed();
      expect(secure.received.toString('hex')).toBe('15030300020228');
      const noise = await RawClient.open(port);
      noise.write('what?');
      await noise.closed();
    }
    await expect(fetch(`http://127.0.0.1:${server.port}/`).then((reply) => reply.status)).resolves.toBe(400);
    await expect(connect(server.url.replace('alchemist:', 'alchemists:'))).rejects.toMatchObject({ code: 'E_CLOSED' });
  });
});

describe('a driver', () => {
  test('refuses requests before HELLO, of unknown kinds, of workers, twice under one id, and after CLOSE', async () => {
    const early = await RawClient.open(server.port);
    expect(await early.ask('MEMORY', { id: 4 })).toMatchObject({ code: 'E_AUTH', message: expect.stringMatching(/MEMORY came before HELLO/) });
    await early.closed();
    const { client } = await RawClient.greeted(server);
    expect(await client.ask('MEMORY', { id: 5 })).toMatchObject({ code: 'E_WORKERS', message: expect.stringMatching(/has no workers/) });
    expect(await client.ask('GET', { id: 6, matrix: 1, rows: { start: 0, step: 1, count: 1 }, cols: { start: 0, step: 1, count: 1 }, order: 'row' })).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/does not answer GET/) });
    for (const piece of encodeFrame(200, { id: 7 })) client.write(piece);
    expect(await client.answer(7)).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/unknown kind 200/) });
    for (const piece of encodeFrame(MESSAGES.RUN.code, { id: 8, library: 'elemental', task: 7, args: {} })) client.write(piece);
    expect(await client.answer(8)).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/RUN\.task must be a text/) });
    await client.ask('REQUEST_WORKERS', { id: 20, count: 1 });
    await client.ask('LOAD_LIBRARY', { id: 21, name: 'trial' });
    const slow = encodeMessage('RUN', { id: 9, library: 'trial', task: 'wait', args: { milliseconds: 300 } });
    client.write(Buffer.concat([...slow, ...slow])); // one write: on a busy machine a second one may come when the first is answered
    await until('both are answered', () => client.answers.filter((answer) => 'id' in answer && answer.id === 9).length === 2);
    expect(client.answers.filter((answer) => 'id' in answer && answer.id === 9).map(({ kind }) => kind).sort()).toEqual(['ERROR', 'REPLY']);
    client.send('CLOSE', { id: 10 });
    client.send('REQUEST_WORKERS', { id: 11, count: 1 });
    await client.closed();
    expect(client.answers).not.toContainEqual(expect.objectContaining({ kind: 'REPLY', id: 11 }));
  });

  test('refuses frames that announce more than they may, without waiting for it', async () => {
    for (const prelude of ['414c010100001000' + '0000000000000000', '414c0101ffffffff0000000000000000', '414c0124050000000100000000000000', '414c012400000000' + '0000000000000000', '414c0101050000000000000000000080']) {
      const client = await RawClient.open(server.port);
      client.write(Buffer.from(prelude, 'hex'));
      if (prelude.startsWith('414c010100001000')) client.write(new Uint8Array(2 ** 20));
      await client.closed();
      expect(client.answers).toMatchObject([{ kind: 'ERROR', id: 0, code: 'E_PROTOCOL' }]);
    }
  });

  test('takes no more requests at once than it has said', async () => {
    const { client, welcome } = await RawClient.greeted(server, 1);
    await client.ask('LOAD_LIBRARY', { id: 3, name: 'trial' });
    const more = welcome.limits.inFlight + 10;
    for (let k = 0; k < more; k++) client.send('RUN', { id: 100 + k, library: 'trial', task: 'wait', args: { milliseconds: 20 } });
    expect(await client.answer(99 + more)).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/more than 64 requests/) });
    client.socket.destroy();
    await until('its worker is free', async () => (await al.listWorkers('inactive')).length === 2);
  });
});

describe('a worker', () => {
  const all = { rows: { start: 0, step: 1, count: 2 }, cols: { start: 0, step: 1, count: 2 } };
  const some = { ...all, order: 'row', dtype: 'f64' } as const;

  test('gives matrices to their session only: not before ATTACH, not with the secret of another, not by guessed ids', async () => {
    const mine = await RawClient.greeted(server, 1);
    const other = await RawClient.greeted(server, 1);
    const created = (await mine.client.ask('CREATE', { id: 3, height: 2, width: 2, dtype: 'f64', dist: 'MC_MR' })) as unknown as { result: { matrix: { id: number } } };
    const matrix = created.result.matrix.id;
    const payload = [new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer)];

    const stranger = await RawClient.open(mine.ports[0]);
    expect(await stranger.ask('GET', { id: 1, matrix, ...some })).toMatchObject({ code: 'E_AUTH' });
    expect(await stranger.ask('PUT', { id: 2, matrix, ...some, last: true }, payload)).toMatchObject({ code: 'E_AUTH' });
    const { session, secret } = other.welcome;
    expect(await stranger.ask('ATTACH', { id: 3, session, secret })).toMatchObject({ code: 'E_AUTH' });
    expect(await stranger.ask('ATTACH', { id: 4, session: mine.welcome.session, secret })).toMatchObject({ code: 'E_AUTH', message: expect.stringMatching(/does not work for session/) });
    expect(await stranger.ask('ATTACH', { id: 5, session: mine.welcome.session, secret: new Uint8Array(16) })).toMatchObject({ code: 'E_AUTH' });
    expect(await stranger.ask('GET', { id: 6, matrix, ...some })).toMatchObject({ code: 'E_AUTH' });
    stranger.socket.destroy();

    const guessing = await RawClient.open(other.ports[0]);
    expect(await guessing.ask('ATTACH', { id: 1, session, secret })).toMatchObject({ kind: 'REPLY' });
    expect(await guessing.ask('GET', { id: 2, matrix, ...some })).toMatchObject({ code: 'E_FREED' });
    expect(await guessing.ask('PUT', { id: 3, matrix, ...some, last: true }, payload)).toMatchObject({ code: 'E_FREED' });
    expect(await other.client.ask('RUN', { id: 4, library: 'elemental', task: 'norm', args: { A: { matrix } } })).toMatchObject({ code: 'E_FREED' });
    expect(await other.client.ask('FREE', { id: 5, ids: [matrix] })).toMatchObject({ kind: 'REPLY' });

    const own = await RawClient.open(mine.ports[0]);
    await own.ask('ATTACH', { id: 1, session: mine.welcome.session, secret: mine.welcome.secret });
    expect(await own.ask('PUT', { id: 2, matrix, ...some, last: true }, payload)).toMatchObject({ kind: 'REPLY', result: { bytes: 32 } });
    expect((await own.ask('GET', { id: 3, matrix, ...some })).payload).toEqual([...payload[0]]);
    for (const { client } of [mine, other]) client.socket.destroy();
    await own.closed();
    await guessing.closed();
  });

  test('refuses blocks of another type, outside the matrix, or of another length, and takes the next ones', async () => {
    const { client, welcome, ports } = await RawClient.greeted(server, 1);
    const created = (await client.ask('CREATE', { id: 3, height: 2, width: 2, dtype: 'f64', dist: 'MC_MR' })) as unknown as { result: { matrix: { id: number } } };
    const matrix = created.result.matrix.id;
    const worker = await RawClient.open(ports[0]);
    await worker.ask('ATTACH', { id: 1, session: welcome.session, secret: welcome.secret });
    expect(await worker.ask('PUT', { id: 2, matrix, ...some, dtype: 'f32', last: true }, [new Uint8Array(16)])).toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/type f64, but the block has f32/) });
    const outside = { start: 1, step: 1, count: 2 };
    expect(await worker.ask('PUT', { id: 3, matrix, ...some, rows: outside, last: true }, [new Uint8Array(32)])).toMatchObject({ code: 'E_SHAPE', message: expect.stringMatching(/does not fit into the 2×2 matrix/) });
    expect(await worker.ask('GET', { id: 4, matrix, ...some, cols: { start: 2 ** 50, step: 1, count: 1 } })).toMatchObject({ code: 'E_SHAPE' });
    expect(await worker.ask('GET', { id: 5, matrix, ...some, dtype: 'f32' })).toMatchObject({ code: 'E_ARGUMENT' });
    expect(await worker.ask('RUN', { id: 6, library: 'elemental', task: 'nothing', args: {} })).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/takes ATTACH, PUT and GET/) });
    for (const piece of encodeFrame(MESSAGES.PUT.code, { id: 7, matrix, ...some, last: true }, [new Uint8Array(24)])) worker.write(piece);
    expect(await worker.answer(7)).toMatchObject({ code: 'E_PROTOCOL', message: expect.stringMatching(/payload of 32 bytes, got 24/) });
    expect(await worker.ask('PUT', { id: 8, matrix, ...some, last: true }, [new Uint8Array(Float64Array.of(5, 6, 7, 8).buffer)])).toMatchObject({ kind: 'REPLY' });
    const column = await worker.ask('GET', { id: 9, matrix, ...some, order: 'column', cols: { start: 1, step: 1, count: 1 } });
    expect(new Float64Array(Uint8Array.from(column.payload).buffer)).toEqual(Float64Array.of(6, 8));
    expect((await worker.ask('GET', { id: 10, matrix, ...some, rows: { start: 0, step: 1, count: 0 } })).payload).toEqual([]);
    client.socket.destroy();
  });
});

test('after all that the server serves as before', async () => {
  await al.close();
  await mustServe(server);
  al = await connect(server.url);
});
