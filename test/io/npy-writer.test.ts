import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { createMatrixFile, openMatrixFile } from '#src/io/matrix-file.js';
import { NpyWriter } from '#src/io/npy-writer.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/npy/', import.meta.url));
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'npy-writer-test-'));
afterAll(() => fs.rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => { folder = fs.mkdtempSync(path.join(root, 'case-')); });

describe('the bytes', () => {
  const names = ['f8', 'f8-fortran', 'f4', 'f4-fortran', 'one-row', 'one-column', 'no-rows', 'no-columns'];
  test.each(names)('of %s are those that NumPy writes', (name) => {
    const source = path.join(fixtures, `${name}.npy`), target = path.join(folder, 'copy.npy');
    const file = openMatrixFile(source);
    const { height, width, order, dtype } = file;
    const [lines, length] = order === 'row' ? [height, width] : [width, height];
    const data = dtype === '<f4' ? new Float32Array(lines * length) : new Float64Array(lines * length);
    const [rowStride, colStride] = order === 'row' ? [width, 1] : [1, height];
    file.readBand(0, lines, data, rowStride, colStride);
    const writer = createMatrixFile(target, { height, width, dtype: dtype === '<f4' ? 'f4' : 'f8', order });
    writer.writeBand(0, lines, data, rowStride, colStride);
    writer.finish();
    expect(fs.readFileSync(target).equals(fs.readFileSync(source))).toBe(true);
  });

  test('come back the same, whatever the order, the bands, the strides and the types', () => {
    const numbers = fc.double();
    fc.assert(fc.property(
      fc.nat(9), fc.nat(9), fc.constantFrom('row' as const, 'column' as const), fc.boolean(), fc.boolean(),
      fc.integer({ min: 1, max: 4 }), fc.constantFrom([0, 0], [2, 0], [0, 3], [1, 1]), fc.array(numbers, { minLength: 81, maxLength: 81 }),
      (height, width, order, single, singleData, step, [rowGap, colGap], values) => {
        const target = path.join(folder, 'any.npy');
        const lines = order === 'row' ? height : width;
        const Data = singleData ? Float32Array : Float64Array;
        // memory is column-major with gaps, the file is of either order
        const rowStride = 1 + rowGap, colStride = rowStride * height + colGap;
        const data = new Data(5 + rowStride * height + colStride * width).fill(NaN);
        for (let j = 0; j < width; j++) for (let i = 0; i < height; i++) data[5 + i * rowStride + j * colStride] = values[i * 9 + j];
        const lineStride = order === 'row' ? rowStride : colStride;
        const writer = NpyWriter.create(target, { height, width, dtype: single ? 'f4' : 'f8', order });
        const starts = Array.from({ length: Math.ceil(lines / step) }, (_, k) => k * step).reverse(); // any order will do
        for (const start of starts) {
          writer.writeBand(start, Math.min(step, lines - start), data, rowStride, colStride, 5 + start * lineStride);
        }
        writer.finish();
        const out = new Data(height * width);
        const file = openMatrixFile(target);
        file.readBand(0, lines, out, width, 1);
        file.close();
        const round = single ? Math.fround : (x: number) => x;
        const want = (i: number, j: number) => round(new Data([values[i * 9 + j]])[0]);
        for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) expect(out[i * width + j]).toBe(want(i, j));
      }), { numRuns: 300 });
  });

  test('of lines longer than the buffer, and of long padded lines, are right', () => {
    for (const [height, width, pad] of [[3, 200_003, 7], [2, 20_000, 1], [300, 700, 0]]) {
      const target = path.join(folder, 'long.npy');
      const ld = width + pad;
      const data = new Float64Array(height * ld).map((_, k) => k);
      for (const order of ['row', 'column'] as const) {
        const writer = NpyWriter.create(target, { height, width, dtype: 'f8', order });
        writer.writeBand(0, order === 'row' ? height : width, data, ld, 1);
        writer.finish();
        const out = new Float64Array(height * width);
        openMatrixFile(target).readBand(0, order === 'row' ? height : width, out, width, 1);
        let wrong = 0;
        for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) if (out[i * width + j] !== i * ld + j) wrong++;
        expect(wrong).toBe(0);
      }
    }
  });
});

