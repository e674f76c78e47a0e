import { decodePrelude, encodeFrame, PRELUDE_BYTES } from '#src/protocol/frame.js';
import { MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES } from '#src/protocol/limits.js';
import { foreignAnswer, sniff } from '#src/protocol/sniff.js';
import { errorOf, hex, unhex } from './bytes.js';

const text = (characters: string): Uint8Array => new Uint8Array(Buffer.from(characters));

describe('frames', () => {
  test('a frame is prelude, header and the payload as it was given', () => {
    const payload = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const [head, ...rest] = encodeFrame(200, { id: 1 }, payload);
    expect(hex(head)).toBe('414c01c8' + '05000000' + '0300000000000000' + '81a2696401');
    expect(rest[0]).toBe(payload[0]);
    expect(rest[1]).toBe(payload[1]);
  });

  test('a prelude is read back', () => {
    const [head] = encodeFrame(7, [1, 2, 3], [new Uint8Array(1000)]);
    expect(decodePrelude(head.subarray(0, PRELUDE_BYTES))).toEqual({ version: 1, kind: 7, headerBytes: 4, payloadBytes: 1000 });
  });

  test.each<[string, string, string, RegExp]>([
    ['a header over the limit', '414c0101 01001000 0000000000000000', 'E_PROTOCOL', /header may have 1048576 bytes, but this one has 1048577/u],
    ['no header', '414c0101 00000000 0000000000000000', 'E_PROTOCOL', /must have a header/u],
    ['a payload over the limit', '414c0101 01000000 0100004000000000', 'E_PROTOCOL', /payload may have 1073741824 bytes, but this one has 1073741825/u],
    ['a payload of 2^64 - 1', '414c0101 01000000 ffffffffffffffff', 'E_PROTOCOL', /payload may have/u],
    ['version 2', '414c0201 01000000 0000000000000000', 'E_VERSION', /the peer speaks protocol version 2, this side version 1/u],
    ['version 0', '414c0001 01000000 0000000000000000', 'E_VERSION', /upgrade the peer/u],
  ])('%s is refused', (_, prelude, code, message) => {
    const error = errorOf(() => decodePrelude(unhex(prelude)));
    expect([error.name, error.code]).toEqual(['AlchemistError', code]);
    expect(error.message).toMatch(message);
  });

  test('a receiver may set lower limits', () => {
    const prelude = unhex('414c0101 10000000 0010000000000000');
    expect(() => decodePrelude(prelude, { headerBytes: 16, payloadBytes: 4096 })).not.toThrow();
    expect(errorOf(() => decodePrelude(prelude, { headerBytes: 15, payloadBytes: 4096 })).fields).toEqual({ part: 'header', bytes: 16, limit: 15 });
    expect(errorOf(() => decodePrelude(prelude, { headerBytes: 16, payloadBytes: 4095 })).fields).toEqual({ part: 'payload', bytes: 4096, limit: 4095 });
  });

  test('nothing over the limits is written', () => {
    expect(errorOf(() => encodeFrame(1, 'x'.repeat(MAX_HEADER_BYTES))).code).toBe('E_PROTOCOL');
    const gigabyte = { length: MAX_PAYLOAD_BYTES } as Uint8Array;
    expect(errorOf(() => encodeFrame(1, null, [gigabyte, new Uint8Array(1)])).message).toMatch(/payload may have 1073741824 bytes/u);
  });
});

describe('the first bytes of a connection', () => {
  test.each<[string, Uint8Array, string | undefined]>([
    ['a frame', text('AL'), 'native'],
    ['a legacy handshake', unhex('0000000001'), 'legacy'],
    ['HTTP', text('GET / HTTP/1.1'), 'http'],
    ['HTTP 2', text('PRI * HTTP/2.0'), 'http'],
    ['TLS', unhex('160301'), 'tls'],
    ['something else', text('hello'), 'unknown'],
    ['one byte', text('A'), undefined],
    ['none', text(''), undefined],
  ])('%s is told', (_, bytes, speaker) => {
    expect(sniff(bytes)).toBe(speaker);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['HTTP', text('GET / HTTP/1.1\r\n'), /got HTTP: 47 45 54 20.*not HTTP: connect with an Alchemist client/u],
    ['TLS', unhex('16030100050100000103037a81f0c3d2b9'), /got a TLS handshake.*does not speak TLS/u],
    ['a legacy message', new Uint8Array(16), /got a legacy Alchemist message/u],
    ['noise', text('0123456789abcdef'), /bytes of no protocol/u],
  ])('%s gets an error that helps', (_, bytes, message) => {
    const error = errorOf(() => decodePrelude(bytes.slice(0, 16)));
    expect(error.code).toBe('E_PROTOCOL');
    expect(error.message).toMatch(message);
  });

  test('HTTP is answered in HTTP, TLS by an alert, others not at all', () => {
    const answer = Buffer.from(foreignAnswer('http')!).toString();
    const [head, body] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(hex(foreignAnswer('tls')!)).toBe('15030300020228');
    expect(foreignAnswer('unknown')).toBeUndefined();
  });
});
