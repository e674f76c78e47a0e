/** Schemas: functions that say what a value from the wire must be, and give it its type. */
import { types } from 'node:util';
import { AlchemistError } from '../errors.js';
import type { Value } from './value.js';

/**
 * Gives `value` back, checked; E_PROTOCOL, naming its `path`, for anything else. Names that a record does not know are dropped.
 */
export type Schema<T> = (value: unknown, path: string) => T;

type Fields = Readonly<Record<string, Schema<unknown>>>;
type TypeOf<S> = S extends Schema<infer T> ? T : never;
type OptionalNames<F extends Fields> = { [K in keyof F]: undefined extends TypeOf<F[K]> ? K : never }[keyof F];

/** The type of a record: fields that may be undefined may be left out. */
export type RecordOf<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[K]> } & {
  readonly [K in OptionalNames<F>]?: TypeOf<F[K]>;
};

/** A whole number from `min` to `max`. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Schema<number> {
  return (value, path) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    throw mustBe(`a whole number from ${min} to ${max}`, value, path);
  };
}

/** Any number; an integer of 64 bits that is no exact number is none. */
export const real: Schema<number> = (value, path) => {
  if (typeof value === 'number') return value;
  throw mustBe('a number', value, path);
};

export const boolean: Schema<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw mustBe('true or false', value, path);
};

/** A text of at most `max` UTF-16 units. */
export function text(max: number): Schema<string> {
  return (value, path) => {
    if (typeof value === 'string' && value.length <= max) return value;
    throw mustBe(`a text of at most ${max} characters`, value, path);
  };
}

/** Exactly `length` bytes. */
export function bytes(length: number): Schema<Uint8Array> {
  return (value, path) => {
    if (types.isUint8Array(value) && value.length === length) return value;
    throw mustBe(`${length} bytes`, value, path);
  };
}

export function oneOf<const T extends string>(names: readonly T[]): Schema<T> {
  return (value, path) => {
    if (names.includes(value as T)) return value as T;
    throw mustBe(`one of ${names.join(', ')}`, value, path);
  };
}

/** An array of at most `max` items. */
export function list<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > max) throw mustBe(`an array of at most ${max} items`, value, path);
    return value.map((each, index) => item(each, `${path}[${index}]`));
  };
}

/** A map with any names; those without a value are left out. */
export function dictionary<T>(item: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (!isMap(value)) throw mustBe('a map', value, path);
    const given = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(given.map(([name, each]) => [name, item(each, `${path}.${name}`)]));
  };
}

/** A map with these names. */
export function record<F extends Fields>(fields: F): Schema<RecordOf<F>> {
  const schemas = Object.entries(fields);
  return (value, path) => {
    if (!isMap(value)) throw mustBe('a map', value, path);
    const checked: Record<string, unknown> = {};
    for (const [name, schema] of schemas) {
      const field = schema(value[name], `${path}.${name}`);
      if (field !== undefined) checked[name] = field;
    }
    return checked as RecordOf<F>;
  };
}

/** What may be left out, or be null. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : schema(value, path));
}

/** Any value that a header can hold. */
export const anything: Schema<Value> = (value, path) => {
  if (value !== undefined) return value as Value;
  throw mustBe('given', value, path);
};

/** The error for a value that is not what it must be. */
export function mustBe(expected: string, value: unknown, path: string): AlchemistError {
  return new AlchemistError('E_PROTOCOL', `${path} must be ${expected}, got ${show(value)}`, { fields: { path } });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value.length > 64 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'a map' : String(value);
}
