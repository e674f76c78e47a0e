import { AlchemistError } from '#src/errors.js';
import type { Frame } from '#src/protocol/frame-decoder.js';
import { decodeMessage, encodeBlockHead, encodeMessage, type Kind, MESSAGES, requestId } from '#src/protocol/messages.js';
import { encodeError, encodeReply, readError, readResult } from '#src/protocol/replies.js';
import { unpack } from '#src/protocol/value.js';
import { negotiate } from '#src/protocol/version.js';
import { errorOf, hex, join } from './bytes.js';

const axis = (count: number, start = 0, step = 1) => ({ start, step, count });
const PUT = { id: 1, matrix: 2, rows: axis(2), cols: axis(3), dtype: 'f64', order: 'row', last: true } as const;

const frame = (kind: Kind | number, header: unknown, payloadBytes = 0): Frame => ({
  version: 1, kind: typeof kind === 'number' ? kind : MESSAGES[kind].code, headerBytes: 1, payloadBytes, header: header as Frame['header'],
});

/** The message of written pieces, past their prelude. */
const reread = (pieces: Uint8Array[]) => {
  const bytes = join(pieces);
  return decodeMessage(frame(bytes[3], unpack(bytes.subarray(16))));
};

describe('messages', () => {
  test('codes are distinct', () => {
    const codes = Object.values(MESSAGES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('names that a kind does not know are dropped, null is as good as nothing', () => {
    expect(decodeMessage(frame('FREE', { id: 1, ids: [3], extra: true }))).toStrictEqual({ kind: 'FREE', id: 1, ids: [3] });
    expect(decodeMessage(frame('YIELD_WORKERS', { id: 1, workers: null }))).toStrictEqual({ kind: 'YIELD_WORKERS', id: 1 });
  });

  test.each<[string, Kind, unknown, RegExp]>([
    ['no map', 'MEMORY', [1], /MEMORY must be a map, got an array of 1/u],
    ['null', 'MEMORY', null, /MEMORY must be a map, got nothing/u],
    ['no id', 'MEMORY', {}, /MEMORY\.id must be a whole number from 1 to 4294967295, got nothing/u],
    ['the id 0', 'MEMORY', { id: 0 }, /got 0/u],
    ['a text for a number', 'REQUEST_WORKERS', { id: 1, count: '4' }, /REQUEST_WORKERS\.count must be .*, got "4"/u],
    ['a fraction', 'REQUEST_WORKERS', { id: 1, count: 1.5 }, /got 1\.5/u],
    ['NaN', 'REQUEST_WORKERS', { id: 1, count: NaN }, /got NaN/u],
    ['a bigint', 'CREATE', { id: 1, height: 2n ** 60n, width: 1, dtype: 'f64', dist: 'MC_MR' }, /CREATE\.height must be .*, got 1152921504606846976/u],
    ['an unknown distribution', 'CREATE', { id: 1, height: 1, width: 1, dtype: 'f64', dist: 'MC_MC' }, /CREATE\.dist must be one of MC_MR, .*got "MC_MC"/u],
    ['an inherited name', 'LIST_WORKERS', { id: 1, which: 'toString' }, /LIST_WORKERS\.which must be one of all, active, inactive, assigned/u],
    ['a negative start', 'PUT', { ...PUT, rows: axis(2, -1) }, /PUT\.rows\.start must be/u],
    ['the step 0', 'PUT', { ...PUT, cols: axis(2, 0, 0) }, /PUT\.cols\.step must be/u],
    ['indices past 2^53', 'PUT', { ...PUT, rows: axis(2 ** 30, 0, 2 ** 30) }, /PUT\.rows must be indices up to 2\^53/u],
    ['a secret of 15 bytes', 'ATTACH', { id: 1, session: 1, secret: new Uint8Array(15) }, /ATTACH\.secret must be 16 bytes, got 15 bytes/u],
    ['an item of a list', 'FREE', { id: 1, ids: [1, 'x'] }, /FREE\.ids\[1\] must be/u],
    ['too long a list', 'FREE', { id: 1, ids: new Array(65_537).fill(1) }, /FREE\.ids must be an array of at most 65536 items/u],
    ['too long a name', 'UNLOAD_LIBRARY', { id: 1, name: 'x'.repeat(256) }, /UNLOAD_LIBRARY\.name must be a text of at most 255 characters, got a text of 256/u],
    ['too small a buffer', 'GET', { id: 1, matrix: 1, rows: axis(1), cols: axis(1), order: 'row', bufferSize: 4095 }, /GET\.bufferSize must be a whole number from 4096/u],
  ])('%s is refused, naming the field', (_, kind, header, message) => {
    const error = errorOf(() => decodeMessage(frame(kind, header)));
    expect([error.name, error.code]).toEqual(['AlchemistError', 'E_PROTOCOL']);
    expect(error.message).toMatch(message);
  });

  test('an unknown kind is refused', () => {
    expect(errorOf(() => decodeMessage(frame(200, { id: 1 }))).message).toMatch(/unknown kind 200/u);
  });

  test('a payload must be as long as its block, and other kinds have none', () => {
    expect(decodeMessage(frame('PUT', PUT, 48)).kind).toBe('PUT');
    expect(decodeMessage(frame('PUT', { ...PUT, dtype: 'f32' }, 24)).kind).toBe('PUT');
    expect(errorOf(() => decodeMessage(frame('PUT', PUT, 47))).message).toMatch(/PUT must have a payload of 48 bytes, got 47/u);
    expect(errorOf(() => decodeMessage(frame('MEMORY', { id: 1 }, 8))).message).toMatch(/MEMORY must have a payload of 0 bytes, got 8/u);
    expect(errorOf(() => encodeMessage('PUT', PUT, [new Uint8Array(40)])).message).toMatch(/48 bytes, got 40/u);
  });

  test('the head of a block can be written before its payload', () => {
    const payload = new Uint8Array(48);
    expect(hex(join([encodeBlockHead('PUT', PUT), payload]))).toBe(hex(join(encodeMessage('PUT', PUT, [payload]))));
    expect(errorOf(() => encodeBlockHead('PUT', { ...PUT, rows: axis(2 ** 27) })).message).toMatch(/payload may have 1073741824 bytes/u);
  });

  test('nothing malformed is written', () => {
    expect(errorOf(() => encodeMessage('REQUEST_WORKERS', { id: 1, count: 0 })).message).toMatch(/REQUEST_WORKERS\.count/u);
  });

  test('the id of a malformed request is told where it is legible', () => {
    expect(requestId(frame('PUT', { id: 7, rows: 'x' }))).toBe(7);
    for (const header of [null, 3, [], { id: 'x' }, { id: 0 }, { id: 2 ** 32 }, { id: 1n }]) expect(requestId(frame('PUT', header))).toBe(0);
  });
});

describe('replies', () => {
  const layout = { height: 10, width: 5, colDist: 'VC', rowDist: 'STAR', colAlign: 0, rowAlign: 0, root: 0, gridHeight: 1, gridWidth: 2 } as const;
  const cost = { seconds: 0, exchangeSeconds: 0, bytesMoved: 64, bytesMovedByRank: [64, 0] };

  test('a result is read by the kind of its request', () => {
    const result = { matrices: { U: { id: 4, layout, dtype: 'f32' as const } }, values: { S: Float64Array.of(1, -0) }, cost };
    const reply = reread(encodeReply('RUN', 3, result));
    expect(reply).toMatchObject({ kind: 'REPLY', id: 3 });
    expect(readResult('RUN', reply.kind === 'REPLY' && reply.result)).toStrictEqual(result);
  });

  test('a layout that cannot be is refused', () => {
    const result = { matrix: { id: 1, layout: { ...layout, colAlign: 2 }, dtype: 'f64' } };
    expect(errorOf(() => readResult('CREATE', result)).code).toBe('E_LAYOUT');
    expect(errorOf(() => readResult('CREATE', { matrix: { id: 1, layout: { ...layout, colDist: 'XX' }, dtype: 'f64' } })).message)
      .toMatch(/the reply to CREATE\.matrix\.layout\.colDist must be one of MC/u);
  });

  test('an error arrives with its code, sentence, hint and fields, without its stack', () => {
    const sent = new AlchemistError('E_SHAPE', 'A is 2×3, B is 4×5', { hint: 'transpose B', fields: { A: [2, 3], B: [4, 5], layout } });
    const message = reread(encodeError(9, sent));
    if (message.kind !== 'ERROR') throw new Error(`a ${message.kind}`);
    const { id, ...rest } = message;
    expect(id).toBe(9);
    expect(Object.keys(rest)).not.toContain('stack');
    const error = readError(message);
    expect(error.message).toBe(sent.message);
    expect([error.name, error.code, error.hint, error.fields]).toEqual(['AlchemistError', 'E_SHAPE', sent.hint, sent.fields]);
  });

  test('any error can be told: fields that cannot travel are left out, long sentences cut', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const fields = { ok: 1, f: () => 1, circle, missing: undefined, bits: new Int8Array(1) };
    const message = reread(encodeError(0, new AlchemistError('E_TASK', 'x'.repeat(100_000), { fields })));
    expect(message).toMatchObject({ kind: 'ERROR', id: 0, code: 'E_TASK', fields: { ok: 1 } });
    expect(message.kind === 'ERROR' && [message.message.length, Object.keys(message.fields!)]).toEqual([65_536, ['ok']]);
    expect(reread(encodeError(1, new TypeError('no')))).toMatchObject({ code: 'E_TASK', message: 'TypeError: no' });
    expect(reread(encodeError(1, 'a text'))).toMatchObject({ code: 'E_TASK', message: 'a text' });
  });
});

describe('versions', () => {
  test('the highest common one is taken', () => {
    expect(negotiate({ min: 1, max: 3 }, { min: 2, max: 5 })).toBe(3);
    expect(negotiate({ min: 1, max: 1 })).toBe(1);
  });

  test('without a common one, the error says which side to upgrade', () => {
    const old = errorOf(() => negotiate({ min: 1, max: 1 }, { min: 2, max: 3 }));
    expect([old.code, old.message]).toEqual(['E_VERSION', 'the client speaks protocol version 1, this server versions 2 to 3 (upgrade the client)']);
    expect(errorOf(() => negotiate({ min: 4, max: 9 }, { min: 2, max: 3 })).hint).toBe('upgrade this server');
  });
});
