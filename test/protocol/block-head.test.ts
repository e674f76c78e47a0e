/** The hand-written headers of PUT and BLOCK: the bytes of MessagePack, and nothing is read that is not one of them. */
import fc from 'fast-check';
import { BLOCK_HEADER_BYTES, packBlockHead, unpackBlockHead } from '#src/protocol/block-head.js';
import { pack, unpack } from '#src/protocol/value.js';

/** The bytes of a header, written somewhere in a larger memory; undefined when it is not written. */
function packed(header: Parameters<typeof packBlockHead>[0], from = 5): Uint8Array | undefined {
  const memory = new Uint8Array(from + BLOCK_HEADER_BYTES);
  const length = packBlockHead(header, memory, from);
  return length > 0 ? memory.slice(from, from + length) : undefined;
}

/** What is read of the bytes in the middle of others. */
function unpacked(bytes: Uint8Array): ReturnType<typeof unpackBlockHead> {
  const memory = Uint8Array.of(0x87, 0xa2, ...bytes, 0xc2, 0xc3);
  return unpackBlockHead(memory, 2, 2 + bytes.length);
}

const number = fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
const slice = fc.record({ start: number, step: number, count: number });
const block = { rows: slice, cols: slice, dtype: fc.constantFrom('f64' as const, 'f32' as const), order: fc.constantFrom('row' as const, 'column' as const), last: fc.boolean() };
const head = fc.oneof(fc.record({ id: number, matrix: number, ...block }), fc.record({ id: number, ...block }));

test('they are the bytes that MessagePack makes of the same header', () => {
  fc.assert(fc.property(head, (given) => expect([...packed(given)!]).toEqual([...pack(given)])), { numRuns: 3000 });
});

test.each([-1, 0.5, NaN, 2 ** 53])('a header with the number %p is not written', (start) => {
  const cols = { start: 0, step: 1, count: 1 };
  expect(packed({ id: 1, rows: { ...cols, start }, cols, dtype: 'f64', order: 'row', last: true })).toBeUndefined();
});

test('they are read as MessagePack reads them, or left to it', () => {
  fc.assert(
    fc.property(head, (given) => {
      const bytes = pack(given);
      const read = unpacked(bytes);
      const { id, matrix, rows, cols } = { matrix: 0, ...given };
      const numbers = [id, matrix, ...[rows, cols].flatMap(({ start, step, count }) => [start, step, count])];
      const plain = numbers.every((value) => value <= 0xffffffff) && id > 0 && rows.step > 0 && cols.step > 0;
      expect(read).toEqual(plain ? { kind: 'matrix' in given ? 'PUT' : 'BLOCK', ...given } : undefined);
      expect(unpack(bytes)).toEqual(given);
    }),
    { numRuns: 3000 },
  );
});

test('cut short, with bytes behind the end, or with any byte changed, they are read as MessagePack reads them, or not at all', () => {
  fc.assert(
    fc.property(head, fc.nat(), fc.nat(255), (given, where, byte) => {
      const bytes = packed(given)!;
      const at = where % bytes.length;
      expect(unpacked(bytes.subarray(0, at))).toBeUndefined();
      expect(unpacked(Uint8Array.of(...bytes, byte))).toBeUndefined();
      bytes[at] = byte;
      const read = unpacked(bytes);
      if (read !== undefined) expect(read).toEqual({ kind: read.kind, ...(unpack(bytes) as object) });
    }),
    { numRuns: 3000 },
  );
});
