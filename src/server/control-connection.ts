/** One control connection of the native protocol: a client's requests to the driver, and their answers. */
import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { EmbeddedBackend } from '../engine/embedded.js';
import { AlchemistError } from '../errors.js';
import { describeTasks } from '../library/library.js';
import { openLibrary } from '../library/open.js';
import type { Frame } from '../protocol/frame-decoder.js';
import { MAX_HEADER_BYTES, MAX_IN_FLIGHT, MAX_PAYLOAD_BYTES } from '../protocol/limits.js';
import { decodeMessage, encodeMessage, type Message, requestId } from '../protocol/messages.js';
import { type Answered, encodeError, encodeReply, type ResultOf } from '../protocol/replies.js';
import type { Value } from '../protocol/value.js';
import { negotiate } from '../protocol/version.js';
import type { TaskReply } from '../session/backend.js';
import type { Driver } from './driver.js';
import { FramedConnection } from './framed-connection.js';
import { hangUp } from './port.js';
import type { ServerSession } from './session.js';

/** Matrices that a session may hold. */
const MAX_MATRICES = 65_536;
/** A control frame carries no payload. */
const LIMITS = { headerBytes: MAX_HEADER_BYTES, payloadBytes: 0 };

type Request = Exclude<Message, { kind: 'WELCOME' | 'REPLY' | 'ERROR' | 'PROGRESS' | 'BLOCK' | 'ATTACH' | 'PUT' | 'GET' }>;

export class ControlConnection extends FramedConnection {
  readonly #driver: Driver;
  #session: ServerSession | undefined;
  /** What cancels each request under way, by its id. */
  readonly #running = new Map<number, AbortController>();
  /** Whether CLOSE has come. */
  #leaving = false;
  /** Libraries that this session has loaded, by name, and where they come from. */
  readonly #libraries = new Map([['elemental', 'elemental']]);

  constructor(socket: Socket, driver: Driver) {
    super(socket, LIMITS);
    this.#driver = driver;
  }

  get session(): ServerSession | undefined {
    return this.#session;
  }

