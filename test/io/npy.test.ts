import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openMatrixFile, reopenMatrixFile } from '#src/io/matrix-file.js';
import type { MatrixFile } from '#src/io/matrix-file.js';
import { formatNpyHeader } from '#src/io/npy-header.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/npy/', import.meta.url));
const examples = fileURLToPath(new URL('../../../examples/data/', import.meta.url));

interface Expected { height: number; width: number; dtype: string; order: string; rows: string[][] }
const expected: Record<string, Expected> = JSON.parse(fs.readFileSync(path.join(fixtures, 'expected.json'), 'utf8'));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'npy-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const shared = (entries: number) => new Float64Array(new SharedArrayBuffer(8 * entries));
const bits = (x: number): string => {
  if (Number.isNaN(x)) return 'nan';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(x);
  return bytes.toString('hex');
};
const value = (hex: string) => Buffer.from(hex, 'hex').readDoubleBE();

/** The whole file as rows, read in bands of `step` lines into memory with the given strides. */
function rowsOf(file: MatrixFile, step: number, rowStride: number, colStride: number, out: Float64Array | Float32Array): number[][] {
  const lines = file.order === 'row' ? file.height : file.width;
  const lineStride = file.order === 'row' ? rowStride : colStride;
  for (let start = 0; start < lines; start += step) {
    file.readBand(start, Math.min(step, lines - start), out, rowStride, colStride, 3 + start * lineStride);
  }
  const row = (i: number) => Array.from({ length: file.width }, (_, j) => out[3 + i * rowStride + j * colStride]);
  return Array.from({ length: file.height }, (_, i) => row(i));
}

function failure(call: () => unknown): { code: string; message: string; fields: Record<string, unknown> } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string; fields: Record<string, unknown> };
  }
  throw new Error('no error was thrown');
}

describe('files that NumPy wrote', () => {
  test.each(Object.entries(expected))('%s is read bit by bit, in bands of any height and into any strides', (name, want) => {
    const { height, width, dtype, order, rows } = want;
    const file = openMatrixFile(path.join(fixtures, `${name}.npy`));
    expect({ height: file.height, width: file.width, dtype: file.dtype, order: file.order, format: file.format })
      .toEqual({ height, width, dtype, order, format: 'npy' });
    const wantDouble = rows.map((row) => row.map((hex) => bits(value(hex))));
    const wantSingle = rows.map((row) => row.map((hex) => bits(Math.fround(value(hex)))));
    const strides = [[width, 1], [width + 2, 1], [1, height], [1, height + 3], [2 * width, 2], [3, 3 * height + 1]];
    for (const step of [1, 2, 100]) {
      for (const [rowStride, colStride] of strides) {
        const entries = 3 + height * rowStride + width * colStride;
        expect(rowsOf(file, step, rowStride, colStride, shared(entries)).map((row) => row.map(bits))).toEqual(wantDouble);
        expect(rowsOf(file, step, rowStride, colStride, new Float32Array(entries)).map((row) => row.map(bits))).toEqual(wantSingle);
      }
    }
    file.close();
  });

  test.each([
    ['complex', /complex numbers \('<c16'\)/], ['three-axes', /shape 2 × 2 × 2; a matrix has two axes/], ['structured', /records/],
    ['object', /Python objects/], ['text', /text/], ['dates', /dates/], ['longdouble', /extended-precision/],
  ])('%s is refused with a sentence that says why', (name, message) => {
    const error = failure(() => openMatrixFile(path.join(fixtures, `refused-${name}.npy`)));
    expect(error).toMatchObject({ name: 'AlchemistError', code: 'E_FILE', message: expect.stringMatching(message) });
  });

  test('the examples have their published shapes', () => {
    const digits = openMatrixFile(path.join(examples, 'digits.npy')), raccoon = openMatrixFile(path.join(examples, 'raccoon.npy'));
    expect([digits.height, digits.width, digits.dtype]).toEqual([1797, 64, '|u1']);
    expect([raccoon.height, raccoon.width, raccoon.dtype]).toEqual([768, 1024, '|u1']);
    const first = shared(64);
    digits.readBand(0, 1, first, 64, 1);
    expect(Array.from(first.subarray(0, 16))).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
  });
});

