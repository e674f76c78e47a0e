/** Reading HDF5 files by hyperslabs. */
import path from 'node:path';
import type * as H5wasm from 'h5wasm/node';
import { AlchemistError } from '../errors.js';
import { checkBand, copyBlock, type Floats } from './band.js';
import { type EntryType, entryType } from './entry-type.js';
import { fileError, type OpenFile, readUpTo } from './file.js';
import { attempt, hdf5Library } from './hdf5-library.js';
import type { MatrixFile } from './matrix-file.js';

/** A dataset of an HDF5 file that was found to be a matrix: plain data. */
export interface Hdf5Description {
  readonly format: 'hdf5';
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly height: number;
  readonly width: number;
  readonly dtype: string;
  /** HDF5 is row-major, whatever the program that wrote the file is. */
  readonly order: 'row';
  /** Its path inside the file, without the first slash. */
  readonly dataset: string;
}

export interface Hdf5Options {
  /** Path of a dataset inside the file. Default: the only one that has two axes, or the only one. */
  readonly dataset?: string;
}

/** Entries read or written at a time: 8 MiB of float64. */
const PIECE_ENTRIES = 2 ** 20;

/** Cuts a count × width band into rectangles of at most {@link PIECE_ENTRIES} entries. */
export function* hyperslabs(count: number, width: number): Generator<{ row: number; rows: number; col: number; cols: number }> {
  const step = Math.max(1, Math.floor(PIECE_ENTRIES / Math.max(1, width)));
  for (let row = 0; row < count; row += step) {
    for (let col = 0; col < width; col += PIECE_ENTRIES) yield { row, rows: Math.min(step, count - row), col, cols: Math.min(PIECE_ENTRIES, width - col) };
  }
}

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** Where the superblock begins: at 0, or behind a block of another program, such as MATLAB's. Undefined when `sample` is not of an HDF5 file. */
export function hdf5Start(sample: Buffer): number | undefined {
  return [0, 512, 1024, 2048].find((start) => sample.subarray(start, start + SIGNATURE.length).equals(SIGNATURE));
}

/** The least size of a file whose superblock is whole. */
const SUPERBLOCK_BYTES = 48;

/** The size that a file says it has, by its superblock of version 0 to 3 with 64-bit addresses; undefined for any other. */
function declaredSize(file: OpenFile, start: number): number | undefined {
  const block = Buffer.alloc(SUPERBLOCK_BYTES + 4);
  if (readUpTo(file, block, start) < SUPERBLOCK_BYTES) return start + SUPERBLOCK_BYTES;
  const version = block[8];
  const addressBytes = version < 2 ? block[13] : block[9];
  if (version > 3 || addressBytes !== 8) return undefined;
  return Number(block.readBigUInt64LE([40, 44, 28, 28][version]));
}

/**
 * Chooses the dataset and reads its shape and type. A number is 1 × 1, a vector n × 1.
 * E_FILE when the file is cut, there is no such dataset or none by which to choose, or it is not a real matrix.
 */
export function describeHdf5(open: OpenFile, start: number, { dataset }: Hdf5Options): Hdf5Description {
  const declared = declaredSize(open, start);
  if (declared !== undefined && open.size < declared) {
    throw fileError(open.path, `truncated: ${declared} bytes expected, ${open.size} found`, { expected: declared, found: open.size });
  }
  const file = openHdf5(open.path);
  try {
    return attempt(open.path, 'read what it holds', () => describeDataset(file, open, dataset));
  } finally {
    file.close();
  }
}

function describeDataset(file: H5wasm.File, open: OpenFile, dataset: string | undefined): Hdf5Description {
  const name = dataset === undefined ? onlyMatrix(file, open.path) : dataset.replace(/^\/+|\/+$/g, '');
  const found = datasetOf(file, open.path, name);
  const { shape } = found;
  if (!shape || shape.length > 2) {
    throw fileError(open.path, `its dataset ${name} ${shape ? `has the shape ${shape.join(' × ')}; a matrix has two axes` : 'is empty: it has no shape'}`, { dataset: name, shape });
  }
  const [height = 1, width = 1] = shape;
  const dtype = realType(found, open.path, name);
  return { format: 'hdf5', path: open.path, size: open.size, mtimeMs: open.mtimeMs, height, width, dtype, order: 'row', dataset: name };
}

const openHdf5 = (name: string): H5wasm.File => attempt(name, 'open', () => new (hdf5Library().File)(path.resolve(name), 'r'));

/** Every dataset of a file and its shape. */
function datasetsOf(file: H5wasm.File): { name: string; shape: readonly number[] | null }[] {
  return file.paths().flatMap((name) => {
    const found = file.get(name);
    return found instanceof hdf5Library().Dataset ? [{ name, shape: found.shape }] : [];
  });
}

function onlyMatrix(file: H5wasm.File, name: string): string {
  const all = datasetsOf(file);
  const matrices = all.filter(({ shape }) => shape?.length === 2);
  const choice = matrices.length > 0 ? matrices : all;
  if (choice.length === 1) return choice[0].name;
  throw fileError(name, all.length === 0 ? 'it holds no dataset' : `it holds ${all.length} datasets: ${listed(all)}`, {},
    all.length === 0 ? undefined : `choose one: { dataset: ${JSON.stringify(choice[0].name)} }`);
}