describe('the file', () => {
  const shape = { height: 2, width: 2, dtype: 'f8', order: 'row' } as const;
  const data = Float64Array.of(1, 2, 3, 4);

  test('is written by several threads at once', async () => {
    const target = path.join(folder, 'together.npy');
    const height = 64, width = 1000, threads = 4, rows = height / threads;
    const writer = NpyWriter.create(target, { height, width, dtype: 'f8', order: 'row' });
    const module = import.meta.resolve('#src/io/npy-writer.js');
    const code = `
      const { workerData: { ticket, module, start, count, width } } = require('node:worker_threads');
      import(module).then(({ NpyWriter }) => {
        const writer = NpyWriter.join(ticket);
        writer.writeBand(start, count, Float64Array.from({ length: count * width }, (_, k) => start * width + k), width, 1);
        writer.close();
      });`;
    await Promise.all(Array.from({ length: threads }, (_, t) => new Promise((done, fail) => {
      const worker = new Worker(code, { eval: true, workerData: { ticket: writer.ticket, module, start: t * rows, count: rows, width } });
      worker.on('error', fail);
      worker.on('exit', done);
    })));
    writer.finish();
    const out = new Float64Array(height * width);
    openMatrixFile(target).readBand(0, height, out, width, 1);
    expect(out).toEqual(Float64Array.from({ length: height * width }, (_, k) => k));
    expect(fs.readdirSync(folder)).toEqual(['together.npy']);
  });

  test('appears when it is finished and not before, and a discarded one leaves no trace', () => {
    const target = path.join(folder, 'a.npy');
    fs.writeFileSync(target, 'the old content');
    const discarded = NpyWriter.create(target, shape);
    discarded.writeBand(0, 2, data, 2, 1);
    expect(fs.readFileSync(target, 'utf8')).toBe('the old content');
    discarded.discard();
    expect(fs.readFileSync(target, 'utf8')).toBe('the old content');
    expect(fs.readdirSync(folder)).toEqual(['a.npy']);
    const writer = NpyWriter.create(target, shape);
    writer.writeBand(0, 2, data, 2, 1);
    writer.finish();
    writer.discard(); // after the end: nothing
    expect(fs.readdirSync(folder)).toEqual(['a.npy']);
    expect(fs.statSync(target).size).toBe(128 + 32);
    expect(() => writer.writeBand(0, 2, data, 2, 1)).toThrow(expect.objectContaining({ code: 'E_CLOSED' }));
  });

  test('replaces what a link points to, not the link', () => {
    const target = path.join(folder, 'real.npy'), link = path.join(folder, 'link.npy');
    fs.writeFileSync(target, 'old');
    fs.symlinkSync(target, link);
    const writer = NpyWriter.create(link, shape);
    writer.writeBand(0, 2, data, 2, 1);
    writer.finish();
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(openMatrixFile(target).height).toBe(2);
  });

  test.each([
    ['a folder that is not there', 'missing/a.npy', /no such file or directory/],
    ['a folder in its place', '.', /is a directory/],
    ['a device in its place', '/dev/null', /not a regular file/],
  ])('%s: refused', (_, name, message) => {
    expect(() => NpyWriter.create(path.resolve(folder, name), shape))
      .toThrow(expect.objectContaining({ code: 'E_FILE', message: expect.stringMatching(message) }));
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('a band outside it is refused', () => {
    const writer = NpyWriter.create(path.join(folder, 'a.npy'), shape);
    expect(() => writer.writeBand(1, 2, data, 2, 1)).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    expect(() => writer.writeBand(0, 2, data, 3, 1)).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    writer.discard();
    expect(() => createMatrixFile(path.join(folder, 'a.xyz'), shape)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
  });
});
