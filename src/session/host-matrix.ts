/** A fetched matrix: the entries in one typed array, with shape and strides as ndarray libraries have them. */
import { inspect } from 'node:util';

export class HostMatrix {
  constructor(
    readonly data: Float64Array | Float32Array,
    readonly shape: readonly [number, number],
    /** Entries between rows and between columns. */
    readonly strides: readonly [number, number],
    readonly offset = 0,
  ) {}

  get height(): number {
    return this.shape[0];
  }

  get width(): number {
    return this.shape[1];
  }

  get(i: number, j: number): number {
    return this.data[this.offset + i * this.strides[0] + j * this.strides[1]];
  }

  /** The entries as an array of rows. */
  toArray(): number[][] {
    return Array.from({ length: this.height }, (_, i) => Array.from({ length: this.width }, (_, j) => this.get(i, j)));
  }

  toString(): string {
    const dtype = this.data.BYTES_PER_ELEMENT === 8 ? 'f64' : 'f32';
    const rows = ends(this.height);
    const cols = ends(this.width);
    const cell = (i: number, j: number): string => (i < 0 || j < 0 ? '…' : formatEntry(this.get(i, j)));
    const cells = rows.map((i) => cols.map((j) => cell(i, j)));
    const widths = cols.map((_, c) => Math.max(0, ...cells.map((row) => row[c].length)));
    const lines = cells.map((row) => '  ' + row.map((text, c) => text.padStart(widths[c])).join('  '));
    return [`${this.height}×${this.width} ${dtype}`, ...lines].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** The indices worth showing of n: the first and the last few, -1 for what is left out. */
function ends(n: number): number[] {
  return n <= 8 ? Array.from({ length: n }, (_, i) => i) : [0, 1, 2, 3, -1, n - 3, n - 2, n - 1];
}

function formatEntry(x: number): string {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < 1e6) return String(x);
  return size >= 1e-3 && size < 1e6 ? x.toPrecision(5) : x.toExponential(3);
}