const listed = (all: readonly { name: string; shape: readonly number[] | null }[]): string =>
  all.slice(0, 10).map(({ name, shape }) => `${name} (${shape?.join('×') || 'a number'})`).join(', ') + (all.length > 10 ? ', …' : '');

/** The dataset of a name, by groups of this file alone: links to other files are refused, since they may lead anywhere. */
function datasetOf(file: H5wasm.File, fileName: string, name: string): H5wasm.Dataset {
  const { Dataset, Group, ExternalLink } = hdf5Library();
  const parts = name.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const part = parts.slice(0, depth).join('/');
    const found = part === '' ? null : file.get(part);
    if (found instanceof Dataset && depth === parts.length) return found;
    if (found instanceof Group && depth < parts.length) continue;
    if (found instanceof ExternalLink) throw fileError(fileName, `${part} is a link to another file`, { dataset: name }, 'load that file');
    break;
  }
  throw fileError(fileName, `it has no dataset ${JSON.stringify(name)}`, { dataset: name }, `it has ${listed(datasetsOf(file)) || 'none'}`);
}

/** Numbers of the library's filters that it brings itself: deflate, shuffle, checksum, szip, n-bit, scale-offset. */
const BUILT_IN_FILTERS = 6;

/** The type of a dataset's entries as NumPy names it. E_FILE when they are not real numbers, or cannot be read here. */
function realType(dataset: H5wasm.Dataset, file: string, name: string): string {
  const { type, size, signed, enum_type: names, virtual_sources: sources } = dataset.metadata;
  const refuse = (what: string, hint?: string): never => {
    throw fileError(file, `its dataset ${name} ${what}`, { dataset: name }, hint);
  };
  const foreign = dataset.filters.find(({ id }) => id > BUILT_IN_FILTERS);
  if (foreign) return refuse(`is compressed by ${foreign.name || `filter ${foreign.id}`}, which cannot be read here`, 'write it with gzip, or without compression');
  if (sources?.length) return refuse('is virtual: its entries are in other files', 'load those');
  const { H5T_INTEGER, H5T_FLOAT, H5T_ENUM } = hdf5Library().Module.H5T_class_t;
  // Booleans are an enumeration of 0 and 1.
  const kind = type === H5T_ENUM.value ? names!.type : type;
  const letter = kind === H5T_FLOAT.value ? 'f' : kind === H5T_INTEGER.value ? (signed ? 'i' : 'u') : undefined;
  const descr = `${size === 1 ? '|' : '<'}${letter}${size}`;
  if (letter === undefined || !entryType(descr) || descr === '<f2') {
    return refuse(letter ? `holds ${8 * size}-bit ${letter === 'f' ? 'floats' : 'integers'}, which cannot be read here` : 'holds no real numbers', "in Python: f['name'] = a.astype('<f8')");
  }
  return descr;
}

/** A matrix in an HDF5 file. */
export class Hdf5File implements MatrixFile {
  readonly format = 'hdf5';
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly dtype: string;
  readonly order = 'row';
  private readonly type: EntryType;
  private readonly file: H5wasm.File;
  private readonly dataset: H5wasm.Dataset;
  private readonly axes: number;
  private isOpen = true;

  constructor(readonly description: Hdf5Description) {
    ({ path: this.path, height: this.height, width: this.width, dtype: this.dtype } = description);
    this.type = entryType(description.dtype)!;
    this.file = openHdf5(this.path);
    this.dataset = attempt(this.path, 'read what it holds', () => datasetOf(this.file, this.path, description.dataset));
    this.axes = this.dataset.shape?.length ?? 0;
  }

  readBand(start: number, count: number, out: Floats, rowStride: number, colStride: number, offset = 0): void {
    if (!this.isOpen) throw new AlchemistError('E_CLOSED', `${this.path}: the file was closed`);
    checkBand(this.height, this.width, start, count, out, rowStride, colStride, offset);
    if (this.axes === 0) {
      if (count > 0) out[offset] = Number(this.dataset.value);
      return;
    }
    const Values = out.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array;
    for (const { row, rows, col, cols } of hyperslabs(count, this.width)) {
      const ranges: [number, number][] = [[start + row, start + row + rows], [col, col + cols]];
      const doing = `read rows ${start + row} to ${start + row + rows - 1} of ${this.description.dataset}`;
      // In the machine's byte order, whatever that in the file is.
      const raw = attempt(this.path, doing, () => this.dataset.slice(ranges.slice(0, this.axes))) as Floats;
      let values = raw;
      if (!this.type.matches(out)) {
        values = new Values(rows * cols);
        this.type.decode(raw.buffer as ArrayBuffer, rows * cols, values);
      }
      copyBlock(rows, cols, values, 0, cols, 1, out, offset + row * rowStride + col * colStride, rowStride, colStride);
    }
  }

  close(): void {
    if (this.isOpen) this.file.close();
    this.isOpen = false;
  }
}
