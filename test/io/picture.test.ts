import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { textColumns } from '#src/io/font.js';
import { contactSheet } from '#src/io/picture.js';
import { encodePng } from '#src/io/png.js';

/** CRC-32 bit by bit, as the PNG specification defines it. */
function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}

/** A decoder for the PNG files that we write. */
function decodePng(png: Buffer): { width: number; height: number; channels: number; samples: Uint8Array } {
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc(png.subarray(at + 4, at + 8 + length)));
    chunks.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  expect(chunks.map(([type]) => type)).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks[0][1];
  const width = header.readUInt32BE(0), height = header.readUInt32BE(4), channels = header[9] === 2 ? 3 : 1;
  expect([header[8], header[10], header[11], header[12]]).toEqual([8, 0, 0, 0]);
  const filtered = inflateSync(chunks[1][1]);
  const rowBytes = width * channels;
  expect(filtered.length).toBe(height * (rowBytes + 1));
  const samples = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < rowBytes; x++) {
      const at = (dy: number, dx: number) => (y < dy || x < dx ? 0 : samples[(y - dy) * rowBytes + x - dx]);
      const left = at(0, channels), up = at(1, 0), upLeft = at(1, channels);
      const closest = [left, up, upLeft].sort((a, b) => Math.abs(left + up - upLeft - a) - Math.abs(left + up - upLeft - b))[0];
      const predicted = [0, left, up, Math.floor((left + up) / 2), closest][filtered[y * (rowBytes + 1)]];
      samples[y * rowBytes + x] = filtered[y * (rowBytes + 1) + 1 + x] + predicted;
    }
  }
  return { width, height, channels, samples };
}

describe('PNG', () => {
  test('every picture comes back, grey and RGB', () => {
    const picture = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 3))
      .chain(([width, height, channels]) => {
        const size = width * height * channels;
        const noise = fc.uint8Array({ minLength: size, maxLength: size });
        const slopes = fc.tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -30, max: 30 }), fc.nat(7), noise);
        const smooth = slopes.map(([across, down, rough, dither]) => Uint8Array.from({ length: size }, (_, k) =>
          across * Math.floor((k % (width * channels)) / channels) + down * Math.floor(k / (width * channels)) + (dither[k] & rough)));
        return fc.oneof(noise, smooth).map((samples) => ({ width, height, channels, samples }));
      });
    fc.assert(fc.property(picture, (given) => {
      expect(decodePng(encodePng(given.width, given.height, given.samples))).toEqual(given);
    }), { numRuns: 400 });
  });

  test('smooth pictures become small', () => {
    const samples = Uint8Array.from({ length: 256 * 256 }, (_, k) => (k % 256) / 2 + (k >> 8) / 2);
    expect(encodePng(256, 256, samples).length).toBeLessThan(3000);
  });

  test('a wrong number of samples is refused', () => {
    for (const [width, height, size] of [[2, 2, 8], [2, 2, 0], [0, 0, 0], [3, 1, 4]]) {
      expect(() => encodePng(width, height, new Uint8Array(size))).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    }
  });
});

describe('contact sheet', () => {
  const panel = (caption: string, width: number, height: number, grey: number) =>
    ({ caption, width, height, gray: new Uint8Array(width * height).fill(grey) });
  const count = (pixels: Uint8Array, grey: number) => pixels.reduce((n, pixel) => n + Number(pixel === grey), 0);

  test('holds every panel whole, apart from the others, with its caption beneath', () => {
    const captions = ['one', 'two', 'a longer caption than its panel'];
    const sheet = contactSheet([panel(captions[0], 60, 40, 100), panel(captions[1], 60, 40, 101), panel(captions[2], 30, 20, 102)]);
    expect(sheet.gray.length).toBe(sheet.width * sheet.height);
    expect([100, 101, 102].map((grey) => count(sheet.gray, grey))).toEqual([2400, 2400, 600]);
    const ink = count(sheet.gray, 32);
    const dots = captions.flatMap(textColumns).reduce((n, column) => n + column.toString(2).replaceAll('0', '').length, 0);
    expect(ink).toBe(dots); // at this size a dot is a pixel
    expect(count(sheet.gray, 255)).toBe(sheet.gray.length - 5400 - ink);
    const { gray, width, height } = sheet; // a margin all round
    for (let x = 0; x < width; x++) expect([gray[x], gray[gray.length - 1 - x]]).toEqual([255, 255]);
    for (let y = 0; y < height; y++) expect([gray[y * width], gray[(y + 1) * width - 1]]).toEqual([255, 255]);
  });

  test('is about as wide as a page, or has the columns that were asked for', () => {
    const four = Array.from({ length: 4 }, (_, k) => panel(`rank ${k}`, 1024, 768, k));
    const sheet = contactSheet(four), strip = contactSheet(four, { columns: 4 });
    expect(sheet.width / sheet.height).toBeGreaterThan(1);
    expect(sheet.width / sheet.height).toBeLessThan(1.5);
    expect(strip.width / strip.height).toBeGreaterThan(4);
  });

  test('every printable character has a glyph of its own', () => {
    const seen = new Map<string, string>();
    for (let code = 33; code < 127; code++) {
      const character = String.fromCharCode(code), glyph = textColumns(character).join();
      expect(`${character} as ${seen.get(glyph) ?? character}`).toBe(`${character} as ${character === 'O' ? '0' : character}`);
      seen.set(glyph, character);
    }
    expect(textColumns('☃')).toEqual(textColumns('?'));
    expect(textColumns('')).toEqual([]);
  });

  test('a panel with missing pixels is refused', () => {
    expect(() => contactSheet([])).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    expect(() => contactSheet([{ ...panel('x', 3, 3, 0), width: 4 }])).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  });
});
