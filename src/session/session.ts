/** A session: the matrices of one user and every operation on them. The same class serves the embedded engine and a server's client. */
import { AlchemistError } from '../errors.js';
import { parseGridShape } from '../layout/grid-shape.js';
import { describe, makeLayout, type Range, viewLayout } from '../layout/layout.js';
import type {
  Backend, CallCost, CallOptions, Estimate, GridInfo, LibraryInfo, MatrixRecord, MemoryReport, TaskInfo, TaskReply, WorkerInfo, WorkerSelection,
} from './backend.js';
import { fillByPieces } from './from-function.js';
import { hostArray, type MatrixLike } from './host-array.js';
import { HostMatrix } from './host-matrix.js';
import { MatrixHandle } from './matrix-handle.js';
import { Operations, type Results } from './operations.js';
import type { FetchOptions, LoadOptions, NewMatrixOptions, SaveOptions, SendOptions, WorkerOptions } from './options.js';
import { orderOf } from './strided-copy.js';

/** The name of the library that holds the engine's own operations. */
const ELEMENTAL = 'elemental';

export class Session extends Operations implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #handles = new Map<number, WeakRef<MatrixHandle>>();
  #lastCost: CallCost | undefined;

  /** @internal `Alchemist.start` makes sessions. */
  constructor(backend: Backend) {
    super();
    this.#backend = backend;
  }

  /** Shape and order of the process grid. */
  get grid(): GridInfo {
    return this.#backend.grid;
  }

  get workers(): number {
    return this.grid.height * this.grid.width;
  }

  /** Which kernels run. */
  get kernels(): string {
    return this.#backend.kernels;
  }

  /** What the last finished operation has cost. */
  get lastCost(): CallCost | undefined {
    return this.#lastCost;
  }

  /**
   * Distributes a matrix over the workers. Takes a typed array with a `shape`, an array of rows, or anything with data, shape and strides
   * (ndarray, stdlib, ml-matrix, a fetched matrix); copies each entry once, in pieces between which the event loop turns.
   */
  async send(source: MatrixLike, options: SendOptions = {}): Promise<MatrixHandle> {
    const host = hostArray(source, options);
    const { height, width, data } = host;
    const dtype = options.dtype ?? (Object.prototype.toString.call(data) === '[object Float32Array]' ? 'f32' : 'f64');
    const { dist, colAlign, rowAlign, root, signal } = options;
    // Stored in the order of the source, entries are placed line by line.
    const order = orderOf(host);
    return this.#filled({ height, width, dist, colAlign, rowAlign, root, dtype, order }, { signal }, (A) => this.#backend.write(A, whole(height), whole(width), host, { signal }));
  }

  /**
   * A(i,j) := f(i, j), evaluated on the caller's thread in pieces between which the event loop turns; NaN and infinities are kept. What f
   * throws rejects the call; then nothing of the matrix remains.
   * @throws AlchemistError E_ARGUMENT when f returns something that is not a number.
   */
  async fromFunction(height: number, width: number, f: (i: number, j: number) => number, { signal, onProgress: _, ...placement }: NewMatrixOptions = {}): Promise<MatrixHandle> {
    return this.#filled({ height, width, ...placement, order: 'row' }, { signal }, (A) =>
      fillByPieces(height, width, f, (rows, cols, piece) => this.#backend.write(A, rows, cols, piece, { signal }), signal),
    );
  }

  /** A fresh matrix into which the caller's thread writes; freed again when that fails. */
  async #filled(args: Readonly<Record<string, unknown>>, options: CallOptions, fill: (A: MatrixRecord) => Promise<void>): Promise<MatrixHandle> {
    const { matrices } = await this.#run('create', { ...args, fill: false }, options);
    try {
      await fill(matrices.A);
    } catch (error) {
      await this.#backend.free([matrices.A.id]).catch(() => {});
      throw error;
    }
    return this.#handle(matrices.A);
  }

  /** The entries of A, or of the rows and columns asked for. */
  async fetch(A: MatrixHandle, options: FetchOptions = {}): Promise<HostMatrix> {
    const record = this.#record(A);
    const { rows = whole(A.height), cols = whole(A.width), order = 'row', into } = options;
    // Checked before an array is made for what may not exist.
    viewLayout(record.layout, rows, cols);
    if (order !== 'row' && order !== 'column') throw new AlchemistError('E_ARGUMENT', `fetch: order must be 'row' or 'column', got ${JSON.stringify(order)}`);
    const size = rows.count * cols.count;
    if (into && into.length < size) {
      throw new AlchemistError('E_SHAPE', `fetch: ${rows.count}×${cols.count} entries do not fit into an array of ${into.length}`, { fields: { needed: size, given: into.length } });
    }
    const data = into ?? (A.dtype === 'f64' ? new Float64Array(size) : new Float32Array(size));
    const strides: [number, number] = order === 'row' ? [cols.count, 1] : [1, rows.count];
    await this.#backend.read(record, rows, cols, { data, offset: 0, rowStride: strides[0], colStride: strides[1] }, options);
    return new HostMatrix(data, [rows.count, cols.count], strides);
  }

  /**
   * The matrix in a .npy, HDF5 or CSV file, read in bands by all workers at once, straight into their memories: a few megabytes of buffer each,
   * whatever the size of the file. NaN and infinities are kept; operations that need finite numbers refuse them.
   * HDF5 needs the package h5wasm beside this one.
   * @throws AlchemistError E_FILE for what cannot be read, E_ENVIRONMENT without h5wasm, E_MEMORY, before anything is allocated, for what does not fit.
   */
  async load(path: string, { signal, onProgress, ...options }: LoadOptions = {}): Promise<MatrixHandle> {
    const { matrices } = await this.#run('load', { path, ...options }, { signal, onProgress });
    return this.#handle(matrices.A);
  }

  /**
   * Writes A into a file: .npy by all workers at once, .h5, .hdf5, .csv, .tsv and .txt from top to bottom. The file appears, or replaces an old one, when
   * it is complete; a failed or cancelled save leaves nothing behind.
   * @throws AlchemistError E_FILE for what cannot be written, E_ARGUMENT for an unknown extension.
   */
  async save(A: MatrixHandle, path: string, { signal, onProgress, ...options }: SaveOptions = {}): Promise<void> {
    await this.#run('save', { A, path, ...options }, { signal, onProgress });
  }

  /** What a task would cost, before it runs: `estimate('gemm', { A, B })`, `estimate('load', { path })`. The cost of loading is found in the file. */
  async estimate(task: string, args: Readonly<Record<string, unknown>>): Promise<Estimate> {
    return this.#backend.estimate(ELEMENTAL, task, this.#refer(args));
  }

  /** Frees many handles at once. */
  async free(...handles: MatrixHandle[]): Promise<void> {
    await Promise.all(handles.map((A) => A.free()));
  }

  /** Bytes used and free on every worker, and how many matrices live. */
  memory(): Promise<MemoryReport> {
    return this.#backend.memory();
  }

  /** Ends the session: running operations are cancelled, matrices and workers given back. */
  close(): Promise<void> {
    return this.#backend.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Makes the tasks of a library callable by {@link run}. `reference` is the name of a library that is there already, or, embedded, the file: URL
   * of a module whose default export is a library; of a server, the path of a module in its library directory.
   * @returns the library's name.
   * @throws AlchemistError E_ARGUMENT when there is no such library.
   */
  async loadLibrary(reference: string): Promise<string> {
    return (await this.#backend.loadLibrary(reference)).name;
  }

  /** Forgets a library and what its tasks have kept between calls. Its matrices stay. `elemental` cannot be unloaded. */
  async unloadLibrary(name: string): Promise<void> {
    if (name === ELEMENTAL) throw new AlchemistError('E_ARGUMENT', `the library ${ELEMENTAL} holds the session's own operations and stays loaded`);
    await this.#backend.unloadLibrary(name);
  }

  /** The libraries that are loaded, and those that can be loaded by name. */
  libraries(): Promise<readonly LibraryInfo[]> {
    return this.#backend.libraries();
  }

  /** The tasks of a loaded library, with their parameters and results. */
  tasks(library: string = ELEMENTAL): Promise<readonly TaskInfo[]> {
    return this.#backend.tasks(library);
  }

  /**
   * Asks the server for `count` workers more and lays out a grid of all; matrices move there, with their distributions and without their
   * alignments. Nothing else may be under way.
   * @returns how many were granted: fewer when fewer are free.
   * @throws AlchemistError E_WORKERS when none is free, and for an embedded session, whose workers are fixed.
   */
  async requestWorkers(count: number, { grid, order }: WorkerOptions = {}): Promise<number> {
    const granted = await this.#backend.requestWorkers(count, { grid: grid === undefined ? undefined : parseGridShape(grid), order });
    this.#regrid();
    return granted;
  }

  /**
   * Gives workers back to the server, by their ids; without ids all. Matrices move to the workers that stay; when none stays they are lost.
   * @returns the ids of those given back.
   * @throws AlchemistError E_WORKERS for an embedded session, whose workers are fixed.
   */
  async yieldWorkers(ids?: readonly number[]): Promise<readonly number[]> {
    const yielded = await this.#backend.yieldWorkers(ids);
    this.#regrid();
    return yielded;
  }

  /** The server's workers: all, those that work for somebody, those that are free, or those of this session. */
  listWorkers(which: WorkerSelection = 'all'): Promise<readonly WorkerInfo[]> {
    return this.#backend.listWorkers(which);
  }

  /** The layouts of all handles on the grid that the session has now. */
  #regrid(): void {
    const { height: gridHeight, width: gridWidth } = this.grid;
    if (this.workers === 0) return; // Nothing lies anywhere any more.
    for (const handle of [...this.#handles.values()].map((ref) => ref.deref())) {
      if (!handle || handle.freed) continue;
      const { height, width, colDist, rowDist } = handle.layout;
      handle.record = { ...handle.record, layout: makeLayout({ height, width, dist: [colDist, rowDist], gridHeight, gridWidth }) };
    }
  }

  /** Runs a task of a loaded library; matrices go in and come out as handles. */
  async run(library: string, task: string, args: Readonly<Record<string, unknown>> = {}, options: CallOptions = {}): Promise<Record<string, unknown>> {
    const { matrices, values } = await this.#run(task, args, options, library);
    return { ...values, ...Object.fromEntries(Object.entries(matrices).map(([name, record]) => [name, this.#handle(record)])) };
  }

  protected override async call(task: string, { signal, onProgress, ...args }: CallOptions & Readonly<Record<string, unknown>>): Promise<Results> {
    const { matrices, values } = await this.#run(task, args, { signal, onProgress });
    return { matrices: Object.values(matrices).map((record) => this.#handle(record)), values };
  }

  async #run(task: string, args: Readonly<Record<string, unknown>>, options: CallOptions = {}, library = ELEMENTAL): Promise<TaskReply> {
    const reply = await this.#backend.run(library, task, this.#refer(args), options);
    this.#lastCost = reply.cost;
    return reply;
  }

  /** Arguments with handles replaced by what names them on the other side. */
  #refer(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const given = Object.entries(args).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given.map(([name, value]) => [name, value instanceof MatrixHandle ? { matrix: this.#record(value).id } : value]));
  }

  #record(A: MatrixHandle): MatrixRecord {
    if (!(A instanceof MatrixHandle)) throw new AlchemistError('E_ARGUMENT', `expected a matrix of this session, got ${typeof A}`, { hint: 'send it first' });
    if (!A.isOf(this.#backend)) throw new AlchemistError('E_ARGUMENT', `the matrix ${describe(A.layout)} belongs to another session`, { hint: 'fetch it there and send it here' });
    if (A.freed) throw new AlchemistError('E_FREED', `the matrix ${describe(A.layout)} has been freed`);
    return A.record;
  }

  /** The handle of a record: the living one where there is one, since two would free the matrix twice. */
  #handle(record: MatrixRecord): MatrixHandle {
    const known = this.#handles.get(record.id)?.deref();
    if (known && !known.freed) return known;
    const handle = new MatrixHandle(this.#backend, record, () => this.#handles.delete(record.id));
    this.#handles.set(record.id, new WeakRef(handle));
    return handle;
  }
}

const whole = (count: number): Range => ({ start: 0, count });
