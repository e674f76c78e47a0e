import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { createMatrixFile, openMatrixFile, reopenMatrixFile } from '#src/io/matrix-file.js';
import type { CsvOptions } from '#src/io/csv.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'csv-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const target = path.join(folder, 'a.csv');

/** The rows of a file with this content. */
function rowsOf(content: string | Uint8Array, options?: CsvOptions): number[][] {
  fs.writeFileSync(target, content);
  const file = openMatrixFile(target, options);
  const { height, width } = file;
  expect([file.format, file.order, file.dtype]).toEqual(['csv', 'row', 'text']);
  const out = new Float64Array(new SharedArrayBuffer(8 * height * width));
  try {
    file.readBand(0, height, out, width, 1);
  } finally {
    file.close();
  }
  return Array.from({ length: height }, (_, i) => Array.from(out.subarray(i * width, (i + 1) * width)));
}

function failure(content: string | Uint8Array, options?: CsvOptions): { code: string; message: string; fields: Record<string, unknown> } {
  try {
    rowsOf(content, options);
  } catch (error) {
    return error as { code: string; message: string; fields: Record<string, unknown> };
  }
  throw new Error('no error was thrown');
}

const TWO_BY_THREE = [[1, 2.5, -3], [4e-7, 5, 0.125]];

describe('what people call CSV', () => {
  test.each([
    ['commas', '1,2.5,-3\n4e-7,5,.125\n'],
    ['no end of the last line', '1,2.5,-3\n4e-7,5,.125'],
    ['lines of Windows', '1,2.5,-3\r\n4e-7,5,.125\r\n'],
    ['semicolons', '1;2.5;-3\n4e-7;5;.125\n'],
    ['tabs', '1\t2.5\t-3\n4e-7\t5\t.125\n'],
    ['blanks', '1 2.5 -3\n4e-7 5 .125\n'],
    ['aligned columns of blanks and tabs', '   1     2.5\t -3  \n\t4E-7  5    0.125\n'],
    ['commas and blanks', ' 1, 2.5 ,-3\n4e-7,  5,\t.125 \n'],
    ['quoted numbers', '"1","2.5","-3"\n"4e-7"," 5 ",".125"\n'],
    ['quoted numbers with blanks', '"1" "2.5" "-3"\n4e-7 "5" .125\n'],
    ['a header', 'x,y,z\n1,2.5,-3\n4e-7,5,.125\n'],
    ['a quoted header with separators in it', '"x, in m","y; ""really""",z\n1,2.5,-3\n4e-7,5,.125\n'],
    ['a header with an empty name', ',y,z\n1,2.5,-3\n4e-7,5,.125\n'],
    ['a header of blanks', 'x y z\n1 2.5 -3\n4e-7 5 .125\n'],
    ['a byte order mark', '\ufeffx,y,z\n1,2.5,-3\n4e-7,5,.125\n'],
    ['comments and blank lines', '# made by hand\n\n  # x y z\n1,2.5,-3\n\r\n   \n# half\n4e-7,5,.125\n\n# end'],
    ['explicit plus signs, capital exponents, leading zeros', '+1,+2.50,-03\n4E-07,+5e+0,000.125\n'],
  ])('%s', (_, content) => expect(rowsOf(content)).toEqual(TWO_BY_THREE));

  test('one column, one row, one number', () => {
    expect(rowsOf('1\n2\n3')).toEqual([[1], [2], [3]]);
    expect(rowsOf('name\n1\n2\n')).toEqual([[1], [2]]);
    expect(rowsOf('1,2')).toEqual([[1, 2]]);
    expect(rowsOf('7')).toEqual([[7]]);
  });

  test('missing values and all spellings of NaN are NaN, infinities are infinite, zero keeps its sign', () => {
    expect(rowsOf('1,,nan,NaN,-nan,NA,N/A,null,None,"",  ,\n0,-0,inf,-inf,+Inf,Infinity,-infinity,INF,1e999,-1e999,0e5,-0.0\n')).toEqual([
      [1, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN],
      [0, -0, Infinity, -Infinity, Infinity, Infinity, -Infinity, Infinity, Infinity, -Infinity, 0, -0],
    ]);
    expect(rowsOf('1\t\t3\n\t5\t\n')).toEqual([[1, NaN, 3], [NaN, 5, NaN]]);
    expect(rowsOf('nan,1\n2,3\n')).toEqual([[NaN, 1], [2, 3]]); // a word for a number is no header
  });

  test('separator and header can be said', () => {
    expect(rowsOf('1|2\n3|4\n', { separator: '|' })).toEqual([[1, 2], [3, 4]]);
    expect(rowsOf('2019,2020\n1,2\n', { header: true })).toEqual([[1, 2]]);
    expect(rowsOf('a,2020\n1,2\n', { header: true })).toEqual([[1, 2]]);
    expect(failure('a,b\n1,2\n', { header: false })).toMatchObject({ code: 'E_FILE', fields: { line: 1, column: 1, cell: 'a' } });
    for (const separator of ['', ',,', '1', '"', '\n', 'e', '#', '.', '-']) expect(failure('1', { separator }).code).toBe('E_ARGUMENT');
  });
});

