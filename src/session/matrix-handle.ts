/** A handle of a distributed matrix: its shape and where it lies; the entries stay with the workers. */
import { inspect } from 'node:util';
import { formatDistPair } from '../layout/distribution.js';
import { formatGridShape } from '../layout/grid-shape.js';
import type { Layout } from '../layout/layout.js';
import type { Backend, Dtype, MatrixRecord } from './backend.js';

/** Handles that were collected without `free`: their matrices are freed then. */
const collected = new FinalizationRegistry<{ backend: Backend; id: number; forget: () => void }>(({ backend, id, forget }) => {
  forget();
  backend.free([id]).catch(() => {});
});

export class MatrixHandle implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #forget: () => void;
  /** @internal By this the backend knows it. The session replaces it when its grid changes. */
  record: MatrixRecord;
  #freed = false;

  /**
   * @internal Sessions make handles.
   * @param forget called once, when the matrix has been freed or the handle collected.
   */
  constructor(backend: Backend, record: MatrixRecord, forget: () => void) {
    this.#backend = backend;
    this.#forget = forget;
    this.record = record;
    collected.register(this, { backend, id: record.id, forget }, this);
  }

  /** @internal Whether this backend holds the matrix. */
  isOf(backend: Backend): boolean {
    return this.#backend === backend;
  }

  get height(): number {
    return this.record.layout.height;
  }

  get width(): number {
    return this.record.layout.width;
  }

  /** [height, width]. */
  get shape(): readonly [number, number] {
    return [this.height, this.width];
  }

  get dtype(): Dtype {
    return this.record.dtype;
  }

  /** Distribution, alignments and grid. */
  get layout(): Layout {
    return this.record.layout;
  }

  get freed(): boolean {
    return this.#freed;
  }

  /** Gives the memory back on every worker. Later uses throw E_FREED; freeing twice is harmless. */
  async free(): Promise<void> {
    if (this.#freed) return;
    this.#freed = true;
    collected.unregister(this);
    this.#forget();
    await this.#backend.free([this.record.id]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.free();
  }

  toString(): string {
    const { height, width, colDist, rowDist, gridHeight, gridWidth } = this.layout;
    const bytes = height * width * (this.dtype === 'f64' ? 8 : 4);
    return `Matrix ${height}×${width} ${this.dtype} ${formatDistPair(colDist, rowDist)} on ${formatGridShape(gridHeight, gridWidth)}, ${formatBytes(bytes)}${this.#freed ? ', freed' : ''}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** 1536 → '1.5 kB'. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
