/** Both builds of the kernels on a small memory, with guarded arrays: what every kernel test stands on. */
/// <reference path="../../src/local/webassembly.d.ts" />
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

export type Kernel = (...args: number[]) => number;
type Floats = Float64Array | Float32Array;

/** An item type: the suffix of its kernels, its array, its size and half the distance from 1 to the next number. */
export interface Item {
  name: 'f64' | 'f32';
  bytes: number;
  eps: number;
  array: new (buffer: ArrayBufferLike, offset: number, length: number) => Floats;
}

export const ITEMS: Item[] = [
  { name: 'f64', bytes: 8, eps: 2 ** -53, array: Float64Array },
  { name: 'f32', bytes: 4, eps: 2 ** -24, array: Float32Array },
];

const GUARD_BYTES = 64;
const GUARD = 0xa5;

/** An array in wasm memory between two guards, which `intact` finds unchanged. */
export interface Guarded {
  ptr: number;
  data: Floats;
  intact(): boolean;
}

export interface Build {
  name: string;
  kernel(name: string): Kernel;
  /** `length` entries between guards, filled with `fill` of the index (NaN by default). */
  array(item: Item, length: number, fill?: (index: number) => number): Guarded;
  /** Forgets every array. */
  reset(): void;
}

function read(target: string): Buffer {
  return readFileSync(new URL(`../../../dist/wasm/kernels.${target}.wasm`, import.meta.url));
}

function load(target: string): Build {
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536, shared: true });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(read(target)), { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  let free = GUARD_BYTES;
  return {
    name: target,
    kernel(name) {
      const kernel = instance.exports[name];
      if (typeof kernel !== 'function') throw new Error(`no kernel ${name}`);
      return kernel as Kernel;
    },
    array(item, length, fill) {
      const ptr = free + GUARD_BYTES;
      const end = ptr + length * item.bytes;
      const stop = Math.ceil((end + GUARD_BYTES) / GUARD_BYTES) * GUARD_BYTES;
      if (stop > bytes.length) throw new Error('the test memory is full');
      free = stop;
      bytes.fill(GUARD, ptr - GUARD_BYTES, stop);
      const data = new item.array(memory.buffer, ptr, length);
      if (fill) for (let i = 0; i < length; i++) data[i] = fill(i);
      else data.fill(NaN);
      const isGuard = (byte: number) => byte === GUARD;
      return { ptr, data, intact: () => bytes.subarray(ptr - GUARD_BYTES, ptr).every(isGuard) && bytes.subarray(end, stop).every(isGuard) };
    },
    reset() {
      free = GUARD_BYTES;
    },
  };
}

// Node 20 knows relaxed SIMD only by this flag; later versions have it without, and warn if asked.
if (!WebAssembly.validate(read('relaxed'))) setFlagsFromString('--experimental-wasm-relaxed-simd');

/** The plain and the relaxed-SIMD build. */
export const BUILDS: Build[] = [load('simd'), load('relaxed')];

/** Runs `body` for every build and item type, in a fresh memory. */
export function everyKernel(body: (build: Build, item: Item) => void): void {
  for (const build of BUILDS) {
    for (const item of ITEMS) {
      build.reset();
      body(build, item);
    }
  }
}

/** A reproducible sequence of numbers in [-1, 1) that f32 holds exactly. */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 23;
  };
}

/** An m×n block with row stride rs and column stride cs, in an array just large enough. Entries outside the block are NaN. */
export class BlockArray {
  readonly array: Guarded;

  constructor(
    build: Build,
    item: Item,
    readonly m: number,
    readonly n: number,
    readonly rs: number,
    readonly cs: number,
    fill: (i: number, j: number) => number,
  ) {
    this.array = build.array(item, m && n ? 1 + (m - 1) * rs + (n - 1) * cs : 0);
    for (let j = 0; j < n; j++) for (let i = 0; i < m; i++) this.array.data[i * rs + j * cs] = fill(i, j);
  }

  get ptr(): number {
    return this.array.ptr;
  }

  get(i: number, j: number): number {
    return this.array.data[i * this.rs + j * this.cs];
  }

  /** What differs from `expected` inside the block, or from NaN and the guards outside it; '' when nothing does. */
  difference(expected: (i: number, j: number) => number, tolerance = 0): string {
    if (!this.array.intact()) return 'guard overwritten';
    const { data } = this.array;
    const inside = new Uint8Array(data.length);
    for (let j = 0; j < this.n; j++) {
      for (let i = 0; i < this.m; i++) {
        inside[i * this.rs + j * this.cs] = 1;
        const got = this.get(i, j), want = expected(i, j);
        if (!Object.is(got, want) && !(Math.abs(got - want) <= tolerance)) return `(${i}, ${j}) is ${got}, not ${want}`;
      }
    }
    for (let index = 0; index < data.length; index++) {
      if (!inside[index] && data[index] === data[index]) return `wrote outside the block, at ${index}`;
    }
    return '';
  }
}

/** Strides (rs, cs) of an m×n block: both orders, padded, and with gaps as cyclic distributions make them. */
export function strides(m: number, n: number): [rs: number, cs: number][] {
  const padded: [number, number][] = [1, 2, 3, 4].flatMap((step): [number, number][] => [
    [step, step * m + step],
    [step * n + step, step],
  ]);
  return [[1, Math.max(1, m)], [Math.max(1, n), 1], ...padded];
}
