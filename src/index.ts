/** The public API of alchemist-node. */
import { start } from './engine/start.js';

/** `Alchemist.start({ workers: 4 })` gives a session on a grid of worker threads. */
export const Alchemist = { start } as const;

export { AlchemistError, type ErrorCode } from './errors.js';
export type { StartOptions } from './engine/options.js';
export { Session } from './session/session.js';
export type { NormKind } from './session/operations.js';
export type { CopyOptions, Distribution, FetchOptions, GemmOptions, LoadOptions, NewMatrixOptions, Placement, RandomOptions, SaveOptions, SendOptions, Solution, SolveOptions, TruncatedSvd, TruncatedSvdOptions } from './session/options.js';
export { MatrixHandle } from './session/matrix-handle.js';
export { HostMatrix } from './session/host-matrix.js';
export type { MatrixLike, Shape } from './session/host-array.js';
export type { CallCost, CallOptions, Dtype, Estimate, GridInfo, MemoryReport, ProgressLine, RankMemoryUsage } from './session/backend.js';
export type { Dist, DistPair } from './layout/distribution.js';
export type { GridOrder } from './layout/grid-shape.js';
export type { Layout, Range } from './layout/layout.js';