describe('faults are told with their place', () => {
  test.each([
    ['text in a cell', '1,2\n\n# c\n3,abc\n', { line: 4, column: 2, cell: 'abc' }, /line 4, column 2: "abc" is not a number/],
    ['text in the first row', '1,abc\n3,4\n', { line: 1, column: 2 }, /header: true/],
    ['two numbers in a cell', '1,2\n3,4 5\n', { line: 2, column: 2, cell: '4 5' }, /"4 5"/],
    ['a comment in a cell', '1,2\n3,4 # four\n', { line: 2, column: 2 }, /"4 # four"/],
    ['a decimal comma', '1,5;2\n3;4\n', { line: 1, column: 1, cell: '1,5' }, /is not a number/],
    ['a decimal comma further down', 'a;b\n1;2\n3;4,5\n', { line: 3, column: 2 }, /decimal point/],
    ['an open quote', '1,2\n"3,4\n', { line: 2, column: 1, cell: '"3,4' }, /not a number/],
    ['hexadecimal, which Number() would take', '1,2\n0x10,4\n', { line: 2, column: 1 }, /0x10/],
    ['thousands', "1,2\n1'000,4\n", { line: 2, column: 1 }, /1'000/],
    ['a short row', '1,2,3\n4,5\n', { line: 2, expected: 3, found: 2 }, /line 2 has 2 cells; the lines before it have 3/],
    ['a long row', '1,2\n3,4\n5,6,7,8\n', { line: 3, expected: 2, found: 4 }, /line 3 has 4 cells/],
    ['a short row of blanks', '1 2 3\n4 5\n', { line: 2, expected: 3, found: 2 }, /line 2/],
    ['a separator at the end of one row', '1,2\n3,4,\n', { line: 2, expected: 2, found: 3 }, /line 2/],
    ['a header alone', 'a,b\n', {}, /no row of numbers/],
    ['comments alone', '# a\n\n', {}, /no row of numbers/],
    ['prose', 'It was a dark and stormy night;\nthe rain fell in torrents.\n', { line: 2, column: 1 }, /not a number/],
  ])('%s', (_, content, fields, message) => {
    expect(failure(content)).toMatchObject({ name: 'AlchemistError', code: 'E_FILE', message: expect.stringMatching(message), fields });
  });

  test('the numbers before a fault are there, and the file can still be read', () => {
    fs.writeFileSync(target, '1,2\n3,4\n5,x\n7,8\n');
    const file = openMatrixFile(target);
    const out = new Float64Array(8);
    expect(() => file.readBand(0, 4, out, 2, 1)).toThrow(expect.objectContaining({ fields: expect.objectContaining({ line: 3 }) }));
    file.readBand(3, 1, out, 2, 1);
    file.readBand(0, 2, out, 2, 1, 2);
    expect(Array.from(out.subarray(0, 6))).toEqual([7, 8, 1, 2, 3, 4]);
    file.close();
    expect(() => file.readBand(0, 1, out, 2, 1)).toThrow(expect.objectContaining({ code: 'E_CLOSED' }));
  });

  test('a file that was cut after it was opened', () => {
    fs.writeFileSync(target, Array.from({ length: 100_000 }, (_, i) => `${i},${i}`).join('\n'));
    const file = openMatrixFile(target);
    fs.truncateSync(target, 700_000);
    const out = new Float64Array(2 * file.height);
    expect(() => file.readBand(0, file.height, out, 2, 1)).toThrow(expect.objectContaining({ code: 'E_FILE' }));
    file.close();
    expect(() => reopenMatrixFile(file.description)).toThrow(/changed/);
  });
});

describe('large files', () => {
  test('bands are read from the middle, in any order, in any strides, and by a second reader without another scan', () => {
    const height = 60_000, width = 3;
    const at = (i: number, j: number) => i * 10 + j + 0.5;
    const lines = Array.from({ length: height }, (_, i) => `${at(i, 0)},${at(i, 1)},${at(i, 2)}${i % 7 === 0 ? '\n# comment\n' : ''}`);
    fs.writeFileSync(target, `a,b,c\n${lines.join('\n')}\n`);
    const first = openMatrixFile(target), second = reopenMatrixFile(structuredClone(first.description));
    expect([first.height, first.width]).toEqual([height, width]);
    for (const file of [first, second]) {
      for (const [start, count] of [[59_999, 1], [30_000, 1000], [31_000, 1000], [0, 1], [height, 0], [12_345, 40_000]]) {
        const out = new Float64Array(3 + count * 4);
        file.readBand(start, count, out, 1, count, 3); // column-major
        let wrong = 0;
        for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) if (out[3 + i + j * count] !== at(start + i, j)) wrong++;
        expect(wrong).toBe(0);
      }
      file.close();
    }
  });

  test('lines longer than the buffer', () => {
    const width = 100_000;
    const line = Array.from({ length: width }, (_, j) => j).join(',');
    const rows = rowsOf(`${line}\n${line}\r\n${line}`);
    expect(rows.length).toBe(3);
    for (const row of rows) expect(row.every((x, j) => x === j)).toBe(true);
  });
});

