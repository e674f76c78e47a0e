/** Writing a matrix as a dataset of a new HDF5 file. */
import type { Dataset, File } from 'h5wasm/node';
import { AlchemistError } from '../errors.js';
import { checkBand, copyBlock, type Floats } from './band.js';
import { Draft } from './file.js';
import { hyperslabs } from './hdf5.js';
import { attempt, hdf5Library } from './hdf5-library.js';
import type { MatrixWriter } from './matrix-file.js';

/** Entries of a chunk: HDF5's cache of chunks holds one. */
const CHUNK_ENTRIES = 2 ** 16;

export interface Hdf5Shape {
  readonly height: number;
  readonly width: number;
  readonly dtype: 'f8' | 'f4';
  /** Its path inside the file; groups on the way are made. */
  readonly dataset: string;
}

/** An HDF5 file in the making: one thread writes it, bands in any order. Bands that nobody wrote are zeros. */
export class Hdf5Writer implements MatrixWriter {
  readonly format = 'hdf5';
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly order = 'row';
  private isOpen = true;

  private constructor(private readonly draft: Draft, private readonly file: File, private readonly dataset: Dataset, { height, width }: Hdf5Shape) {
    this.path = draft.names.path;
    [this.height, this.width] = [height, width];
  }

  /** Starts a height × width dataset of little-endian float64 or float32 in chunks of whole rows. E_FILE; E_ARGUMENT for a dataset without a name. */
  static create(path: string, shape: Hdf5Shape): Hdf5Writer {
    const groups = shape.dataset.split('/').filter((part) => part !== '');
    const name = groups.pop();
    if (name === undefined || [...groups, name].some((part) => /^\.+$/.test(part))) {
      throw new AlchemistError('E_ARGUMENT', `${JSON.stringify(shape.dataset)} is not the name of a dataset`, { hint: "such as 'A' or 'group/A'" });
    }
    const draft = Draft.create(path);
    try {
      const file = attempt(path, 'write', () => new (hdf5Library().File)(draft.names.temporary, 'w'));
      const dataset = attempt(path, `create the dataset ${shape.dataset}`, () => {
        const group = groups.reduce<Pick<File, 'create_group' | 'create_dataset'>>((parent, part) => parent.create_group(part), file);
        return createDataset(group, name, shape);
      });
      return new Hdf5Writer(draft, file, dataset, shape);
    } catch (error) {
      draft.discard();
      throw error;
    }
  }

  writeBand(start: number, count: number, data: Floats, rowStride: number, colStride: number, offset = 0): void {
    if (!this.isOpen) throw new AlchemistError('E_CLOSED', `${this.path}: the file was closed`);
    checkBand(this.height, this.width, start, count, data, rowStride, colStride, offset);
    const Values = this.dataset.metadata.size === 8 ? Float64Array : Float32Array;
    for (const { row, rows, col, cols } of hyperslabs(count, this.width)) {
      const values = new Values(rows * cols);
      copyBlock(rows, cols, data, offset + row * rowStride + col * colStride, rowStride, colStride, values, 0, cols, 1);
      attempt(this.path, 'write', () => this.dataset.write_slice([[start + row, start + row + rows], [col, col + cols]], values));
    }
  }

  finish(): void {
    this.#close();
    this.draft.finish();
  }

  discard(): void {
    this.#close();
    this.draft.discard();
  }

  #close(): void {
    if (this.isOpen) this.file.close();
    this.isOpen = false;
  }
}

function createDataset(group: Pick<File, 'create_dataset'>, name: string, { height, width, dtype }: Hdf5Shape): Dataset {
  const type = dtype === 'f8' ? '<d' : '<f';
  const nothing = new Float64Array(0);
  if (height * width === 0) return group.create_dataset({ name, data: nothing, shape: [height, width], dtype: type });
  // h5wasm creates a dataset only with all of its entries: so it is created without rows, and grows to its height.
  const cols = Math.min(width, CHUNK_ENTRIES);
  const chunks = [Math.min(height, Math.floor(CHUNK_ENTRIES / cols)), cols];
  const dataset = group.create_dataset({ name, data: nothing, shape: [0, width], maxshape: [height, width], chunks, dtype: type });
  dataset.resize([height, width]);
  return dataset;
}
