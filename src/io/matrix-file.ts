/** Files that hold a matrix: one interface for reading and one for writing bands, and the choice of the format. */
import fs from 'node:fs';
import path from 'node:path';
import { AlchemistError } from '../errors.js';
import type { Floats } from './band.js';
import { CsvFile, describeCsv } from './csv.js';
import type { CsvDescription, CsvOptions } from './csv.js';
import { CsvWriter } from './csv-writer.js';
import { fileError, openForReading, readUpTo } from './file.js';
import type { OpenFile } from './file.js';
import { recogniseForeign } from './foreign.js';
import { describeHdf5, Hdf5File, hdf5Start } from './hdf5.js';
import type { Hdf5Description, Hdf5Options } from './hdf5.js';
import { prepareHdf5 } from './hdf5-library.js';
import { Hdf5Writer } from './hdf5-writer.js';
import { describeNpy, NpyFile } from './npy.js';
import type { NpyDescription } from './npy.js';
import { NPY_MAGIC } from './npy-header.js';
import { NpyWriter } from './npy-writer.js';

/** The slow axis of a file: bands are consecutive rows of an order 'row' file, consecutive columns of an order 'column' file. */
export type Order = 'row' | 'column';

/** A matrix in a file, open for reading. Files are read band by band through a bounded buffer, whatever their size. */
export interface MatrixFile {
  readonly path: string;
  readonly format: 'npy' | 'csv' | 'hdf5';
  readonly height: number;
  readonly width: number;
  /** the type of the entries on disk, such as '<f8' or '|u1'; 'text' in CSV */
  readonly dtype: string;
  readonly order: Order;
  /** plain data from which another thread opens the same file at once, see {@link reopenMatrixFile} */
  readonly description: MatrixFileDescription;
  /**
   * Entries [start, start + count) of the slow axis, the other axis whole: entry (i, j) of the band goes to
   * out[offset + i·rowStride + j·colStride], where i and j count from the band's first row and column. What `out` holds elsewhere stays.
   * Conversions round to nearest. E_SHAPE when band or out is too short, E_FILE when the file is cut or not numeric, E_CLOSED.
   */
  readBand(start: number, count: number, out: Floats, rowStride: number, colStride: number, offset?: number): void;
  close(): void;
}

/** What a file was found to be when it was opened. */
export type MatrixFileDescription = NpyDescription | CsvDescription | Hdf5Description;

/** What the formats that have them take besides the file's name. */
export type MatrixFileOptions = CsvOptions & Hdf5Options;

/** A matrix file in the making. The target appears, or is replaced, when {@link finish} is called, and not before. */
export interface MatrixWriter {
  readonly path: string;
  readonly format: 'npy' | 'csv' | 'hdf5';
  readonly height: number;
  readonly width: number;
  readonly order: Order;
  /** The counterpart of {@link MatrixFile.readBand}. Bands of a CSV file come in order, those of other files in any order. */
  writeBand(start: number, count: number, data: Floats, rowStride: number, colStride: number, offset?: number): void;
  /** Puts the file in the target's place. */
  finish(): void;
  /** Removes what was written; the target stays as it was. */
  discard(): void;
}

const SAMPLE_BYTES = 4096;

/** The extensions that mean HDF5 where a file is to be written. */
const HDF5_EXTENSIONS = new Set(['.h5', '.hdf5']);

/**
 * What must have been awaited on a thread before it opens ('read') or creates ('write') an HDF5 file: loads its library. Does nothing for other
 * files, missing ones among them. E_ENVIRONMENT when the library is not installed.
 */
export async function prepareMatrixFile(file: string, mode: 'read' | 'write'): Promise<void> {
  if (mode === 'write' ? HDF5_EXTENSIONS.has(path.extname(file).toLowerCase()) : beginsAsHdf5(file)) await prepareHdf5();
}

function beginsAsHdf5(file: string): boolean {
  let open: OpenFile;
  try {
    open = openForReading(file);
  } catch {
    return false; // Opening it in earnest will say why.
  }
  try {
    return hdf5Start(sampleOf(open)) !== undefined;
  } finally {
    fs.closeSync(open.fd);
  }
}

