/** Grey pictures side by side, with captions, as photographers look at a film. */
import { AlchemistError } from '../errors.js';
import { FONT_HEIGHT, textColumns } from './font.js';

/** A grey picture: rows from the top, a byte a pixel, 0 black. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly gray: Uint8Array;
}

export interface Panel extends Picture {
  readonly caption: string;
}

const PAPER = 255, INK = 32;
/** Columns are chosen so that the sheet comes near this ratio of width to height. */
const ASPECT = 4 / 3;
/** One pixel of the font is enlarged so that a line of this many font pixels spans a panel. */
const PANEL_FONT_PIXELS = 280;

/** The panels in a grid of equal cells on white paper, each above its caption. E_SHAPE when a panel has the wrong number of pixels. */
export function contactSheet(panels: readonly Panel[], options: { columns?: number } = {}): Picture {
  if (panels.length === 0) throw new AlchemistError('E_SHAPE', 'a contact sheet needs at least one panel');
  for (const { caption, width, height, gray } of panels) {
    if (gray.length !== width * height) {
      throw new AlchemistError('E_SHAPE', `the panel '${caption}' has ${gray.length} pixels, not ${width} × ${height}`);
    }
  }
  const captions = panels.map(({ caption }) => textColumns(caption));
  const widest = Math.max(...panels.map(({ width }) => width)), highest = Math.max(...panels.map(({ height }) => height));
  const scale = Math.max(1, Math.round(widest / PANEL_FONT_PIXELS));
  const gap = 6 * scale;
  const captionHeight = (FONT_HEIGHT + 4) * scale;
  const cellWidth = Math.max(widest, ...captions.map((columns) => columns.length * scale)) + gap;
  const cellHeight = highest + captionHeight + gap;
  const columns = options.columns ?? balancedColumns(panels.length, cellWidth, cellHeight);
  const sheet = blank(columns * cellWidth + gap, Math.ceil(panels.length / columns) * cellHeight + gap);

  panels.forEach((panel, k) => {
    const left = gap + (k % columns) * cellWidth, top = gap + Math.floor(k / columns) * cellHeight;
    const centre = left + (cellWidth - gap) / 2;
    paste(panel, sheet, Math.floor(centre - panel.width / 2), top + highest - panel.height);
    paste(lettering(captions[k], scale), sheet, Math.floor(centre - (captions[k].length * scale) / 2), top + highest + 3 * scale);
  });
  return sheet;
}

function blank(width: number, height: number): Picture {
  return { width, height, gray: new Uint8Array(width * height).fill(PAPER) };
}

function paste(picture: Picture, onto: Picture, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    onto.gray.set(picture.gray.subarray(y * picture.width, (y + 1) * picture.width), (top + y) * onto.width + left);
  }
}

/** Text as a picture, each pixel of the font enlarged to scale × scale. */
function lettering(columns: number[], scale: number): Picture {
  const picture = blank(columns.length * scale, FONT_HEIGHT * scale);
  for (let y = 0; y < picture.height; y++) {
    const bit = 1 << Math.floor(y / scale);
    for (let x = 0; x < picture.width; x++) if (columns[Math.floor(x / scale)] & bit) picture.gray[y * picture.width + x] = INK;
  }
  return picture;
}

/** How many columns bring the sheet nearest to {@link ASPECT} on paper as small as possible. */
function balancedColumns(cells: number, cellWidth: number, cellHeight: number): number {
  const size = (columns: number) => Math.max(columns * cellWidth, Math.ceil(cells / columns) * cellHeight * ASPECT);
  let best = 1;
  for (let columns = 2; columns <= cells; columns++) if (size(columns) < size(best)) best = columns;
  return best;
}
