import { encodeHandshakeReply, recogniseHandshake } from '#src/protocol/legacy/handshake.js';
import { Reader } from '#src/protocol/legacy/reader.js';
import { errorOf, hex } from '../bytes.js';
import { CLIENTS, PYTHON, parts, Requests } from './legacy-client.js';

const bodyOf = (client = PYTHON): Uint8Array => parts(new Requests(client).handshake()).body.slice();

describe('the handshake', () => {
  test.each(Object.entries(CLIENTS))('%s is recognised: dialect, language, byte orders and buffer', (_, client) => {
    expect(recogniseHandshake(bodyOf(client))).toEqual(client);
  });

  test.each(Object.entries(CLIENTS))('%s is answered in its own byte order', (_, client) => {
    const { header, body } = parts(encodeHandshakeReply({ clientId: 3, sessionId: 4 }, client));
    expect(header).toEqual({ clientId: 3, sessionId: 4, command: 1, error: 0, bodyBytes: 19 });
    const from = new Reader(body, client);
    expect([from.taggedShort(), from.taggedString()]).toEqual([4321, 'DCBA']);
    from.tag('DOUBLE');
    expect(from.double()).toBe(3.33);
    from.finish();
  });

  test.each<[string, number]>([
    ['a tag', 0], ['the short', 3], ['the text', 9], ['the first double', 15], ['the second double', 25], ['the ranges', 37], ['the flag', 79], ['an entry', 90], ['the last entry', 170],
  ])('with %s changed it is refused', (_, at) => {
    const body = bodyOf();
    body[at] ^= 0x55;
    const error = errorOf(() => recogniseHandshake(body));
    expect([error.name, error.code]).toEqual(['AlchemistError', 'E_PROTOCOL']);
  });

  test('every byte counts, but for the language and the buffer length', () => {
    const intact = bodyOf();
    for (let at = 0; at < intact.length; at++) {
      const body = intact.slice();
      body[at] ^= 1;
      const free = at === 1 || at >= intact.length - 4;
      if (free) expect(recogniseHandshake(body).dialect).toBe('HEAD');
      else expect([at, errorOf(() => recogniseHandshake(body)).code]).toEqual([at, 'E_PROTOCOL']);
    }
  });

  test('an unknown language is refused', () => {
    const body = bodyOf();
    body[1] = 6;
    expect(errorOf(() => recogniseHandshake(body)).message).toMatch(/client language is unknown/u);
  });

  test('any other length is refused with the lengths that exist', () => {
    for (const length of [0, 1, 174, 176, 179, 182]) {
      expect(errorOf(() => recogniseHandshake(new Uint8Array(length))).message).toMatch(new RegExp(`length is ${length} instead of 175, 180 or 181`, 'u'));
    }
  });

  test('the answer has the 29 bytes that all clients expect', () => {
    expect(hex(encodeHandshakeReply({ clientId: 1, sessionId: 1 }, PYTHON))).toHaveLength(58);
  });
});
