/** Tasks: named SPMD functions with declared parameters, which a client may call by name. */
import { types } from 'node:util';
import type { DistMatrix } from '../dist/dist-matrix.js';
import type { Grid } from '../dist/grid.js';
import { AlchemistError } from '../errors.js';
import { describe, type Layout } from '../layout/layout.js';
import type { Dtype } from '../local/rank-memory.js';

/** What is known of a matrix without touching its entries. */
export interface MatrixInfo {
  /** Equal for equal matrices; unknown for one that does not exist yet. */
  readonly id?: number;
  readonly layout: Layout;
  readonly dtype: Dtype;
}

interface ParamBase {
  readonly about: string;
  readonly optional?: boolean;
}

/** One declared parameter. A parameter with a default, and an optional one, may be left out. */
export type Param =
  | (ParamBase & { readonly type: 'matrix' })
  | (ParamBase & { readonly type: 'integer' | 'real'; readonly default?: number; readonly min?: number; readonly max?: number })
  | (ParamBase & { readonly type: 'boolean'; readonly default?: boolean })
  | (ParamBase & {
      readonly type: 'text';
      readonly default?: string;
      readonly oneOf?: readonly string[];
      /** The text names a file that the task reads or writes: a server lets clients name only files of its data directory. */
      readonly file?: 'read' | 'write';
    })
  | (ParamBase & { readonly type: 'reals' })
  /** A whole number of up to 64 bits: a number, or a bigint where it lies beyond 2^53. */
  | (ParamBase & { readonly type: 'long'; readonly default?: number });

export type Params = Readonly<Record<string, Param>>;

interface ValueOf<M> {
  matrix: M;
  integer: number;
  real: number;
  boolean: boolean;
  text: string;
  reals: readonly number[];
  long: number | bigint;
}

type Value<P extends Param, M> =
  P extends { readonly optional: true } ? ValueOf<M>[P['type']] | undefined : ValueOf<M>[P['type']];

/** The arguments that declared parameters ask for; matrices are `M`. */
export type Arguments<P extends Params, M> = { -readonly [K in keyof P]: Value<P[K], M> };

/** One line of progress of a long task. */
export interface Progress {
  readonly task: string;
  readonly step: number;
  /** The step at which the task ends at the latest, where it is known. */
  readonly steps?: number;
  readonly note?: string;
  readonly values?: Readonly<Record<string, number>>;
}

/** What a task gets besides its arguments. */
export interface TaskContext {
  readonly grid: Grid;
  /** What the tasks of this library keep on this rank between the calls of a session: a simulator's state, for instance. Starts empty. */
  readonly state: Record<string, unknown>;
  /** Reports progress to the caller; only rank 0's reports travel. Cheap enough for every iteration. */
  progress(progress: Omit<Progress, 'task'>): void;
}

/** What a task may return under a name: a matrix becomes a handle, the rest travels as it is. All ranks return the same names. */
export type Result = DistMatrix | number | bigint | string | boolean | null | Float64Array | readonly number[] | { readonly [name: string]: unknown };
export type Results = Readonly<Record<string, Result>>;

/** The price of a call, known before it runs. Bytes are those of the rank that has most. */
export interface Cost {
  /** Floating-point operations, all ranks together. */
  readonly flops: number;
  /** Payload bytes that the busiest rank receives from others. */
  readonly bytesMoved: number;
  /** Bytes of fresh memory that the fullest rank needs while the task runs, results included. */
  readonly memoryPerRank: number;
}

export interface Task<P extends Params = Params> {
  readonly name: string;
  /** One sentence, the operation as mathematics where possible. */
  readonly about: string;
  readonly params: P;
  /** Name and meaning of every result. */
  readonly returns: Readonly<Record<string, string>>;
  /** Checks shapes and values beyond what `params` says, before any rank is disturbed. Throws AlchemistError. */
  check?(args: Arguments<P, MatrixInfo>): void;
  cost?(args: Arguments<P, MatrixInfo>, grid: { readonly height: number; readonly width: number }): Cost;
  /**
   * The cost where only the ranks can tell, as of a file that they alone see: run on every rank at once, like `run`, all giving the same. For
   * estimates; a call of such a task sees for itself, before it allocates, whether memory suffices.
   */
  appraise?(context: TaskContext, args: Arguments<P, DistMatrix>): Cost;
  /** What must be there before `run`, which does not wait: loads modules, for instance. Called on every rank; must not communicate. */
  prepare?(args: Arguments<P, DistMatrix>): Promise<void>;
  /** The task itself, on every rank at once (SPMD), to completion without a turn of the event loop. */
  run(context: TaskContext, args: Arguments<P, DistMatrix>): Results;
}

