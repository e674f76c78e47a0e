import { readFileSync } from 'node:fs';
import { FrameDecoder, type Frame } from '#src/protocol/frame-decoder.js';
import { decodeMessage, encodeMessage, type Header, type Kind, MESSAGES } from '#src/protocol/messages.js';
import { RESULTS } from '#src/protocol/replies.js';
import { hex, join, unhex } from './bytes.js';
import { GOLDEN } from './golden.js';

describe('golden frames', () => {
  test.each(GOLDEN)('$name is written byte for byte', ({ kind, header, payload, hex: expected }) => {
    const pieces = encodeMessage(kind, header as Header<Kind>, payload ? [unhex(payload)] : []);
    expect(hex(join(pieces))).toBe(expected);
  });

  test.each(GOLDEN)('$name is read back', ({ kind, header, payload, hex: bytes }) => {
    const frames: Frame[] = [];
    const taken: Uint8Array[] = [];
    const decoder = new FrameDecoder((frame) => {
      frames.push(frame);
      return { take: (piece) => taken.push(piece.slice()) };
    });
    decoder.push(unhex(bytes));
    // Headers of blocks are objects of a class of their own.
    const fields = frames.map((frame) => Object.fromEntries(Object.entries(decodeMessage(frame)).filter(([, value]) => value !== undefined)));
    expect(fields).toStrictEqual([{ kind, ...(header as object) }]);
    expect(hex(join(taken))).toBe(payload);
    expect(decoder.idle).toBe(true);
  });

  test('there is one of every kind, and a reply to every request', () => {
    const kinds = new Set(GOLDEN.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(Object.keys(MESSAGES).sort());
    const replied = GOLDEN.filter(({ kind }) => kind === 'REPLY').map(({ header }) => (header as Header<'REPLY'>).result);
    for (const [request, read] of Object.entries(RESULTS)) {
      const fits = replied.filter((result) => {
        try {
          return Object.keys(read(result, request)).length === Object.keys(result).length;
        } catch {
          return false;
        }
      });
      expect([request, fits.length > 0]).toEqual([request, true]);
    }
  });

  test('the hex examples of the README are golden frames', () => {
    const readme = readFileSync('src/protocol/README.md', 'utf8');
    const examples = [...readme.matchAll(/```frame (?<name>[\w-]+)\n(?<body>[^`]*)```/gu)].map(({ groups }) => groups!);
    expect(examples.length).toBeGreaterThanOrEqual(6);
    for (const { name, body } of examples) {
      const bytes = body.replace(/#.*$/gmu, '').replace(/\s/gu, '');
      expect([name, bytes]).toEqual([name, GOLDEN.find((golden) => golden.name === name)?.hex]);
    }
  });

  test('the README names every kind with its code, and every limit with its value', async () => {
    const readme = readFileSync('src/protocol/README.md', 'utf8');
    for (const [kind, { code }] of Object.entries(MESSAGES)) expect(readme).toMatch(new RegExp(`\\| ${code} \\| \`?${kind}\\b`, 'u'));
    for (const [name, value] of Object.entries(await import('#src/protocol/limits.js'))) {
      expect([name, readme.includes(`| ${name} | ${value.toLocaleString('en').replaceAll(',', ' ')} |`)]).toEqual([name, true]);
    }
  });
});
