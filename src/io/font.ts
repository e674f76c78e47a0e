/** A small proportional bitmap font for captions: capitals seven pixels high, one row below the line. */

/** Rows of a glyph; the eighth is for descenders. */
export const FONT_HEIGHT = 8;

/** Each glyph is its columns from the left, two hexadecimal digits each; the lowest bit is the top pixel. */
const GLYPHS: Record<string, string> = {
  ' ': '000000', '!': '5F', '"': '030003', '#': '147F147F14', '$': '242A7F2A12', '%': '03433008066160', '&': '3649562050', "'": '03',
  '(': '3E41', ')': '413E', '*': '2A1C1C2A', '+': '08083E0808', ',': '8060', '-': '080808', '.': '6060', '/': '6010080403',
  0: '3E4141413E', 1: '42427F4040', 2: '6251494946', 3: '2241494936', 4: '1814127F10',
  5: '2745454539', 6: '3E49494932', 7: '0101710907', 8: '3649494936', 9: '264949493E',
  ':': '6C6C', ';': '806C', '<': '08142241', '=': '1414141414', '>': '41221408', '?': '0201510906', '@': '3E415D551E',
  A: '7E0909097E', B: '7F49494936', C: '3E41414122', D: '7F4141413E', E: '7F49494941', F: '7F09090901', G: '3E41414972',
  H: '7F0808087F', I: '417F41', J: '204041413F', K: '7F08142241', L: '7F40404040', M: '7F020C027F', N: '7F0204087F',
  O: '3E4141413E', P: '7F09090906', Q: '3E4151215E', R: '7F09192946', S: '2649494932', T: '01017F0101', U: '3F4040403F',
  V: '0718601807', W: '3F4030403F', X: '6314081463', Y: '0304780403', Z: '6151494543',
  '[': '7F41', '\\': '0304081060', ']': '417F', '^': '02010102', _: '8080808080', '`': '0102',
  a: '2054545478', b: '7F44444438', c: '3844444428', d: '384444447F', e: '3854545418', f: '087E0901', g: '18A4A4A47C',
  h: '7F04040478', i: '7D', j: '80807D', k: '7F10284400', l: '3F40', m: '7C04780478', n: '7C04040478', o: '3844444438',
  p: 'FC24242418', q: '18242424FC', r: '7C080404', s: '4854545424', t: '043F4440', u: '3C4040407C', v: '1C2040201C',
  w: '3C4030403C', x: '4428102844', y: '1CA0A0A07C', z: '4464544C44', '{': '083641', '|': '7F', '}': '413608', '~': '0804080804',
  '·': '0808', '×': '2214081422', '−': '08080808', '–': '08080808', '…': '4000400040', '²': '191512', 'σ': '3844444C34', 'Σ': '6355494141',
};

/** The pixel columns of a character; those that the font lacks are question marks. */
function columnsOf(character: string): number[] {
  const glyph = GLYPHS[character] ?? GLYPHS['?'];
  return Array.from({ length: glyph.length / 2 }, (_, k) => parseInt(glyph.slice(2 * k, 2 * k + 2), 16));
}

/** A line of text as pixel columns, with one empty column between characters; bit r of a column is row r, counted from the top. */
export function textColumns(text: string): number[] {
  return Array.from(text).flatMap((character, k) => (k === 0 ? columnsOf(character) : [0, ...columnsOf(character)]));
}
