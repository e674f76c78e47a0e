import { inspect } from 'node:util';
import { HostMatrix } from '#src/session/host-matrix.js';

const matrix = (height: number, width: number, f: (i: number, j: number) => number): HostMatrix =>
  new HostMatrix(Float64Array.from({ length: height * width }, (_, at) => f(Math.floor(at / width), at % width)), [height, width], [width, 1]);

test('entries are found by their indices, whatever the strides and the offset', () => {
  const data = Float64Array.of(-1, 1, 3, 2, 4);
  const A = new HostMatrix(data, [2, 2], [1, 2], 1);
  expect(A.toArray()).toEqual([[1, 2], [3, 4]]);
  expect([A.height, A.width, A.get(1, 0)]).toEqual([2, 2, 3]);
});

test('it prints as a table, with the corners of a large one, and integers, fractions and extremes each in few letters', () => {
  expect(inspect(matrix(2, 3, (i, j) => [[1, -2.5, 1e-9], [1 / 3, NaN, Infinity]][i][j]))).toBe(
    ['2×3 f64', '        1  -2.5000  1.000e-9', '  0.33333      NaN  Infinity'].join('\n'),
  );
  expect(String(matrix(9, 12, (i, j) => 100 * i + j)).split('\n')).toEqual([
    '9×12 f64',
    '    0    1    2    3  …    9   10   11',
    '  100  101  102  103  …  109  110  111',
    '  200  201  202  203  …  209  210  211',
    '  300  301  302  303  …  309  310  311',
    '    …    …    …    …  …    …    …    …',
    '  600  601  602  603  …  609  610  611',
    '  700  701  702  703  …  709  710  711',
    '  800  801  802  803  …  809  810  811',
  ]);
  expect(String(new HostMatrix(Float32Array.of(1), [1, 1], [1, 1]))).toBe('1×1 f32\n  1');
  expect(String(matrix(0, 3, () => 0))).toBe('0×3 f64');
});