describe('bands', () => {
  /** A height × width file of float64 k + 0.5 at the k-th place, with `type` '<f8', '>f8' or '<f4'. */
  function ramp(name: string, type: string, order: 'row' | 'column', height: number, width: number): string {
    const itemSize = Number(type[2]);
    const data = Buffer.alloc(height * width * itemSize);
    for (let k = 0; k < height * width; k++) {
      if (type === '<f8') data.writeDoubleLE(k + 0.5, 8 * k);
      else if (type === '>f8') data.writeDoubleBE(k + 0.5, 8 * k);
      else data.writeFloatLE(k + 0.5, 4 * k);
    }
    const file = path.join(folder, name);
    fs.writeFileSync(file, Buffer.concat([formatNpyHeader(type, order === 'column', height, width), data]));
    return file;
  }

  test.each(['<f8', '>f8', '<f4'])('%s: lines longer than the buffer, bands of many buffers and padded long lines arrive whole', (type) => {
    for (const [height, width] of [[3, 200_003], [5000, 61], [7, 20_000]]) {
      for (const order of ['row', 'column'] as const) {
        const file = openMatrixFile(ramp('ramp.npy', type, order, height, width));
        const [lines, length] = order === 'row' ? [height, width] : [width, height];
        for (const [lineStride, entryStride] of [[length, 1], [length + 5, 1], [1, lines], [2, 2 * lines]]) {
          const out = shared(lines * lineStride + length * entryStride).fill(-1);
          const [rowStride, colStride] = order === 'row' ? [lineStride, entryStride] : [entryStride, lineStride];
          file.readBand(1, lines - 1, out, rowStride, colStride, 1);
          let wrong = 0;
          for (let l = 1; l < lines; l++) {
            for (let e = 0; e < length; e++) if (out[1 + (l - 1) * lineStride + e * entryStride] !== l * length + e + 0.5) wrong++;
          }
          expect(wrong).toBe(0);
          expect(out.filter((x) => x !== -1).length).toBe((lines - 1) * length); // nothing else was touched
        }
        file.close();
      }
    }
  });

  test('entries beyond 4 GiB are reached', () => {
    const width = 1000, height = 600_000; // 4.8 GB, a hole but for one row
    const file = path.join(folder, 'huge.npy');
    const header = formatNpyHeader('<f8', false, height, width);
    fs.writeFileSync(file, header);
    fs.truncateSync(file, header.length + 8 * height * width);
    const fd = fs.openSync(file, 'r+');
    const row = Float64Array.from({ length: width }, (_, j) => j + 1);
    fs.writeSync(fd, row, 0, row.byteLength, header.length + 8 * width * (height - 2));
    fs.closeSync(fd);
    const matrix = openMatrixFile(file);
    const out = shared(3 * width);
    matrix.readBand(height - 3, 3, out, width, 1);
    expect(out.subarray(width, 2 * width)).toEqual(row);
    expect(out[0] + out[width - 1] + out[2 * width] + out[3 * width - 1]).toBe(0);
    matrix.close();
    fs.rmSync(file);
  });

  test('a band outside the file, or longer than its array, is refused before anything is written', () => {
    const file = openMatrixFile(ramp('small.npy', '<f8', 'row', 4, 3));
    const out = shared(12).fill(-1);
    for (const call of [
      () => file.readBand(3, 2, out, 3, 1), () => file.readBand(-1, 1, out, 3, 1), () => file.readBand(0, 4, out, 4, 1),
      () => file.readBand(0, 4, out, 3, 1, 1), () => file.readBand(0, 2, out, -3, 1), () => file.readBand(0, 4, out, 1, 5),
    ]) expect(failure(call).code).toBe('E_SHAPE');
    expect(failure(() => file.readBand(0.5, 1, out, 3, 1)).code).toBe('E_ARGUMENT');
    expect(out.every((x) => x === -1)).toBe(true);
    file.readBand(4, 0, out, 3, 1);
    file.readBand(0, 4, out, -3, 1, 9); // from the last row up
    expect(Array.from(out.subarray(0, 3))).toEqual([9.5, 10.5, 11.5]);
    file.close();
    file.close();
    expect(failure(() => file.readBand(0, 1, out, 3, 1)).code).toBe('E_CLOSED');
  });

  test('another thread opens the file from its description, and notices when it has changed', () => {
    const source = ramp('described.npy', '<f8', 'column', 4, 3);
    const first = openMatrixFile(source);
    const again = reopenMatrixFile(structuredClone(first.description));
    first.close();
    const out = shared(12);
    again.readBand(0, 3, out, 1, 4);
    expect(out[11]).toBe(11.5);
    again.close();
    fs.appendFileSync(source, 'x');
    expect(failure(() => reopenMatrixFile(first.description)).message).toMatch(/changed/);
  });
});

