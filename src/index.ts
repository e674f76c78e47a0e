/** The public API of alchemist-node. */
import { start } from './engine/start.js';

/** `Alchemist.start({ workers: 4 })` gives a session on a grid of worker threads. */
export const Alchemist = { start } as const;

export { AlchemistError, type ErrorCode } from './errors.js';
export type { StartOptions } from './engine/options.js';
export { type FetchOptions, type GemmOptions, type LoadOptions, type Placement, type SaveOptions, type SendOptions, Session } from './session/session.js';
export { MatrixHandle } from './session/matrix-handle.js';
export { HostMatrix } from './session/host-matrix.js';
export type { MatrixLike, Shape } from './session/host-array.js';
export type { CallCost, CallOptions, Dtype, Estimate, GridInfo, MemoryReport, ProgressLine, RankMemoryUsage } from './session/backend.js';
export type { Dist, DistPair } from './layout/distribution.js';
export type { Layout, Range } from './layout/layout.js';
