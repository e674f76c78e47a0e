/** What a session needs of the side that holds the matrices: the embedded engine, or a server behind a socket. */
import type { GridOrder } from '../layout/grid-shape.js';
import type { Layout, Range } from '../layout/layout.js';
import type { HostArray } from './host-array.js';
import type { WritableStrided } from './strided-copy.js';

export type Dtype = 'f64' | 'f32';

/** A matrix that the other side holds. */
export interface MatrixRecord {
  readonly id: number;
  readonly layout: Layout;
  readonly dtype: Dtype;
}

/** What a call has cost. */
export interface CallCost {
  /** Seconds on the slowest rank. */
  readonly seconds: number;
  /** Seconds that the slowest rank spent in collectives, waiting included. */
  readonly exchangeSeconds: number;
  /** Payload bytes that ranks pulled from each other, all ranks together. */
  readonly bytesMoved: number;
  /** The same by rank of the grid; the largest is what an estimate foretells. */
  readonly bytesMovedByRank: readonly number[];
}

/** What a task returned, with its price. */
export interface TaskReply {
  readonly matrices: Readonly<Record<string, MatrixRecord>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly cost: CallCost;
}

/** A line of progress, as tasks report it. */
export interface ProgressLine {
  readonly task: string;
  readonly step: number;
  readonly steps?: number;
  readonly note?: string;
  readonly values?: Readonly<Record<string, number>>;
}

export interface CallOptions {
  /** Cancels the call: it rejects with E_CANCELLED and the session stays usable. */
  readonly signal?: AbortSignal;
  /** Called for every line of progress. If it throws, the call is cancelled and rejects with what it threw. */
  readonly onProgress?: (line: ProgressLine) => void;
}

/** The price of a call before it runs. */
export interface Estimate {
  /** Floating-point operations, all ranks together. */
  readonly flops: number;
  /** Payload bytes that the busiest rank receives. */
  readonly bytesMoved: number;
  /** Bytes of fresh memory on the fullest rank. */
  readonly memoryPerRank: number;
}

/** Memory of one rank. */
export interface RankMemoryUsage {
  readonly worker: number;
  readonly used: number;
  readonly peak: number;
  readonly free: number;
  readonly capacity: number;
}

/** Memory and matrices of a session. */
export interface MemoryReport {
  readonly matrices: number;
  readonly used: number;
  readonly free: number;
  readonly ranks: readonly RankMemoryUsage[];
}

export interface GridInfo {
  readonly height: number;
  readonly width: number;
  readonly order: GridOrder;
}

/** A library that a session has loaded, or may load. */
export interface LibraryInfo {
  readonly name: string;
  readonly about: string;
  readonly loaded: boolean;
}

/** A declared parameter. One with a default, and an optional one, may be left out. */
export interface ParamInfo {
  readonly type: 'matrix' | 'integer' | 'real' | 'boolean' | 'text' | 'reals' | 'long';
  readonly about: string;
  readonly optional?: boolean;
  readonly default?: number | boolean | string;
  readonly min?: number;
  readonly max?: number;
  /** The texts that may be given. */
  readonly oneOf?: readonly string[];
}

/** A task as its callers see it. */
export interface TaskInfo {
  readonly name: string;
  readonly about: string;
  readonly params: Readonly<Record<string, ParamInfo>>;
  /** Name and meaning of every result. */
  readonly returns: Readonly<Record<string, string>>;
}

/** A worker of a server, or of the embedded engine, which has no addresses. */
export interface WorkerInfo {
  readonly id: number;
  readonly host?: string;
  readonly port?: number;
  /** It works for some session. */
  readonly active: boolean;
  /** It works for this one. */
  readonly assigned: boolean;
}

export type WorkerSelection = 'all' | 'active' | 'inactive' | 'assigned';

export interface Backend {
  readonly grid: GridInfo;
  /** Which kernels run, for instance 'relaxed SIMD (fused multiply-add)'. */
  readonly kernels: string;
  /** Makes the library of a module known under its own name. */
  loadLibrary(reference: string): Promise<{ readonly name: string }>;
  /** Forgets a library and what its tasks have kept. */
  unloadLibrary(name: string): Promise<void>;
  libraries(): Promise<readonly LibraryInfo[]>;
  tasks(library: string): Promise<readonly TaskInfo[]>;
  /** Asks for `count` workers more; afterwards `grid` is the grid of all. @returns how many were granted. */
  requestWorkers(count: number, wanted?: { readonly grid?: Pick<GridInfo, 'height' | 'width'>; readonly order?: GridOrder }): Promise<number>;
  /** Gives workers back, by id; all without ids. @returns the ids that were given back. */
  yieldWorkers(ids?: readonly number[]): Promise<readonly number[]>;
  listWorkers(which: WorkerSelection): Promise<readonly WorkerInfo[]>;
  run(library: string, task: string, args: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<TaskReply>;
  estimate(library: string, task: string, args: Readonly<Record<string, unknown>>): Promise<Estimate>;
  /** matrix(rows, cols) := source. */
  write(matrix: MatrixRecord, rows: Range, cols: Range, source: HostArray, options?: CallOptions): Promise<void>;
  /** target := matrix(rows, cols). */
  read(matrix: MatrixRecord, rows: Range, cols: Range, target: WritableStrided, options?: CallOptions): Promise<void>;
  /** Frees matrices; unknown ids are ignored. */
  free(ids: readonly number[]): Promise<void>;
  memory(): Promise<MemoryReport>;
  close(): Promise<void>;
}