describe('damaged files', () => {
  const whole = fs.readFileSync(path.join(fixtures, 'version-2.npy'));
  const target = path.join(folder, 'damaged.npy');
  const open = (bytes: Uint8Array) => failure(() => {
    fs.writeFileSync(target, bytes);
    openMatrixFile(target);
  });

  test('cut at any byte: the sentence says how many were expected and how many found', () => {
    for (let length = 1; length < whole.length; length++) {
      const error = open(whole.subarray(0, length));
      expect(error).toMatchObject({ code: 'E_FILE', message: expect.stringContaining('truncated'), fields: { found: length } });
      expect(error.fields.expected).toBeGreaterThan(length);
    }
    expect(open(new Uint8Array(0))).toMatchObject({ code: 'E_FILE', message: expect.stringContaining('empty') });
  });

  test('bytes behind the data are ignored, as NumPy does', () => {
    fs.writeFileSync(target, Buffer.concat([whole, Buffer.from('next array')]));
    const out = shared(6);
    openMatrixFile(target).readBand(0, 2, out, 3, 1);
    expect(Array.from(out)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('every single flipped byte of the header gives a matrix or E_FILE, nothing else', () => {
    for (let at = 0; at < 128; at++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] ^= flip;
        fs.writeFileSync(target, bytes);
        try {
          openMatrixFile(target).close();
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_FILE' });
        }
      }
    }
  });

  test.each([
    ['a version from the future', '\x93NUMPY\x04\x00', /version 4\.0/],
    ['an absurd header length', '\x93NUMPY\x02\x00\xff\xff\xff\x7f', /claims 2147483647 bytes/],
    ['a list for a dictionary', header("['descr', '<f8']"), /not a Python dictionary/],
    ['deep nesting', header('('.repeat(5000)), /not a Python dictionary/],
    ['no shape', header("{'descr': '<f8', 'fortran_order': False}"), /lacks a valid/],
    ['a negative axis', header("{'descr': '<f8', 'fortran_order': False, 'shape': (-3, 4)}"), /lacks a valid/],
    ['an order that is no truth value', header("{'descr': '<f8', 'fortran_order': 'C', 'shape': (3, 4)}"), /lacks a valid/],
    ['an unheard-of type', header("{'descr': '<f3', 'fortran_order': False, 'shape': (3, 4)}"), /'<f3'/],
    ['a shape beyond all files', header("{'descr': '<f8', 'fortran_order': False, 'shape': (9007199254740991, 4)}"), /truncated/],
  ])('%s', (_, content, message) => {
    expect(open(Buffer.from(content, 'latin1'))).toMatchObject({ code: 'E_FILE', message: expect.stringMatching(message) });
  });

  test('the spellings of other writers are understood: double quotes, Python 2 integers, no endianness', () => {
    const data = Buffer.alloc(16, Buffer.from(new Float64Array([7]).buffer)).toString('latin1');
    fs.writeFileSync(target, header('{"shape": (2L, 1L), "fortran_order": True,\n"descr":"f8"}') + data, 'latin1');
    const file = openMatrixFile(target);
    expect([file.height, file.width, file.order, file.dtype]).toEqual([2, 1, 'column', 'f8']);
    const out = shared(2);
    file.readBand(0, 1, out, 1, 2);
    expect(Array.from(out)).toEqual([7, 7]);
    fs.writeFileSync(target, header("{'descr': '<f8', 'fortran_order': True, 'shape': (2,)}") + data, 'latin1');
    expect(openMatrixFile(target)).toMatchObject({ height: 2, width: 1, order: 'row' }); // a vector has one order
  });

  function header(dictionary: string): string {
    const length = dictionary.length + 1;
    return `\x93NUMPY\x01\x00${String.fromCharCode(length & 255, length >> 8)}${dictionary}\n`;
  }
});
