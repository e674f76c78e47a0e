import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { openMatrixFile } from '#src/io/matrix-file.js';
import { formatNpyHeader } from '#src/io/npy-header.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'matrix-file-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const npy = Buffer.concat([formatNpyHeader('|u1', false, 1, 3), Buffer.of(7, 8, 9)]);

test('the content decides, not the name', () => {
  fs.writeFileSync(at('a.csv'), npy);
  expect(openMatrixFile(at('a.csv')).format).toBe('npy');
  fs.writeFileSync(at('noname'), '1 2\n3 4\n');
  expect(openMatrixFile(at('noname'))).toMatchObject({ format: 'csv', height: 2, width: 2 });
});

test.each([
  ['nothing', '', /the file is empty/],
  ['text', '1,2\n', /not the npy magic/],
  ['a zip archive', 'PK\x03\x04....', /zip archive.*numpy\.save/],
  ['gzip', gzipSync('1,2\n'), /gzip.*decompress/],
  ['the beginning of an HDF5 file', '\x89HDF\r\n\x1a\n', /truncated: 48 bytes expected, 8 found/],
  ['Matrix Market', '%%MatrixMarket matrix array real general\n', /Matrix Market/],
  ['noise', deflateRawSync(Buffer.from(Array.from({ length: 500 }, (_, i) => (i * i) % 251))), /binary data|not the npy magic/],
])('%s under the name .npy is called what it is', (_, content, message) => {
  fs.writeFileSync(at('b.npy'), content, 'latin1');
  expect(() => openMatrixFile(at('b.npy'))).toThrow(expect.objectContaining({ code: 'E_FILE', message: expect.stringMatching(message) }));
});

test('text in UTF-16 is named', () => {
  fs.writeFileSync(at('c.csv'), '\ufeff1,2\n', 'utf16le');
  expect(() => openMatrixFile(at('c.csv'))).toThrow(/UTF-16.*UTF-8/);
});

test('what is not a file is refused at once', () => {
  expect(() => openMatrixFile(at('missing.npy'))).toThrow(expect.objectContaining({
    code: 'E_FILE',
    message: expect.stringMatching(/missing\.npy: cannot open: no such file/),
    fields: { path: at('missing.npy'), reason: 'ENOENT' },
  }));
  expect(() => openMatrixFile(folder)).toThrow(/it is a directory/);
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [at('pipe')]);
    expect(() => openMatrixFile(at('pipe'))).toThrow(/not a regular file/); // opening it would wait for a writer
  }
});

test('no descriptor is left open by a file that is refused', () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  if (!fs.existsSync('/proc/self/fd')) return;
  fs.writeFileSync(at('d.csv'), '1,x\n');
  const before = open();
  for (let k = 0; k < 20; k++) expect(() => openMatrixFile(at('d.csv'))).toThrow(expect.objectContaining({ code: 'E_FILE' }));
  expect(open()).toBe(before);
});
