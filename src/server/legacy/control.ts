/** A legacy client's connection to the driver. */
import { basename, extname } from 'node:path';
import type { Socket } from 'node:net';
import { AlchemistError } from '../../errors.js';
import { openLibrary } from '../../library/open.js';
import type { ErrorCode } from '../../errors.js';
import { ERRORS, commandName } from '../../protocol/legacy/codes.js';
import { compatGrid } from '../../protocol/legacy/compat-grid.js';
import type { MessageHeader } from '../../protocol/legacy/header.js';
import type { MatrixInfo } from '../../protocol/legacy/matrix-info.js';
import type { Parameter, ResultParameter, Scalar } from '../../protocol/legacy/parameter.js';
import { encodeRefusal } from '../../protocol/legacy/refusals.js';
import { decodeRequest, type LegacyRequest } from '../../protocol/legacy/requests.js';
import { encodeLibraryId, encodeMatrixInfo, encodeTaskResults, encodeText, encodeWorkers } from '../../protocol/legacy/responses.js';
import { driverReceived, driverTestString } from '../../protocol/legacy/test-strings.js';
import type { WorkerInfo } from '../../protocol/legacy/worker-info.js';
import type { MatrixRecord } from '../../session/backend.js';
import type { Driver } from '../driver.js';
import type { ServerSession } from '../session.js';
import type { Worker } from '../worker-pool.js';
import { LegacyConnection, shortId } from './connection.js';
import { machineOf } from './machine-of.js';
import { MatrixIds } from './matrix-ids.js';

/** The first library of a session has had this id since the first server. */
const FIRST_LIBRARY = 3;

type RunTask = Extract<LegacyRequest, { command: 'RUN_TASK' }>;

export class LegacyControl extends LegacyConnection {
  readonly #driver: Driver;
  #session: ServerSession | undefined;
  /** What the client calls its matrices. */
  #ids: MatrixIds | undefined;
  /** Handshakes on this connection: the client's session id. */
  #handshakes = 0;
  /** Loaded libraries by id: their names. */
  readonly #libraries = new Map<number, string>();

