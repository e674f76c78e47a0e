/** Pictures as PNG files (ISO/IEC 15948): eight bits a sample, grey or RGB. */
import { crc32, deflateSync } from 'node:zlib';
import { AlchemistError } from '../errors.js';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const GREY = 0, RGB = 2;

/** The PNG file of a picture whose rows run from the top; `samples` has one byte a pixel (grey) or three (RGB). E_SHAPE. */
export function encodePng(width: number, height: number, samples: Uint8Array): Buffer {
  const channels = samples.length / (width * height);
  if (!(width > 0 && height > 0 && (channels === 1 || channels === 3))) {
    throw new AlchemistError('E_SHAPE', `a ${width} × ${height} picture cannot have ${samples.length} samples`,
      { hint: 'one a pixel, or three' });
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits a sample
  header[9] = channels === 1 ? GREY : RGB;
  const data = deflateSync(filterRows(samples, width * channels, height, channels));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** What each filter expects a sample to be from its left, upper and upper left neighbours, in the order of the format's types. */
const PREDICT: ((left: number, up: number, upLeft: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, upLeft) => { // Paeth: the neighbour closest to left + up − upLeft
    const dLeft = Math.abs(up - upLeft), dUp = Math.abs(left - upLeft), dUpLeft = Math.abs(left + up - 2 * upLeft);
    return dLeft <= dUp && dLeft <= dUpLeft ? left : dUp <= dUpLeft ? up : upLeft;
  },
];

/** Every row as its filter's type and the differences from what it predicts, by the filter with the smallest sum of differences. */
function filterRows(samples: Uint8Array, rowBytes: number, height: number, channels: number): Buffer {
  const out = Buffer.alloc(height * (rowBytes + 1));
  const trial = Buffer.alloc(rowBytes);
  for (let y = 0; y < height; y++) {
    const row = y * rowBytes, target = y * (rowBytes + 1);
    let least = Infinity;
    PREDICT.forEach((predict, type) => {
      let sum = 0;
      for (let x = 0; x < rowBytes; x++) {
        const left = x < channels ? 0 : samples[row + x - channels];
        const up = y === 0 ? 0 : samples[row + x - rowBytes];
        const upLeft = x < channels || y === 0 ? 0 : samples[row + x - channels - rowBytes];
        const difference = (samples[row + x] - predict(left, up, upLeft)) & 255;
        trial[x] = difference;
        sum += Math.min(difference, 256 - difference);
      }
      if (sum >= least) return;
      least = sum;
      out[target] = type;
      trial.copy(out, target + 1);
    });
  }
  return out;
}
