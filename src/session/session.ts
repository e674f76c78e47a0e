/** A session: the matrices of one user and every operation on them. The same class serves the embedded engine and a server's client. */
import { AlchemistError } from '../errors.js';
import type { DistPair } from '../layout/distribution.js';
import { describe, type Range } from '../layout/layout.js';
import type { Backend, CallCost, CallOptions, Dtype, Estimate, GridInfo, MatrixRecord, MemoryReport, TaskReply } from './backend.js';
import { hostArray, type MatrixLike, type Shape } from './host-array.js';
import { HostMatrix } from './host-matrix.js';
import { MatrixHandle } from './matrix-handle.js';

/** Where a matrix goes. */
export interface Placement {
  /** Distribution over the grid; default 'MC_MR'. */
  readonly dist?: DistPair;
  readonly colAlign?: number;
  readonly rowAlign?: number;
  readonly root?: number;
  /** Item type; default: that of the data, f64 for everything but Float32Array. */
  readonly dtype?: Dtype;
}

export interface SendOptions extends Placement, CallOptions {
  /** [height, width] of flat data; default a column. */
  readonly shape?: Shape;
  /** Order of flat data; default 'row'. */
  readonly order?: 'row' | 'column';
}

export interface FetchOptions extends CallOptions {
  /** Rows to fetch; default all. */
  readonly rows?: Range;
  /** Columns to fetch; default all. */
  readonly cols?: Range;
  /** Order of the result; default 'row'. */
  readonly order?: 'row' | 'column';
  /** Where to put the entries; default a fresh array of the matrix' type. */
  readonly into?: Float64Array | Float32Array;
}

export interface LoadOptions extends Omit<Placement, 'dtype'>, CallOptions {
  /** Item type; default f32 for a .npy file of float32, else f64. */
  readonly dtype?: Dtype;
  /** The character between the cells of a CSV file; default: found out. */
  readonly separator?: string;
  /** Whether the first line of a CSV file names the columns; default: found out. */
  readonly header?: boolean;
}

export interface SaveOptions extends CallOptions {
  /** Item type in a .npy file; default that of the matrix. */
  readonly dtype?: Dtype;
  /** Order of the entries in a .npy file; default 'row'. */
  readonly order?: 'row' | 'column';
}

export interface GemmOptions extends CallOptions {
  /** Overwritten by alpha op(A) op(B) + beta C; default: a new matrix. */
  readonly C?: MatrixHandle;
  readonly alpha?: number;
  readonly beta?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly dist?: DistPair;
  readonly variant?: 'auto' | 'C' | 'A' | 'B' | 'dot';
}

/** The name of the library that holds the engine's own operations. */
const ELEMENTAL = 'elemental';

export class Session implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #handles = new Map<number, WeakRef<MatrixHandle>>();
  #lastCost: CallCost | undefined;

  constructor(backend: Backend) {
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
    const { matrices } = await this.#run('create', { height, width, dist, colAlign, rowAlign, root, dtype, fill: false }, { signal });
    try {
      await this.#backend.write(matrices.A, whole(height), whole(width), host, options);
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
   * The matrix in a .npy or CSV file, read in bands by all workers at once, straight into their memories: a few megabytes of buffer each,
   * whatever the size of the file. NaN and infinities are kept; operations that need finite numbers refuse them.
   * @throws AlchemistError E_FILE for what cannot be read, E_MEMORY, before anything is allocated, for what does not fit.
   */
  async load(path: string, { signal, onProgress, ...options }: LoadOptions = {}): Promise<MatrixHandle> {
    const { matrices } = await this.#run('load', { path, ...options }, { signal, onProgress });
    return this.#handle(matrices.A);
  }

  /**
   * Writes A into a file: .npy by all workers at once, .csv, .tsv and .txt from top to bottom. The file appears, or replaces an old one, when
   * it is complete; a failed or cancelled save leaves nothing behind.
   * @throws AlchemistError E_FILE for what cannot be written, E_ARGUMENT for an unknown extension.
   */
  async save(A: MatrixHandle, path: string, { signal, onProgress, ...options }: SaveOptions = {}): Promise<void> {
    await this.#run('save', { A, path, ...options }, { signal, onProgress });
  }

  /** C := alpha op(A) op(B) + beta C by the variant that moves the fewest bytes. */
  async gemm(A: MatrixHandle, B: MatrixHandle, { signal, onProgress, C, ...options }: GemmOptions = {}): Promise<MatrixHandle> {
    const { matrices } = await this.#run('gemm', { A, B, C, ...options }, { signal, onProgress });
    return C ?? this.#handle(matrices.C);
  }

  /** A in another distribution: a new matrix. */
  async redistribute(A: MatrixHandle, dist: DistPair, { signal, colAlign, rowAlign, root }: Omit<Placement, 'dist' | 'dtype'> & CallOptions = {}): Promise<MatrixHandle> {
    const { matrices } = await this.#run('redistribute', { A, dist, colAlign, rowAlign, root }, { signal });
    return this.#handle(matrices.B);
  }

  /** What a task would cost, before it runs: `estimate('gemm', { A, B })`. */
  estimate(task: string, args: Readonly<Record<string, unknown>>): Promise<Estimate> {
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
   * Makes the tasks of a library callable by {@link run}. Embedded: `reference` is the file: URL (or absolute path) of a module whose default
   * export is a library. @returns the library's name.
   */
  async loadLibrary(reference: string): Promise<string> {
    return (await this.#backend.loadLibrary(reference)).name;
  }

  /** Runs a task of a loaded library; matrices go in and come out as handles. */
  async run(library: string, task: string, args: Readonly<Record<string, unknown>> = {}, options: CallOptions = {}): Promise<Record<string, unknown>> {
    const { matrices, values } = await this.#run(task, args, options, library);
    return { ...values, ...Object.fromEntries(Object.entries(matrices).map(([name, record]) => [name, this.#handle(record)])) };
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
