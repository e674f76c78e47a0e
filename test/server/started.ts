/** Servers for tests: on any free ports, closed after the test file; and raw connections to them. */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type AlchemistServer, connect, type ConnectOptions, serve, type ServeOptions, type Session } from '#src/index.js';
import { FrameDecoder } from '#src/protocol/frame-decoder.js';
import { decodeMessage, encodeMessage, type Header, type Kind, type Message } from '#src/protocol/messages.js';

/** The folder of trial.js, a library whose tasks fail in every way. */
export const TRIALS = fileURLToPath(new URL('../engine/', import.meta.url));

const running: AlchemistServer[] = [];
afterAll(async () => {
  await Promise.all(running.map((server) => server.close()));
});

export async function started(options: ServeOptions = {}): Promise<AlchemistServer> {
  const server = await serve({ port: 0, workers: 2, memoryPerWorker: '64MiB', libraries: TRIALS, drainSeconds: 0, ...options });
  running.push(server);
  return server;
}

/** A connected session with the library of trial tasks. */
export async function session(server: AlchemistServer, options?: ConnectOptions): Promise<Session> {
  const opened = await connect(server.url, options);
  await opened.loadLibrary('trial.js');
  return opened;
}

/** Waits until something holds; a test that waits too long says what for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, milliseconds = 15_000): Promise<void> {
  for (const end = performance.now() + milliseconds; !(await holds()); ) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until nobody is there any more, and every worker is free. */
export async function mustBeFree(server: AlchemistServer): Promise<void> {
  await until('all sessions have ended', () => server.sessions === 0);
  // A session has ended a moment before its workers are back.
  await until('all workers are free', async () => (await freeWorkers(server)) === server.workerPorts.length);
}

/** Nobody is there any more, and a fresh client gets all workers and can use them. */
export async function mustServe(server: AlchemistServer, workers = server.workerPorts.length): Promise<void> {
  await mustBeFree(server);
  await using al = await connect(server.url, { workers });
  expect(al.workers).toBe(workers);
  const A = await al.send(Array.from({ length: 7 }, (_, i) => [i, 1, -i]));
  const C = await al.gemm(A, A, { transposeA: true });
  expect((await al.fetch(C)).toArray()).toEqual([[91, 21, -91], [21, 7, -21], [-91, -21, 91]]);
  expect((await al.memory()).matrices).toBe(2);
}

async function freeWorkers(server: AlchemistServer): Promise<number> {
  const { client } = await RawClient.greeted(server);
  const { result } = (await client.ask('LIST_WORKERS', { id: 2, which: 'inactive' })) as unknown as { result: { workers: unknown[] } };
  client.socket.destroy();
  return result.workers.length;
}

type Answer = Message & { readonly payload: number[] };

/** A connection that says what it is told to, and gathers the messages that come back. */
export class RawClient {
  readonly answers: Answer[] = [];
  /** Everything that came, as it came. */
  received = Buffer.alloc(0);
  ended = false;
  #decoder = new FrameDecoder((frame) => {
    const answer = { ...decodeMessage(frame), payload: [] as number[] };
    return { take: (bytes) => answer.payload.push(...bytes), end: () => this.answers.push(answer) };
  });

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      try {
        this.#decoder.push(bytes);
      } catch {
        // Not our protocol: the test looks at `received`.
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => (this.ended = true));
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connectSocket({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send<K extends Kind>(kind: K, header: Header<K>, payload: readonly Uint8Array[] = []): void {
    for (const piece of encodeMessage(kind, header, payload)) this.write(piece);
  }

  write(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** The answer to a request. */
  async answer(id: number): Promise<Answer> {
    await until(`request ${id} is answered`, () => this.ended || this.answers.some((answer) => 'id' in answer && answer.id === id));
    const found = this.answers.find((answer) => 'id' in answer && answer.id === id);
    if (!found) throw new Error(`the server hung up instead of answering ${id}`);
    return found;
  }

  async ask<K extends Kind>(kind: K, header: Header<K>, payload: readonly Uint8Array[] = []): Promise<Answer> {
    this.send(kind, header, payload);
    return this.answer((header as { id: number }).id);
  }

  async closed(): Promise<void> {
    await until('the server hangs up', () => this.ended);
  }

  /** Says HELLO and asks for workers. */
  static async greeted(server: AlchemistServer, workers = 0): Promise<{ client: RawClient; welcome: Header<'WELCOME'>; ports: number[] }> {
    const client = await RawClient.open(server.port);
    const welcome = (await client.ask('HELLO', HELLO)) as unknown as Header<'WELCOME'>;
    if (workers === 0) return { client, welcome, ports: [] };
    const granted = (await client.ask('REQUEST_WORKERS', { id: 2, count: workers })) as unknown as { result: { workers: { port: number }[] } };
    return { client, welcome, ports: granted.result.workers.map(({ port }) => port) };
  }
}

export const HELLO: Header<'HELLO'> = { id: 1, versions: { min: 1, max: 1 }, client: { name: 'test', language: 'TypeScript' } };
