/**
 * What the author of a library needs, alchemist-node/library: declarations of tasks, and what tasks compute with. Everything here runs on the
 * ranks, the same on all of them (SPMD), and returns when it is done; only `prepare` may wait. What says Collective must be called by every rank.
 */
export { defineTask } from './task.js';
export type { Arguments, Cost, MatrixInfo, Param, Params, Progress, Result, Results, Task, TaskContext } from './task.js';
export type { Library } from './library.js';
export { AlchemistError, type ErrorCode } from '../errors.js';

// Where a task runs, and its matrices.
export type { CommunicationCost, Communicator, ReduceOperation } from '../comm/communicator.js';
export type { Grid } from '../dist/grid.js';
export { DistMatrix, type DistMatrixOptions } from '../dist/dist-matrix.js';
export type { Matrix, StorageOrder } from '../local/matrix.js';
export type { Dtype } from '../local/rank-memory.js';
export type { Dist, DistPair } from '../layout/distribution.js';
export { describe, type Layout, type Range, share } from '../layout/layout.js';
export type { Block } from '../layout/block.js';
export type { Transfer } from '../layout/plan.js';
export type { Slice } from '../layout/slice.js';
export { broadcastValue } from '../comm/broadcast-value.js';

// Operations on them.
export { conform } from '../dist/conform.js';
export { contract, redistribute } from '../dist/redistribute.js';
export { diagonal, fillDiagonal, trace } from '../linalg/diagonal.js';
export { gemm, type GemmVariant } from '../linalg/gemm.js';
export { add, axpy, dot, scale } from '../linalg/level1.js';
export { frobeniusNorm, infinityNorm, maxNorm, oneNorm } from '../linalg/norms.js';
export { normal, uniform } from '../linalg/random.js';
export { transpose } from '../linalg/transpose.js';
export { truncatedSvd, type TruncatedSvd, type TruncatedSvdOptions } from '../linalg/truncated-svd.js';

// What checks and costs are made of.
export { mustHaveSameShape, mustHaveSameType, mustNotAlias } from './checks.js';
export { storageOf } from './storage.js';
