/** Memory for the kernels' operands, and proofs that what they computed there is right. */
import type { KernelSet } from '#src/local/kernels.js';
import { itemBytes, type Dtype } from '#src/local/rank-memory.js';
import { mustBeRight } from './report.js';

const PAGE = 65536;
/** For any one case; the largest are A of 20000×1000, and two products of order 2048, one with Strassen's workspace. */
const PAGES = 5120;

/** An m×n matrix with strides in entries; its entries lie within ±½. */
export interface Operand {
  readonly m: number;
  readonly n: number;
  readonly ptr: number;
  readonly rs: number;
  readonly cs: number;
  readonly data: Float64Array | Float32Array;
}

export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  #free = PAGE;
  #seed = 0;

  /** Forgets everything. */
  clear(): void {
    this.#free = PAGE;
  }

  /** Address of so many bytes, a multiple of 64. */
  take(bytes: number): number {
    const ptr = this.#free;
    this.#free += Math.ceil(bytes / 64) * 64;
    if (this.#free > this.memory.buffer.byteLength) throw new Error(`the arena is too small by ${this.#free - this.memory.buffer.byteLength} bytes`);
    return ptr;
  }

  /** A random matrix, by columns or by rows. */
  random(set: KernelSet, dtype: Dtype, m: number, n: number, byRows = false): Operand {
    const ptr = this.take(m * n * itemBytes(dtype));
    const [rs, cs] = byRows ? [n, 1] : [1, m];
    set.uniform(m, n, 0, 1, 0, 1, ++this.#seed, 0, -0.5, 0.5, ptr, rs, cs);
    const { buffer } = this.memory;
    return { m, n, ptr, rs, cs, data: dtype === 'f64' ? new Float64Array(buffer, ptr, m * n) : new Float32Array(buffer, ptr, m * n) };
  }
}

/** A x for a plain x. */
function times({ m, n, rs, cs, data }: Operand, x: Float64Array): Float64Array {
  const y = new Float64Array(m);
  for (let j = 0; j < n; j++) for (let i = 0; i < m; i++) y[i] += data[i * rs + j * cs] * x[j];
  return y;
}

const transposed = ({ m, n, rs, cs, ...rest }: Operand): Operand => ({ ...rest, m: n, n: m, rs: cs, cs: rs });
const roundoff = ({ data }: Operand): number => (data.BYTES_PER_ELEMENT === 8 ? 2 ** -53 : 2 ** -24);

/**
 * Throws unless C = A B, by C x = A (B x) for a random x of ±1 (R. Freivalds, 1977). Rounding errors of an entry add up to about k u / 12, of a
 * row like their root mean square; a level of Strassen's recursion makes them up to four times as large. The proof's own sums are of f64.
 */
export function mustBeProduct(a: Operand, b: Operand, c: Operand, levels = 0): void {
  const x = Float64Array.from({ length: b.n }, () => (Math.random() < 0.5 ? -1 : 1));
  const [got, want] = [times(c, x), times(a, times(b, x))];
  const allowed = 4 ** levels * a.n * Math.sqrt(b.n) * roundoff(a) + b.n * Math.sqrt(a.n) * 2 ** -53;
  mustBeRight(got.every((value, i) => Math.abs(value - want[i]) <= allowed), `product of ${a.m}×${a.n} by ${b.m}×${b.n}`);
}

/** Throws unless Y = Aᵀ (A X). */
export function mustBeSweep(a: Operand, x: Operand, y: Operand): void {
  const allowed = (a.m + a.n) * Math.sqrt(a.n) * roundoff(a);
  for (let j = 0; j < x.n; j++) {
    const want = times(transposed(a), times(a, Float64Array.from(column(x, j))));
    mustBeRight(column(y, j).every((value, i) => Math.abs(value - want[i]) <= allowed), `sweep over ${a.m}×${a.n}`);
  }
}

/** Column j of a matrix that lies by columns. */
const column = ({ m, cs, data }: Operand, j: number): Float64Array | Float32Array => data.subarray(j * cs, j * cs + m);