describe('properties', () => {
  const extremes = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 1e21, 1e-7);
  const cell = fc.oneof(fc.double(), fc.integer(), fc.float(), extremes);
  const matrix = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8 }))
    .chain(([height, width]) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: height, maxLength: height }));

  test('what is written comes back bit by bit, as .csv, .tsv and .txt, float64 and float32, in bands of any height', () => {
    const extensions = fc.constantFrom('csv', 'tsv', 'txt');
    fc.assert(fc.property(matrix, extensions, fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, extension, step, single) => {
      const Data = single ? Float32Array : Float64Array;
      const height = rows.length, width = rows[0].length;
      const file = path.join(folder, `round.${extension}`);
      const data = Data.from(rows.flat());
      const writer = createMatrixFile(file, { height, width });
      for (let start = 0; start < height; start += step) {
        writer.writeBand(start, Math.min(step, height - start), data, width, 1, start * width);
      }
      writer.finish();
      const reader = openMatrixFile(file);
      expect([reader.height, reader.width]).toEqual([height, width]);
      const out = new Data(height * width);
      reader.readBand(0, height, out, width, 1);
      reader.close();
      for (let k = 0; k < out.length; k++) expect(out[k]).toBe(data[k]);
    }), { numRuns: 500 });
  });

  test('the layout of the text does not matter', () => {
    const blank = fc.constantFrom('', '', ' ', '\t', '  ');
    const between = fc.constantFrom('', '', '\n', '# a comment, with, commas\n', '   \r\n');
    fc.assert(fc.property(
      matrix, fc.constantFrom(',', ';', '|'), fc.boolean(), fc.constantFrom('\n', '\r\n'), fc.boolean(),
      fc.infiniteStream(blank), fc.infiniteStream(between),
      (rows, separator, quotes, newline, header, blanks, betweens) => {
        const next = () => blanks.next().value as string;
        const spell = (x: number) => (Number.isNaN(x) ? 'NA' : Object.is(x, -0) ? '-0' : String(x));
        const write = (x: number) => next() + (quotes ? `"${spell(x)}"` : spell(x)) + next();
        const names = header ? rows[0].map((_, j) => `x${j}`).join(separator) + newline : '';
        const text = names + rows.map((row) => betweens.next().value + row.map(write).join(separator) + newline).join('');
        expect(rowsOf(text, { separator: separator === '|' ? '|' : undefined })).toEqual(rows);
      }), { numRuns: 500 });
  });

  test('any text, and any bytes, give a matrix or E_FILE, nothing else', () => {
    const check = (content: string | Uint8Array) => {
      try {
        rowsOf(content);
      } catch (error) {
        expect(error).toMatchObject({ name: 'AlchemistError', code: 'E_FILE' });
      }
    };
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.,;-+eE" \t\r\n#naif') }), check), { numRuns: 2000 });
    fc.assert(fc.property(fc.uint8Array(), check), { numRuns: 1000 });
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check), { numRuns: 500 });
  });
});

describe('writing', () => {
  test('numbers have the fewest digits that come back the same', () => {
    const writer = createMatrixFile(target, { height: 2, width: 3 });
    writer.writeBand(0, 1, Float64Array.of(0.1, -0, 1e21), 3, 1);
    writer.writeBand(1, 1, Float32Array.of(0.1, NaN, -Infinity), 3, 1);
    writer.finish();
    expect(fs.readFileSync(target, 'utf8')).toBe('0.1,-0,1e+21\n0.1,NaN,-inf\n');
  });

  test('rows come from top to bottom, all of them', () => {
    fs.rmSync(target, { force: true });
    const writer = createMatrixFile(target, { height: 3, width: 1 });
    const data = Float64Array.of(1, 2, 3);
    expect(() => writer.writeBand(1, 1, data, 1, 1)).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    writer.writeBand(0, 2, data, 1, 1);
    expect(() => writer.finish()).toThrow(/2 of 3 rows/);
    expect(fs.existsSync(target)).toBe(false);
    writer.discard();
    expect(fs.readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(() => createMatrixFile(target, { height: 0, width: 4 })).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  });
});
