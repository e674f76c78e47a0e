/** What messages are made of: slices, layouts, matrices, workers, tasks and costs, as they stand in headers. */
import { DIST_PAIRS, type Dist } from '../layout/distribution.js';
import { makeLayout, type Layout } from '../layout/layout.js';
import type { Slice } from '../layout/slice.js';
import { MAX_LIST, MAX_NAME, MAX_PROSE } from './limits.js';
import { boolean, dictionary, integer, list, mustBe, oneOf, optional, real, record, text, type Schema } from './schema.js';

export type Dtype = 'f64' | 'f32';
export type Order = 'row' | 'column';

export const dtype = oneOf(['f64', 'f32']);
/** Whether rows (C) or columns (Fortran) are contiguous, in a payload or in the memories of workers; or how workers are laid onto the grid. */
export const order = oneOf(['row', 'column']);
export const distPair = oneOf(DIST_PAIRS);
export const name = text(MAX_NAME);
export const prose = text(MAX_PROSE);
/** Matrices, workers and sessions are named by numbers of 32 bits. */
export const numericId = integer(0, 2 ** 32 - 1);

/** The bytes of one entry. */
export function itemBytes(type: Dtype): 8 | 4 {
  return type === 'f64' ? 8 : 4;
}

const sliceFields = record({ start: integer(), step: integer(1), count: integer() });

/** Global indices along one axis; the last one must be exact as well. */
export const slice: Schema<Slice> = (value, path) => {
  const indices = sliceFields(value, path);
  if (Number.isSafeInteger(indices.start + Math.max(0, indices.count - 1) * indices.step)) return indices;
  throw mustBe('indices up to 2^53', value, path);
};

const dist = oneOf<Dist>(['MC', 'MD', 'MR', 'VC', 'VR', 'STAR', 'CIRC']);

const layoutFields = record({
  height: integer(), width: integer(),
  colDist: dist, rowDist: dist,
  colAlign: integer(), rowAlign: integer(), root: integer(),
  gridHeight: integer(1), gridWidth: integer(1),
});

/** A layout, checked as {@link makeLayout} does; E_LAYOUT when it cannot be. */
export const layout: Schema<Layout> = (value, path) => {
  const { colDist, rowDist, ...sizes } = layoutFields(value, path);
  return makeLayout({ ...sizes, dist: [colDist, rowDist] });
};

/** A matrix that the server holds. */
export const matrixRecord = record({ id: numericId, layout, dtype });

/**
 * The process grid, and how workers are laid onto it: worker k of a list in their order is process k down its columns or along
 * its rows.
 */
export const grid = record({ height: integer(1), width: integer(1), order });
export const gridShape = record({ height: integer(1), width: integer(1) });

/** Where a worker's data port is. */
export const workerAddress = record({ id: numericId, host: name, port: integer(1, 65_535) });
/** `active`: it belongs to a session; `assigned`: to this one. */
export const workerState = record({ id: numericId, host: name, port: integer(1, 65_535), active: boolean, assigned: boolean });

/** What a call has cost: seconds on the slowest rank, of them in collectives, and the bytes that ranks pulled from each other. */
export const cost = record({ seconds: real, exchangeSeconds: real, bytesMoved: real, bytesMovedByRank: list(real, MAX_LIST) });
/** What a call would cost: operations of all ranks, bytes that the busiest rank receives, fresh bytes on the fullest. */
export const estimate = record({ flops: real, bytesMoved: real, memoryPerRank: real });

/** Bytes of memory on one rank. */
export const rankMemory = record({ worker: numericId, used: integer(), peak: integer(), free: integer(), capacity: integer() });

const scalar: Schema<number | boolean | string> = (value, path) => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return prose(value, path);
};

/** A declared parameter of a task. */
export const param = record({
  type: oneOf(['matrix', 'integer', 'real', 'boolean', 'text', 'reals', 'long']),
  about: prose,
  optional: optional(boolean),
  default: optional(scalar),
  min: optional(real),
  max: optional(real),
  oneOf: optional(list(name, 1024)),
});

/** A task as a client may see it. */
export const taskDescription = record({ name, about: prose, params: dictionary(param), returns: dictionary(prose) });
/** A library; `loaded`: by this session. */
export const libraryDescription = record({ name, about: prose, loaded: boolean });