/** Declares a task; its `params` give its arguments their types. */
export function defineTask<const P extends Params>(task: Task<NoInfer<P>> & { readonly params: P }): Task<P> {
  return task;
}

/** A task as its callers may see it: plain data. */
export function describeTask({ name, about, params, returns }: Task) {
  const open = Object.entries(params).map(([key, param]) => {
    const { file: _, ...rest } = param as Param & { file?: unknown };
    return [key, rest] as const;
  });
  return { name, about, params: Object.fromEntries(open), returns };
}

/** A matrix argument as a client names it. */
export interface MatrixRef {
  readonly matrix: number;
}

export const isMatrixRef = (value: unknown): value is MatrixRef =>
  typeof value === 'object' && value !== null && Number.isInteger((value as MatrixRef).matrix);

/**
 * The arguments with defaults filled in, each checked against its declaration; matrices are looked up by `matrixOf`.
 * @throws AlchemistError E_ARGUMENT that names the task, the parameter, what was expected and what came.
 */
export function bindArguments<P extends Params, M>(task: Task<P>, given: Readonly<Record<string, unknown>>, matrixOf: (id: number, name: string) => M): Arguments<P, M> {
  const fail = (name: string, expected: string, got: unknown): never => {
    throw new AlchemistError('E_ARGUMENT', `${task.name}: parameter ${name} must be ${expected}, got ${show(got)}`, {
      hint: `parameters of ${task.name}: ${describeParams(task.params)}`,
      fields: { task: task.name, parameter: name },
    });
  };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(task.params, name) && given[name] !== undefined) fail(name, 'one that the task has', given[name]);
  }
  const bound: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(task.params)) {
    const arrived = given[name] ?? ('default' in param ? param.default : undefined);
    // A vector takes a quarter of the time of a list on its way here; tasks need not know.
    const value = param.type === 'reals' && types.isFloat64Array(arrived) ? Array.from(arrived) : arrived;
    if (value === undefined || value === null) {
      if (!param.optional) fail(name, describeParam(param), value);
      continue;
    }
    bound[name] = param.type === 'matrix' ? (isMatrixRef(value) ? matrixOf(value.matrix, name) : fail(name, 'a matrix', value)) : value;
    if (param.type !== 'matrix' && !fits(param, value)) fail(name, describeParam(param), value);
  }
  return bound as Arguments<P, M>;
}

function fits(param: Exclude<Param, { type: 'matrix' }>, value: unknown): boolean {
  switch (param.type) {
    case 'integer':
    case 'real':
      if (typeof value !== 'number' || (param.type === 'integer' ? !Number.isInteger(value) : !Number.isFinite(value))) return false;
      return value >= (param.min ?? -Infinity) && value <= (param.max ?? Infinity);
    case 'boolean':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string' && (!param.oneOf || param.oneOf.includes(value));
    case 'long':
      return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
    case 'reals':
      return Array.isArray(value) && value.every((x) => typeof x === 'number');
  }
}

function describeParam(param: Param): string {
  if (param.type === 'text' && param.oneOf) return `one of ${param.oneOf.join(', ')}`;
  if (param.type !== 'integer' && param.type !== 'real') return { reals: 'an array of numbers', long: 'a 64-bit integer', matrix: 'a matrix', boolean: 'a boolean', text: 'a text' }[param.type];
  const kind = param.type === 'integer' ? 'an integer' : 'a finite number';
  if (param.min !== undefined && param.max !== undefined) return `${kind} from ${param.min} to ${param.max}`;
  return param.min !== undefined ? `${kind} of at least ${param.min}` : param.max !== undefined ? `${kind} of at most ${param.max}` : kind;
}

/** 'A: matrix, rank: integer, seed?: integer = 1' */
export function describeParams(params: Params): string {
  return Object.entries(params)
    .map(([name, param]) => {
      const preset = 'default' in param ? param.default : undefined;
      return `${name}${param.optional || preset !== undefined ? '?' : ''}: ${param.type}${preset === undefined ? '' : ` = ${preset}`}`;
    })
    .join(', ');
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
  return String(value);
}

/** 'f64 1000×1000 [MC,MR] on 2×3' */
export const describeMatrix = ({ dtype, layout }: MatrixInfo): string => `${dtype} ${describe(layout)}`;
