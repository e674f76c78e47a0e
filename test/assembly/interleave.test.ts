/** assembly/interleave.ts against what it says, bitwise: any height, gaps between columns, and what lies beyond the last whole round. */
import { BlockArray, everyKernel, numbers } from './wasm.js';

const HEIGHTS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 27, 33];

test.each([2, 4])('weave and deal move every entry of %i parts and nothing else', (parts) => {
  everyKernel((build, item) => {
    for (const m of HEIGHTS) {
      for (const n of [0, 1, 3]) {
        for (const way of ['weave', 'deal']) {
          build.reset();
          const next = numbers(m * 7 + n + parts);
          const initial = (): number => next();
          const pieces = Array.from({ length: parts }, (_, p) => new BlockArray(build, item, m, n, 1, m + p, initial));
          const ldim = parts * m + 3;
          const whole = new BlockArray(build, item, parts * m + 1, n, 1, ldim, initial);
          const before = Array.from({ length: n }, (_, j) => Array.from({ length: parts * m + 1 }, (_, i) => whole.get(i, j)));
          const places = [...pieces, pieces[0], pieces[0]].slice(0, 4).flatMap((piece) => [piece.ptr, pieces.includes(piece) ? m + pieces.indexOf(piece) : m]);
          build.kernel(`${way}_${item.name}`)(parts, m, n, ...places, whole.ptr, ldim);
          if (way === 'weave') {
            expect(whole.difference((i, j) => (i < parts * m ? pieces[i % parts].get(Math.floor(i / parts), j) : before[j][i]))).toBe('');
          } else {
            for (const [p, piece] of pieces.entries()) expect(piece.difference((i, j) => before[j][parts * i + p])).toBe('');
            expect(whole.difference((i, j) => before[j][i])).toBe('');
          }
        }
      }
    }
  });
});