  get greeted(): boolean {
    return this.#session !== undefined;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  protected override ended(): void {
    for (const controller of this.#running.values()) controller.abort();
    if (this.#session) this.#driver.end(this.#session);
  }

  protected override failed(error: Error): void {
    this.#driver.log.warn({ session: this.#session?.id, peer: this.socket.remoteAddress, error: error.message }, 'connection lost its frames');
  }

  protected override begin(frame: Frame): undefined {
    const id = requestId(frame);
    try {
      const message = decodeMessage(frame);
      if (message.kind === 'HELLO') return this.#welcome(message);
      if (!this.#session) throw new AlchemistError('E_AUTH', `${message.kind} came before HELLO`, { hint: 'a connection begins with HELLO' });
      if (message.kind === 'CANCEL') return void this.#running.get(message.id)?.abort();
      if (this.#driver.stopping) throw new AlchemistError('E_CLOSED', 'the server is stopping');
      if (this.#leaving) throw new AlchemistError('E_CLOSED', 'the session is closed', { hint: 'connect again' });
      this.#leaving = message.kind === 'CLOSE';
      if (this.#running.has(id)) throw new AlchemistError('E_PROTOCOL', `a request with the id ${id} is under way already`, { hint: 'give every request an id of its own' });
      if (this.#running.size >= MAX_IN_FLIGHT) {
        throw new AlchemistError('E_PROTOCOL', `more than ${MAX_IN_FLIGHT} requests are under way on this connection`, { hint: 'wait for answers' });
      }
      void this.#serve(message as Request);
    } catch (error) {
      this.write(encodeError(id, error));
      // Whoever cannot say who they are has no further business here.
      if (!this.#session) hangUp(this.socket);
    }
    return undefined;
  }

  #welcome({ id, versions, client, token }: Extract<Message, { kind: 'HELLO' }>): undefined {
    const version = negotiate(versions);
    const { token: expected, program, log } = this.#driver;
    if (expected !== undefined && !sameText(token ?? '', expected)) {
      log.warn({ peer: this.socket.remoteAddress, client }, 'wrong token');
      throw new AlchemistError('E_AUTH', token === undefined ? 'this server wants a token' : 'the token is wrong', { hint: 'connect with the token that the server was started with' });
    }
    this.#session ??= this.#driver.begin();
    const limits = { headerBytes: MAX_HEADER_BYTES, payloadBytes: MAX_PAYLOAD_BYTES, inFlight: MAX_IN_FLIGHT, matrices: MAX_MATRICES };
    log.info({ session: this.#session.id, peer: this.socket.remoteAddress, client }, 'session begins');
    this.write(encodeMessage('WELCOME', { id, version, server: program, limits, session: this.#session.id, secret: this.#session.secret }));
    return undefined;
  }

  async #serve(request: Request): Promise<void> {
    const { id, kind } = request;
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const result = await this.#answer(request, controller.signal);
      this.write(encodeReply(kind as Answered, id, result as ResultOf<Answered>));
      if (kind === 'CLOSE') hangUp(this.socket);
    } catch (error) {
      this.#driver.log.debug({ session: this.#session!.id, request: kind, error: (error as Error).message }, 'request failed');
      this.write(encodeError(id, error));
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(request: Request, signal: AbortSignal): Promise<ResultOf<Answered>> {
    const session = this.#session!;
    switch (request.kind) {
      case 'REQUEST_WORKERS': {
        const { grid, order } = request;
        const granted = await session.requestWorkers(request.count, { grid: grid && [grid.height, grid.width], order });
        await this.#reload();
        return { granted, grid: session.engine.grid, workers: this.#addresses() };
      }
      case 'YIELD_WORKERS': {
        const yielded = await session.yieldWorkers(request.workers);
        if (session.hasWorkers) await this.#reload();
        return { yielded: yielded.map((worker) => worker.id), grid: session.hasWorkers ? session.engine.grid : undefined, workers: this.#addresses() };
      }
      case 'LIST_WORKERS':
        return { workers: this.#driver.listWorkers(session, request.which, this.socket).map(({ group: _, ...state }) => state) };
      case 'LOAD_LIBRARY': {
        const reference = this.#driver.shelf.find(request.name, request.path);
        const library = await openLibrary(reference);
        if (session.hasWorkers) await (await session.settled()).loadLibrary(reference);
        this.#libraries.set(library.name, reference);
        return { name: library.name, about: library.about, tasks: Object.keys(library.tasks) };
      }
      case 'UNLOAD_LIBRARY':
        this.#referenceOf(request.name);
        if (request.name === 'elemental') return {};
        if (session.hasWorkers) await session.engine.unloadLibrary(request.name);
        this.#libraries.delete(request.name);
        return {};
      case 'LIST_LIBRARIES': {
        const loaded = await Promise.all([...this.#libraries.values()].map(openLibrary));
        const others = this.#driver.shelf.names().filter((name) => !this.#libraries.has(name));
        return { libraries: [...loaded.map(({ name, about }) => ({ name, about, loaded: true })), ...others.map((name) => ({ name, about: '', loaded: false }))] };
      }
      case 'LIST_TASKS': {
        return { tasks: await describeTasks(await openLibrary(this.#referenceOf(request.library))) };
      }
      case 'RUN': {
        this.#referenceOf(request.library);
        const onProgress = request.progress ? (line: object): void => this.write(encodeMessage('PROGRESS', { id: request.id, ...line } as never)) : undefined;
        const args = await this.#withFiles(request);
        const engine = await session.settled();
        this.#mustHaveRoom(engine);
        return wireReply(await engine.run(request.library, request.task, args, { signal, onProgress }));
      }
      case 'ESTIMATE':
        this.#referenceOf(request.library);
        return (await session.settled()).estimate(request.library, request.task, await this.#withFiles(request));
      case 'CREATE': {
        const { height, width, dtype, dist, colAlign, rowAlign, root, order } = request;
        const args = { height, width, dtype, dist, colAlign, rowAlign, root, order, fill: true };
        const engine = await session.settled();
        this.#mustHaveRoom(engine);
        const { matrices } = await engine.run('elemental', 'create', args, { signal });
        return { matrix: wireMatrix(matrices.A) };
      }
      case 'FREE':
        if (session.hasWorkers) await (await session.settled()).free(request.ids);
        return {};
      case 'MEMORY':
        return (await session.settled()).memory();
      case 'CLOSE':
        await session.close();
        return {};
      default:
        throw new AlchemistError('E_PROTOCOL', `the driver does not answer ${(request as Message).kind}`);
    }
  }

  async #withFiles({ library, task, args }: { library: string; task: string; args: Readonly<Record<string, unknown>> }): Promise<Record<string, unknown>> {
    return this.#driver.filesIn(this.#session!, library, task, args);
  }

  #mustHaveRoom({ matrices }: EmbeddedBackend): void {
    if (matrices >= MAX_MATRICES) throw new AlchemistError('E_MEMORY', `this session holds ${matrices} matrices, the most that it may`, { hint: 'free some', fields: { matrices } });
  }

  #referenceOf(library: string): string {
    const reference = this.#libraries.get(library);
    if (reference === undefined) {
      throw new AlchemistError('E_ARGUMENT', `the library ${JSON.stringify(library)} is not loaded`, { hint: `loaded are ${[...this.#libraries.keys()].join(', ')}` });
    }
    return reference;
  }

  /** A new team knows only the built-in library. */
  async #reload(): Promise<void> {
    for (const reference of this.#libraries.values()) await this.#session!.engine.loadLibrary(reference);
  }

  /** Where the session's workers are, as this client reaches them. */
  #addresses(): ResultOf<'REQUEST_WORKERS'>['workers'] {
    return this.#session!.workers.map(({ id, port }) => ({ id, port, host: this.#driver.hostFor(this.socket) }));
  }
}

const wireMatrix = ({ id, layout, dtype }: TaskReply['matrices'][string]) => ({ id, layout, dtype });

function wireReply({ matrices, values, cost }: TaskReply): ResultOf<'RUN'> {
  return {
    matrices: Object.fromEntries(Object.entries(matrices).map(([name, record]) => [name, wireMatrix(record)])),
    values: values as Record<string, Value>,
    cost,
  };
}

/** Whether two texts are equal, in a time that tells nothing of where they differ. */
function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length ? timingSafeEqual(x, y) : (timingSafeEqual(y, y), false);
}
