import fc from 'fast-check';
import type { Block } from '#src/layout/block.js';
import { BlockStream } from '#src/protocol/legacy/block-stream.js';
import type { LegacyClient } from '#src/protocol/legacy/client.js';
import type { Size } from '#src/protocol/legacy/matrix-block.js';
import { runBlocks } from '#src/protocol/legacy/run-blocks.js';
import { cutAt, errorOf, largestAllocation, unhex } from '../bytes.js';
import { CLIENTS, DASK, parts, PYTHON, Requests, type SentBlock, SPARK } from './legacy-client.js';

const axis = (count: number, start = 0, step = 1) => ({ start, step, count });
const bounds = (start: number, end: number, step = 1) => ({ start, end, step });
const entry = (i: number, j: number): number => 100 * i + j;

/** A matrix that remembers what was placed: entry (i, j) → value, or an error when one comes twice. */
class Target {
  readonly placed = new Map<string, number>();
  ids: number[] = [];

  constructor(readonly size: Size) {}

  matrix(id: number): Size {
    this.ids.push(id);
    return this.size;
  }

  place({ rows, cols }: Block, entries: Float64Array): void {
    if (entries.length !== rows.count * cols.count) throw new Error(`${entries.length} entries for ${rows.count}×${cols.count}`);
    for (let a = 0; a < rows.count; a++) {
      for (let b = 0; b < cols.count; b++) {
        const key = `${rows.start + a * rows.step},${cols.start + b * cols.step}`;
        if (this.placed.has(key)) throw new Error(`${key} came twice`);
        this.placed.set(key, entries[a * cols.count + b]);
      }
    }
  }
}

function stream(body: Uint8Array, client: LegacyClient, target: Target, places: readonly number[] = []): BlockStream {
  const sink = new BlockStream(body.length, client, target);
  for (const chunk of cutAt(body, places)) sink.take(chunk);
  sink.end();
  return sink;
}

const blockOf = (rows: ReturnType<typeof bounds>, cols: ReturnType<typeof bounds>): SentBlock => {
  const entries: number[] = [];
  for (let i = rows.start; i <= rows.end; i += rows.step) for (let j = cols.start; j <= cols.end; j += cols.step) entries.push(entry(i, j));
  return { ranges: { rows, cols }, entries };
};

const BLOCKS = [blockOf(bounds(0, 6, 3), bounds(1, 4)), blockOf(bounds(1, 1), bounds(0, 4, 2)), blockOf(bounds(2, 5), bounds(0, 0))];
const EXPECTED = new Map(BLOCKS.flatMap(({ ranges: { rows, cols } }) => {
  const all: [string, number][] = [];
  for (let i = rows.start; i <= rows.end; i += rows.step) for (let j = cols.start; j <= cols.end; j += cols.step) all.push([`${i},${j}`, entry(i, j)]);
  return all;
}));

