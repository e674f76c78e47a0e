import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { MAX_DEPTH, MAX_HEADER_BYTES, MAX_ITEMS } from '#src/protocol/limits.js';
import { pack, unpack, type Value } from '#src/protocol/value.js';
import { errorOf, hex, largestAllocation, unhex } from './bytes.js';

const roundTrip = (value: unknown): Value => unpack(pack(value));

const value = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.double(), fc.integer(), fc.maxSafeInteger(), fc.string(), fc.boolean(), fc.constant(null), fc.constantFrom(-0, NaN, Infinity, -Infinity),
    fc.float64Array(), fc.uint8Array(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  ),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string().filter((name) => name !== '__proto__'), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('values in headers', () => {
  test('every value arrives as it left, -0, NaN and 64-bit integers included', () => {
    fc.assert(fc.property(value, (given) => expect(roundTrip(given)).toStrictEqual(given)), { numRuns: 2000 });
  });

  test.each([0, -0, NaN, Infinity, -Infinity, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 2 ** 60, 2 ** 64, 1e300, 5e-324, 0.1])('%d keeps its bits', (x) => {
    expect(Object.is(roundTrip(x), x)).toBe(true);
    expect(Object.is((roundTrip(Float64Array.of(x)) as Float64Array)[0], x)).toBe(true);
  });

  test('integers of 64 bits that are exact numbers are numbers, the others bigint', () => {
    expect(unpack(unhex('cf001fffffffffffff'))).toBe(2 ** 53 - 1);
    expect(unpack(unhex('cf0020000000000000'))).toBe(2n ** 53n);
    expect(unpack(unhex('d3ffe0000000000001'))).toBe(-(2 ** 53 - 1));
    expect(unpack(unhex('d3ffe0000000000000'))).toBe(-(2n ** 53n));
    expect(unpack(unhex('cf0000000000000005'))).toBe(5);
  });

  test('undefined entries of maps are left out', () => {
    expect(roundTrip({ a: 1, b: undefined })).toStrictEqual({ a: 1 });
  });

  test('what comes out shares no memory with the bytes', () => {
    const bytes = Buffer.from(pack({ f64: Float64Array.of(1, 2), bin: Uint8Array.of(3) }));
    const { f64, bin } = unpack(bytes) as { f64: Float64Array; bin: Uint8Array };
    bytes.fill(0xff);
    expect([...f64, ...bin]).toEqual([1, 2, 3]);
    expect(f64.byteOffset % 8).toBe(0);
  });

  test.each<[string, unknown, RegExp]>([
    ['a function', { args: { f: () => 1 } }, /header\.args\.f is a function/u],
    ['undefined in an array', { xs: [1, undefined] }, /header\.xs\[1\] is a undefined/u],
    ['a symbol', { s: Symbol('s') }, /header\.s is a symbol/u],
    ['a typed array of another type', { a: new Float32Array(1) }, /header\.a is a Float32Array/u],
    ['an integer of 65 bits', { n: 2n ** 64n }, /header\.n is an integer of more than 64 bits/u],
    ['too long an array of numbers', { a: new Float64Array(MAX_HEADER_BYTES / 8 + 1) }, /header\.a has 1048584 bytes/u],
    ['too many bytes in all', { a: 'x'.repeat(MAX_HEADER_BYTES) }, /header has 10485\d\d bytes/u],
    ['too many values', new Array(MAX_ITEMS).fill(0), /more than 131072 values/u],
  ])('%s is not sent: the error names its place', (_, given, message) => {
    const error = errorOf(() => pack(given));
    expect(error.code).toBe('E_PROTOCOL');
    expect(error.message).toMatch(message);
  });

  test('a value that contains itself is not sent', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(errorOf(() => pack(circle)).message).toMatch(/nested deeper than 16/u);
  });

  test('nesting is taken up to its limit', () => {
    const nested = (depth: number): Uint8Array => Uint8Array.from([...new Array<number>(depth).fill(0x91), 0x01]);
    expect(() => unpack(nested(MAX_DEPTH))).not.toThrow();
    expect(errorOf(() => unpack(nested(MAX_DEPTH + 1))).message).toMatch(/nests deeper than 16/u);
  });

  test('as many values as the limit allows are taken', () => {
    expect(unpack(encode(new Array(MAX_ITEMS - 1).fill(0)))).toHaveLength(MAX_ITEMS - 1);
    expect(errorOf(() => unpack(encode(new Array(MAX_ITEMS).fill(0)))).message).toMatch(/more than 131072 values/u);
  });

  test.each<[string, string, RegExp]>([
    ['nothing', '', /ends too early/u],
    ['an array cut short', '93 01 02', /ends too early/u],
    ['a text cut short', 'a5 6162', /ends too early/u],
    ['bytes behind the end', '01 02', /1 bytes behind its end/u],
    ['the unused byte', 'c1', /c1/u],
    ['an array that claims 4 Gi items', 'dd ffffffff 00', /ends too early/u],
    ['a map that claims 4 Gi entries', 'df ffffffff 00', /ends too early/u],
    ['nested arrays that claim 64 Ki items each', 'dc ffff dc ffff dc ffff 00', /ends too early/u],
    ['a binary that claims 4 GiB', 'c6 ffffffff 00', /ends too early/u],
    ['an extension that claims 4 GiB', 'c9 ffffffff 01 00', /ends too early/u],
    ['a length cut short', 'da 00', /ends too early/u],
    ['an unknown extension', 'd4 07 00', /extension type 7 is unknown/u],
    ['a timestamp', 'd6 ff 00000000', /extension type -1 is unknown/u],
    ['a Float64Array of 9 bytes', 'c7 09 01 000000000000000000', /9 bytes are not a whole number of float64/u],
    ['an extension for -0 that holds 1', 'd7 02 000000000000f03f', /something else than -0/u],
    ['an empty extension for -0', 'c7 00 02', /something else than -0/u],
    ['a map with a number as key', '81 01 02', /key that is a number/u],
    ['a map with an array as key', '81 90 02', /key that is a object/u],
    ['the key __proto__', '81 a95f5f70726f746f5f5f 01', /__proto__/u],
  ])('%s is refused, without memory on its word', (_, bytes, message) => {
    const given = unhex(bytes);
    let error: ReturnType<typeof errorOf> | undefined;
    expect(largestAllocation(() => (error = errorOf(() => unpack(given))))).toBeLessThan(4096);
    expect(error!.code).toBe('E_PROTOCOL');
    expect(error!.message).toMatch(message);
  });

  test('the watch on allocations does see one', () => {
    expect(largestAllocation(() => new Float64Array(100_000))).toBe(800_000);
    expect(largestAllocation(() => unpack(pack(new Float64Array(1000))))).toBeGreaterThanOrEqual(8000);
  });

  test('Float64Array has the type 1 and little-endian bytes', () => {
    expect(hex(pack(Float64Array.of(1)))).toBe('d701000000000000f03f');
    expect(hex(pack(-0))).toBe('d7020000000000000080');
  });
});