/** The first bytes of a file. */
function sampleOf(open: OpenFile): Buffer {
  const sample = Buffer.alloc(Math.min(SAMPLE_BYTES, open.size));
  readUpTo(open, sample, 0);
  return sample;
}

/**
 * Opens a matrix file. Its content decides what it is: .npy and HDF5 by their magic, everything else that is text as CSV.
 * E_FILE when it is missing, empty, cut, of another format, not real, or has more than two axes.
 */
export function openMatrixFile(file: string, options: MatrixFileOptions = {}): MatrixFile {
  return closeOnError(openForReading(file), (open) => {
    if (open.size === 0) throw fileError(file, 'the file is empty', { found: 0 });
    const sample = sampleOf(open);
    const magic = sample.subarray(0, NPY_MAGIC.length);
    if (magic.equals(NPY_MAGIC)) return new NpyFile(open, describeNpy(open));
    if (magic.equals(NPY_MAGIC.subarray(0, magic.length))) {
      throw fileError(file, `truncated within its npy magic: ${NPY_MAGIC.length} bytes expected, ${open.size} found`,
        { expected: NPY_MAGIC.length, found: open.size });
    }
    const start = hdf5Start(sample);
    if (start !== undefined) return openedAnew(open, () => new Hdf5File(describeHdf5(open, start, options)));
    const foreign = recogniseForeign(sample);
    if (foreign) throw fileError(file, `it is ${foreign.what}, not a .npy, HDF5 or CSV file`, {}, foreign.hint);
    if (path.extname(file).toLowerCase() === '.npy') throw fileError(file, 'it is not a .npy file: its first bytes are not the npy magic');
    return new CsvFile(open, describeCsv(open, options));
  });
}

/** Opens a file that {@link openMatrixFile} described, perhaps in another thread. E_FILE when it has changed since. */
export function reopenMatrixFile(description: MatrixFileDescription): MatrixFile {
  return closeOnError(openForReading(description.path), (open) => {
    if (open.size !== description.size || open.mtimeMs !== description.mtimeMs) {
      throw fileError(open.path, `it changed while it was being read: ${description.size} bytes then, ${open.size} now`,
        { expected: description.size, found: open.size });
    }
    if (description.format === 'hdf5') return openedAnew(open, () => new Hdf5File(description));
    return description.format === 'npy' ? new NpyFile(open, description) : new CsvFile(open, description);
  });
}

const SEPARATORS: Record<string, string> = { '.csv': ',', '.tsv': '\t', '.txt': ' ' };

/**
 * Starts a height × width matrix file in the format that the extension names: .npy, .h5, .hdf5, .csv, .tsv or .txt.
 * `dtype` (float64) is for .npy and HDF5, `order` (row-major) for .npy, `dataset` ('A') for HDF5. E_FILE.
 */
export function createMatrixFile(
  file: string,
  { height, width, dtype = 'f8', order = 'row', dataset = 'A' }: { height: number; width: number; dtype?: 'f8' | 'f4'; order?: Order; dataset?: string },
): MatrixWriter {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.npy') return NpyWriter.create(file, { height, width, dtype, order });
  if (HDF5_EXTENSIONS.has(extension)) return Hdf5Writer.create(file, { height, width, dtype, dataset });
  const separator = SEPARATORS[extension];
  if (separator === undefined) {
    throw new AlchemistError('E_ARGUMENT', `${file}: cannot tell the format from the extension '${extension}'`,
      { hint: `use .npy, ${[...HDF5_EXTENSIONS].join(', ')}, ${Object.keys(SEPARATORS).join(', ')}`, fields: { path: file } });
  }
  return CsvWriter.create(file, { height, width, separator });
}

/** For a library that opens files by itself: our own handle has served. */
function openedAnew<T>(open: OpenFile, use: () => T): T {
  const file = use();
  fs.closeSync(open.fd);
  return file;
}

function closeOnError<T>(open: OpenFile, use: (open: OpenFile) => T): T {
  try {
    return use(open);
  } catch (error) {
    fs.closeSync(open.fd);
    throw error;
  }
}
