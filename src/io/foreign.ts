/** Formats that people mistake for matrices we can read, told by their first bytes. */

const SIGNATURES: { magic: string; what: string; hint?: string }[] = [
  { magic: 'PK\x03\x04', what: 'a zip archive (.npz, .xlsx)', hint: 'save arrays one by one with numpy.save; export a spreadsheet as CSV' },
  { magic: '\x1f\x8b', what: 'gzip-compressed', hint: 'decompress it first' },
  { magic: '\x28\xb5\x2f\xfd', what: 'zstd-compressed', hint: 'decompress it first' },
  { magic: 'PAR1', what: 'a Parquet file', hint: 'export it as CSV or .npy' },
  { magic: 'ARROW1', what: 'an Arrow file', hint: 'export it as CSV or .npy' },
  { magic: 'MATLAB 5.0 MAT-file', what: 'a MATLAB file', hint: 'numpy.save("x.npy", scipy.io.loadmat("x.mat")["name"])' },
  { magic: '%%MatrixMarket', what: 'a Matrix Market file', hint: 'numpy.save("x.npy", scipy.io.mmread("x.mtx").toarray())' },
  { magic: '\x80\x04', what: 'a Python pickle', hint: 'numpy.save writes .npy' },
  { magic: '\x89PNG', what: 'a PNG picture' },
  { magic: '\xff\xd8\xff', what: 'a JPEG picture' },
  { magic: '%PDF', what: 'a PDF document' },
  { magic: '\xff\xfe', what: 'UTF-16 text', hint: 'save it as UTF-8' },
  { magic: '\xfe\xff', what: 'UTF-16 text', hint: 'save it as UTF-8' },
];

/** What a file with these first bytes is, when it is surely neither .npy nor text; undefined when it may be text. */
export function recogniseForeign(sample: Buffer): { what: string; hint?: string } | undefined {
  const text = sample.toString('latin1');
  return SIGNATURES.find(({ magic }) => text.startsWith(magic)) ?? (/[\0-\x08\x0e-\x1f]/.test(text) ? { what: 'binary data' } : undefined);
}
