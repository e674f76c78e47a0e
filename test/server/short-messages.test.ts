/** Sends in many short messages, from arrays of every kind: as many heads of changing lengths as a large matrix has, and sends that end early. */
import { type AlchemistServer, connect, type Session } from '#src/index.js';
import { started } from './started.js';

type Source = { readonly data: Float64Array | Float32Array; readonly shape: readonly [number, number]; readonly strides: readonly [number, number]; readonly offset?: number };

const filled = (length: number): Float64Array => Float64Array.from({ length }, (_, k) => Math.sin(k) * k);

/** The entries, row by row. */
function entriesOf({ data, shape: [height, width], strides: [row, col], offset = 0 }: Source): number[] {
  return Array.from({ length: height * width }, (_, k) => data[offset + Math.floor(k / width) * row + (k % width) * col]);
}

const SOURCES: Record<string, Source> = {
  // Row numbers pass 127, 255 and 65 535, where heads grow by a byte or two.
  'contiguous rows, thousands to a message': { data: filled(140_000), shape: [70_000, 2], strides: [2, 1] },
  'rows that fill a message': { data: filled(300 * 512), shape: [300, 512], strides: [512, 1] },
  'rows longer than a message': { data: filled(5 * 1300), shape: [5, 1300], strides: [1300, 1] },
  'contiguous columns': { data: filled(40 * 3000), shape: [3000, 40], strides: [1, 3000] },
  'long rows that lie apart': { data: filled(9 * 2000), shape: [8, 1500], strides: [2000, 1], offset: 77 },
  'short rows that lie apart': { data: filled(3000 * 12), shape: [2999, 7], strides: [12, 1], offset: 5 },
  'entries that lie apart': { data: filled(2 * 3 * 900 * 30), shape: [900, 30], strides: [3 * 60, 2], offset: 1 },
  'entries of another type': { data: Float32Array.from(filled(200 * 64)), shape: [200, 64], strides: [64, 1] },
};

describe.each([4096, 100_000])('messages of %d bytes', (bufferSize) => {
  let server: AlchemistServer;
  let al: Session;
  beforeAll(async () => {
    server = await started({ workers: 3 });
    al = await connect(server.url, { workers: 3, bufferSize });
  });
  afterAll(() => al.close());

  test.each(Object.entries(SOURCES))('bring every entry to its place: %s', async (_, source) => {
    const expected = entriesOf(source);
    for (const dist of ['VC_STAR', 'MC_MR', 'STAR_VC', 'STAR_STAR'] as const) {
      const A = await al.send(source, { dist });
      expect(Buffer.compare(Buffer.from(Float64Array.from((await al.fetch(A)).toArray().flat()).buffer), Buffer.from(Float64Array.from(expected).buffer))).toBe(0);
      await A.free();
    }
  });

  test('a send that is cancelled on its way leaves nothing for the next one to stumble over', async () => {
    const source = filled(1000 * 1500);
    let cancelled = 0;
    for (let round = 0; round < 12; round++) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), round % 4);
      await al.send(source, { shape: [1000, 1500], signal: controller.signal }).catch(({ code }) => {
        expect(code).toBe('E_CANCELLED');
        cancelled++;
      });
      const A = await al.send(source.subarray(round, round + 700 * 300), { shape: [700, 300] });
      expect(Buffer.compare(Buffer.from((await al.fetch(A)).data.buffer), Buffer.from(source.slice(round, round + 700 * 300).buffer))).toBe(0);
      await A.free();
    }
    expect(cancelled).toBeGreaterThan(0);
  });
});