describe('blocks as a stream', () => {
  test.each(Object.entries(CLIENTS))('of %s: every split gives every entry once, in this machine’s byte order', (_, client) => {
    const { body } = parts(new Requests(client).sendMatrixBlocks(7, BLOCKS));
    for (let at = 0; at <= body.length; at++) {
      const target = new Target({ height: 7, width: 5 });
      const sink = stream(body, client, target, [at, (at * 7919) % body.length]);
      expect(sink.failure).toBeUndefined();
      expect(sink.received).toEqual({ matrix: 7, blocks: 3 });
      expect([target.ids, target.placed]).toEqual([[7], EXPECTED]);
    }
    const byteByByte = new Target({ height: 7, width: 5 });
    expect(stream(body, client, byteByByte, Array.from(body.keys())).failure).toBeUndefined();
    expect(byteByByte.placed).toEqual(EXPECTED);
  });

  test('rows with an index, as the JVM can send them', () => {
    const rows = [{ row: 4, entries: [1, 2, 3] }, { row: 0, entries: [4, 5, 6] }];
    const target = new Target({ height: 5, width: 3 });
    const sink = stream(parts(new Requests(SPARK).sendIndexedRows(2, rows)).body, SPARK, target, [30]);
    expect([sink.failure, sink.received]).toEqual([undefined, { matrix: 2, blocks: 2 }]);
    expect([...target.placed]).toEqual([['4,0', 1], ['4,1', 2], ['4,2', 3], ['0,0', 4], ['0,1', 5], ['0,2', 6]]);
  });

  test('a block of 100 MB comes through a quarter of a megabyte of memory, in whole rows where they fit', () => {
    const [height, width] = [12_500, 1000];
    const head = parts(new Requests(DASK).sendMatrixBlocks(1, [{ ranges: { rows: bounds(0, height - 1), cols: bounds(0, width - 1) }, entries: [] }])).body;
    const row = new Uint8Array(Float64Array.from({ length: width }, (_, j) => j).buffer);
    let rowsDone = 0;
    let calls = 0;
    const sink = new BlockStream(head.length + height * width * 8, DASK, {
      matrix: () => ({ height, width }),
      place: ({ rows, cols }, entries) => {
        calls++;
        if (entries[0] !== cols.start || entries[entries.length - 1] !== cols.start + cols.count - 1) throw new Error('misplaced');
        if (cols.count === width) rowsDone += rows.count;
      },
    });
    const largest = largestAllocation(() => {
      sink.take(head);
      for (let i = 0; i < height; i++) sink.take(row);
      sink.end();
    });
    expect([sink.failure, sink.received.blocks]).toEqual([undefined, 1]);
    expect(largest).toBe(32_768 * 8);
    expect(rowsDone).toBeGreaterThan(0.95 * height);
    expect(calls).toBeLessThan(3 * Math.ceil((height * width) / 32_768) + 1);
  });

  test('an empty block counts, and a block that is announced without data too', () => {
    const empty = parts(new Requests(PYTHON).sendMatrixBlocks(1, [{ ranges: { rows: bounds(3, 2), cols: bounds(0, 4) }, entries: [] }])).body.slice();
    const target = new Target({ height: 7, width: 5 });
    expect(stream(empty, PYTHON, target)).toMatchObject({ failure: undefined, received: { matrix: 1, blocks: 1 } });
    empty[empty.length - 1] = 0; // the flag
    expect(stream(empty, PYTHON, target)).toMatchObject({ failure: undefined, received: { matrix: 1, blocks: 1 } });
    expect(target.placed.size).toBe(0);
  });

  test('no block at all is a message, too', () => {
    expect(stream(unhex('350009'), PYTHON, new Target({ height: 1, width: 1 }))).toMatchObject({ failure: undefined, received: { matrix: 9, blocks: 0 } });
  });

  test('what the target refuses fails the message, and the rest is skipped', () => {
    const { body } = parts(new Requests(PYTHON).sendMatrixBlocks(7, BLOCKS));
    let placed = 0;
    const sink = new BlockStream(body.length, PYTHON, {
      matrix: () => ({ height: 7, width: 5 }),
      place: () => {
        if (++placed === 2) throw new RangeError('not yours');
      },
    });
    for (const chunk of cutAt(body, Array.from(body.keys()))) sink.take(chunk);
    sink.end();
    expect([placed, (sink.failure as Error).message]).toEqual([2, 'not yours']);
  });

  test('a body cut anywhere fails, unless it ends behind a block', () => {
    const { body } = parts(new Requests(PYTHON).sendMatrixBlocks(7, BLOCKS));
    const ends = [3, 3 + 50 + 96, 3 + 50 + 96 + 50 + 24, body.length];
    for (let length = 0; length < body.length; length++) {
      const target = new Target({ height: 7, width: 5 });
      const { failure } = stream(body.subarray(0, length), PYTHON, target);
      if (ends.includes(length)) expect([length, failure]).toEqual([length, undefined]);
      else expect([length, (failure as { code?: string } | undefined)?.code]).toEqual([length, 'E_PROTOCOL']);
    }
  });

  test.each<[string, string, string, RegExp]>([
    ['another tag than a matrix id', '340001', 'E_PROTOCOL', /MATRIX_ID \(53\) was expected/u],
    ['another tag than a block', '350001 24', 'E_PROTOCOL', /MATRIX_BLOCK \(55\) was expected at byte 0, but there is LONG \(36\)/u],
    ['a step of 0', `350001 37 ${'0'.repeat(96)} 01`, 'E_PROTOCOL', /from 0 in steps of 0/u],
    ['an index past 2^53', `350001 37 7fffffffffffffff ${'0'.repeat(80)} 01`, 'E_PROTOCOL', /too large/u],
    ['a row outside', '350001 38 0000000000000007 0000000000000001 0000000000000000', 'E_ARGUMENT', /row 7 with 1 entries is none of a 7×5 matrix/u],
    ['too long a row', '350001 38 0000000000000000 0000000000000006 0000000000000000', 'E_ARGUMENT', /row 0 with 6 entries/u],
  ])('%s is refused', (_, bytes, code, message) => {
    const { failure } = stream(unhex(bytes), PYTHON, new Target({ height: 7, width: 5 }));
    const error = errorOf(() => {
      throw failure;
    });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('ACIPython’s end-0 fault is repaired in the stream: the first of three rows, sent alone', () => {
    const sent = { ranges: { rows: bounds(0, 1), cols: bounds(0, 4) }, entries: [1, 2, 3, 4, 5] };
    const target = new Target({ height: 3, width: 5 });
    expect(stream(parts(new Requests(PYTHON).sendMatrixBlocks(1, [sent])).body, PYTHON, target).failure).toBeUndefined();
    expect([...target.placed.keys()]).toEqual(['0,0', '0,1', '0,2', '0,3', '0,4']);
  });
});

describe('a run of entries as blocks', () => {
  test('has at most three parts, which bring its entries in order', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: 1, max: 6 }), fc.nat(40), fc.nat(40), (height, width, a, b) => {
        const block = { rows: axis(height, 2, 3), cols: axis(width, 1, 2) };
        const first = Math.min(a, height * width);
        const run = Float64Array.from({ length: Math.min(b, height * width - first) }, (_, t) => first + t);
        const found = [...runBlocks(block, first, run)];
        expect(found.length).toBeLessThanOrEqual(3);
        const seen = found.flatMap(({ block: { rows, cols }, entries }) =>
          Array.from(entries, (value, t) => {
            const i = (rows.start + Math.floor(t / cols.count) * rows.step - 2) / 3;
            const j = (cols.start + (t % cols.count) * cols.step - 1) / 2;
            expect(i * width + j).toBe(value);
            return value;
          }),
        );
        expect(seen).toEqual([...run]);
      }),
      { numRuns: 2000 },
    );
  });
});
