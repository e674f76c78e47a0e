import { DIST_PAIRS, distPair, formatDistPair, parseDistPair, splitDistPair } from '#src/layout/distribution.js';

test('there are fourteen pairs, closed under transposition', () => {
  expect(DIST_PAIRS).toHaveLength(14);
  for (const pair of DIST_PAIRS) {
    const [colDist, rowDist] = splitDistPair(pair);
    expect(DIST_PAIRS).toContain(distPair(rowDist, colDist));
  }
});

test.each([
  ['MC_MR', ['MC', 'MR'], '[MC,MR]'],
  ['[MC,MR]', ['MC', 'MR'], '[MC,MR]'],
  ['VC,*', ['VC', 'STAR'], '[VC,*]'],
  ['vc_star', ['VC', 'STAR'], '[VC,*]'],
  [' [*, vr] ', ['STAR', 'VR'], '[*,VR]'],
  ['*,*', ['STAR', 'STAR'], '[*,*]'],
  ['o,o', ['CIRC', 'CIRC'], '[o,o]'],
  ['[O,O]', ['CIRC', 'CIRC'], '[o,o]'],
  ['circ_circ', ['CIRC', 'CIRC'], '[o,o]'],
])('%p is read as %p and written as %p', (text, axes, written) => {
  expect(parseDistPair(text)).toEqual(axes);
  expect(formatDistPair(...parseDistPair(text))).toBe(written);
});

test('every pair is read back from its name and from its notation', () => {
  for (const pair of DIST_PAIRS) {
    expect(parseDistPair(pair)).toEqual(splitDistPair(pair));
    expect(parseDistPair(formatDistPair(...splitDistPair(pair)))).toEqual(splitDistPair(pair));
  }
});

test.each(['', 'MC', 'MC_MC', 'VC_VR', 'MD_MD', 'STAR_CIRC', 'MC_MR_STAR', '[MC,MR', 'toString', '__proto__'])(
  '%p is refused with the list of the fourteen', (text) => {
    expect(() => parseDistPair(text)).toThrow(
      expect.objectContaining({
        code: 'E_LAYOUT',
        message: expect.stringMatching(/is not a distribution \(one of( \[[A-Z*]+,[A-Z*]+\]| \[o,o\]){14}\)$/u),
      }),
    );
  },
);

test('an illegal pair of axes is refused', () => {
  expect(() => distPair('MC', 'VC')).toThrow(expect.objectContaining({ code: 'E_LAYOUT' }));
});