  constructor(socket: Socket, driver: Driver) {
    super(socket, () => {
      // These clients cannot show a token: a server that wants one is not for them.
      if (driver.token !== undefined) throw new AlchemistError('E_AUTH', 'this server wants a token, which legacy clients cannot give');
      this.#session ??= driver.begin(machineOf(socket));
      this.#ids ??= new MatrixIds(this.#session.secret);
      return { clientId: shortId(this.#session.id), sessionId: shortId(++this.#handshakes) };
    });
    this.#driver = driver;
  }

  get session(): ServerSession | undefined {
    return this.#session;
  }

  override closed(): void {
    super.closed();
    if (this.#session) this.#driver.end(this.#session);
  }

  protected override async answer(header: MessageHeader, body: Uint8Array): Promise<void> {
    const to = this.to!;
    const session = this.#session!;
    const request = decodeRequest(header.command, body, to.client);
    const { command } = request;
    if (this.#driver.stopping) throw new AlchemistError('E_CLOSED', 'the server is stopping');
    switch (command) {
      case 'SEND_TEST_STRING':
        return this.write(encodeText(to, command, driverReceived(to.sessionId, request.text)));
      case 'REQUEST_TEST_STRING':
        return this.write(encodeText(to, command, driverTestString(to.sessionId)));
      case 'CLIENT_INFO':
        return this.write(encodeText(to, command, `Logs saved to: ${request.logDirectory}`));
      case 'CLOSE_CONNECTION':
        this.closed();
        return void this.socket.end();
      case 'SHUTDOWN':
        throw new AlchemistError('E_AUTH', 'a client cannot shut this server down');
      case 'REQUEST_WORKERS':
        return this.#requestWorkers(request.count);
      case 'YIELD_WORKERS':
        return this.write(encodeWorkers(to, command, this.#describe(await session.yieldWorkers(request.workers.length > 0 ? request.workers : undefined), 0)));
      case 'LIST_ALL_WORKERS':
      case 'LIST_ACTIVE_WORKERS':
      case 'LIST_INACTIVE_WORKERS':
      case 'LIST_ASSIGNED_WORKERS':
      case 'SEND_ASSIGNED_WORKERS_INFO': {
        const which = command.split('_')[1].toLowerCase() as 'all' | 'active' | 'inactive' | 'assigned';
        return this.write(encodeWorkers(to, command, this.#list(which)));
      }
      case 'LOAD_LIBRARY':
        return this.write(encodeLibraryId(to, command, await this.#loadLibrary(request.name, request.path)));
      case 'UNLOAD_LIBRARY':
        this.#libraryOf(request.library);
        this.#libraries.delete(request.library);
        return this.write(encodeLibraryId(to, command, request.library));
      case 'SEND_MATRIX_INFO': {
        if (request.sparse) throw new AlchemistError('E_ARGUMENT', 'this server holds dense matrices only', { hint: 'send it dense' });
        const { height, width, layout: dist } = request;
        // The entries come by rows.
        const { matrices } = await session.engine.run('elemental', 'create', { height, width, dist, order: 'row' });
        return this.write(encodeMatrixInfo(to, this.#matrixInfo(matrices.A, request.name)));
      }
      case 'RUN_TASK':
        return this.write(encodeTaskResults(to, await this.#runTask(request)));
      default:
        throw new AlchemistError('E_ARGUMENT', `the driver does not answer ${commandName(header.command) ?? header.command}; ask a worker`);
    }
  }

  async #requestWorkers(count: number): Promise<void> {
    const to = this.to!;
    if (count === 0) return this.write(encodeRefusal(to, 11, 'at least one worker must be requested', ERRORS.NONPOS_WORKER_REQUEST));
    try {
      // Clients count the workers that they know, and take the answer for all they have.
      await this.#session!.requestWorkers(count);
    } catch (error) {
      const { code } = error as { code?: ErrorCode };
      if (code !== 'E_WORKERS' || this.#session!.workers.length === 0) throw error;
    }
    this.write(encodeWorkers(to, 'REQUEST_WORKERS', this.#describe(this.#session!.workers, this.#session!.id)));
  }

  #list(which: 'all' | 'active' | 'inactive' | 'assigned'): WorkerInfo[] {
    const host = this.#driver.hostFor(this.socket);
    const states = this.#driver.listWorkers(this.#session!, which === 'assigned' ? 'assigned' : which, this.socket);
    return states.map(({ id, port, group }) => ({ id, hostname: host, address: host, port, group: group && shortId(group) }));
  }

  #describe(workers: readonly Worker[], group: number): WorkerInfo[] {
    const host = this.#driver.hostFor(this.socket);
    return workers.map(({ id, port }) => ({ id, hostname: host, address: host, port, group: group && shortId(group) }));
  }

  async #loadLibrary(name: string, path: string): Promise<number> {
    // The paths name compiled libraries of the upstream server; what counts is what the library is called.
    const wanted = [name, basename(path, extname(path))];
    const known = wanted.find((candidate) => this.#driver.shelf.names().includes(candidate)) ?? name;
    const reference = this.#driver.shelf.find(known);
    const library = await openLibrary(reference);
    await this.#session!.engine.loadLibrary(reference);
    const id = FIRST_LIBRARY + this.#libraries.size;
    this.#libraries.set(id, library.name);
    return id;
  }

  #libraryOf(id: number): string {
    const name = this.#libraries.get(id);
    if (name === undefined) throw new AlchemistError('E_ARGUMENT', `no library has the id ${id}`, { hint: 'load it first' });
    return name;
  }

  async #runTask({ library, task, parameters }: RunTask): Promise<ResultParameter[]> {
    const types = new Map(parameters.map(({ name, type }) => [name, type]));
    const args = Object.fromEntries(parameters.map((parameter) => [parameter.name, this.#argument(parameter)]));
    const name = this.#libraryOf(library);
    const { matrices, values } = await this.#session!.engine.run(name, task, await this.#driver.filesIn(this.#session!, name, task, args));
    // Values come first. One that goes by the name of an argument, out_x for in_x, has that argument's type.
    const scalars = Object.entries(values).map(([key, value]) => ({ name: key, ...scalarOf(value, types.get(key) ?? types.get(key.replace(/^out_/, 'in_'))) }));
    const handles = Object.entries(matrices).map(([key, record]) => ({ name: key, type: 'MATRIX_INFO' as const, value: this.#matrixInfo(record, key) }));
    return [...scalars, ...handles];
  }

  /** A parameter as tasks take it. */
  #argument({ type, value }: Parameter): unknown {
    if (type === 'MATRIX_ID') return { matrix: this.#ids!.meant(value) };
    return type === 'CHAR' ? String.fromCharCode(value) : value;
  }

  #matrixInfo({ id, layout }: MatrixRecord, name: string): MatrixInfo {
    const { height, width, colDist, rowDist } = layout;
    const pair = `${colDist}_${rowDist}` as Parameters<typeof compatGrid>[0];
    const workers = this.#session!.workers.map((worker) => worker.id);
    return { id: this.#ids!.shown(id), name, height, width, ...compatGrid(pair, workers, height, width) };
  }
}

/** A result as the clients' types have it; lists of numbers travel as text, since no type holds them. */
function scalarOf(value: unknown, wanted: Scalar['type'] | undefined): Scalar {
  if (typeof value === 'string') return wanted === 'CHAR' ? { type: 'CHAR', value: value.charCodeAt(0) & 0xff } : { type: 'STRING', value };
  if (typeof value === 'bigint') return { type: 'LONG', value };
  if (typeof value === 'boolean') return { type: 'BYTE', value: value ? 1 : 0 };
  if (typeof value === 'number') {
    if (wanted !== undefined && wanted !== 'STRING' && wanted !== 'MATRIX_ID') return { type: wanted, value } as Scalar;
    return Number.isSafeInteger(value) && value >= 0 ? { type: 'LONG', value } : { type: 'DOUBLE', value };
  }
  return { type: 'STRING', value: JSON.stringify(ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value) };
}
