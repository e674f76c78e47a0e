/** The public API of alchemist-node. What tasks compute with is a module of its own, alchemist-node/library. */
import { start } from './engine/start.js';
import { connect, serve } from './remote.js';

/**
 * `Alchemist.start({ workers: 4 })` gives a session on worker threads of this process, `Alchemist.connect('alchemist://host')` one on the workers of a
 * server, which `Alchemist.serve({ workers: 4 })` starts.
 */
export const Alchemist = { start, connect, serve } as const;

export { connect, serve };
export { AlchemistError, type ErrorCode } from './errors.js';
export type { ConnectOptions } from './client/connect.js';
export type { StartOptions } from './engine/options.js';
export type { AlchemistServer, ServeOptions } from './server/serve.js';
export type { LogLevel } from './server/log-level.js';
export { Session } from './session/session.js';
export type { NormKind } from './session/operations.js';
export type { CopyOptions, Distribution, FetchOptions, GemmOptions, LoadOptions, NewMatrixOptions, Placement, RandomOptions, SaveOptions, SendOptions, Solution, SolveOptions, TruncatedSvd, TruncatedSvdOptions, WorkerOptions } from './session/options.js';
export { MatrixHandle } from './session/matrix-handle.js';
export { HostMatrix } from './session/host-matrix.js';
export type { MatrixLike, Shape } from './session/host-array.js';
export type { CallCost, CallOptions, Dtype, Estimate, GridInfo, LibraryInfo, MemoryReport, ParamInfo, ProgressLine, RankMemoryUsage, TaskInfo, WorkerInfo, WorkerSelection } from './session/backend.js';
export { blockCyclic, type BlockDeal } from './layout/block-cyclic.js';
export type { Dist, DistPair } from './layout/distribution.js';
export type { GridOrder } from './layout/grid-shape.js';
export type { Layout, Range } from './layout/layout.js';
export type { Slice } from './layout/slice.js';
export { defineTask } from './library/task.js';
export type { Library } from './library/library.js';
export type { Task, TaskContext } from './library/task.js';
