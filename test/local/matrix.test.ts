import fc from 'fast-check';
import { Matrix, matrixBytes } from '#src/local/matrix.js';
import { itemBytes } from '#src/local/rank-memory.js';
import { rankMemory } from './rank-memory.js';

const memory = rankMemory();

const value = (i: number, j: number): number => 1000 * i + j;

function filled(dtype: 'f64' | 'f32', height: number, width: number, order: 'column' | 'row'): Matrix {
  const A = Matrix.alloc(memory, dtype, height, width, order);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) A.set(i, j, value(i, j));
  return A;
}

const dtype = fc.constantFrom('f64' as const, 'f32' as const);
const order = fc.constantFrom('column' as const, 'row' as const);
const size = fc.nat(9);

test('any chain of views and transposes shows the entries that it names', () => {
  const step = fc.oneof(fc.constant('transpose' as const), fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()));
  fc.assert(
    fc.property(dtype, order, size, size, fc.array(step, { maxLength: 5 }), (type, storage, height, width, steps) => {
      memory.heap.scope(() => {
        let A = filled(type, height, width, storage);
        let entries = Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => value(i, j)));
        let [h, w] = [height, width];
        for (const next of steps) {
          if (next === 'transpose') {
            entries = Array.from({ length: w }, (_, j) => Array.from({ length: h }, (__, i) => entries[i][j]));
            [h, w] = [w, h];
            A = A.transposed;
          } else {
            const [i, j] = [next[0] % (h + 1), next[1] % (w + 1)];
            [h, w] = [next[2] % (h - i + 1), next[3] % (w - j + 1)];
            A = A.view(i, j, h, w);
            entries = entries.slice(i, i + h).map((row) => row.slice(j, j + w));
          }
        }
        expect([A.height, A.width, A.size]).toEqual([h, w, h * w]);
        for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) expect(A.get(i, j)).toBe(entries[i][j]);
      });
    }),
  );
});

test('a view shares its entries, and a transposed view too', () => {
  const A = filled('f64', 4, 5, 'column');
  A.view(1, 2, 2, 2).set(0, 1, -7);
  A.transposed.set(0, 3, -8);
  A.col(4).set(2, 0, -9);
  expect([A.get(1, 3), A.get(3, 0), A.get(2, 4)]).toEqual([-7, -8, -9]);
  A.free();
});

test('a view that leaves the matrix is refused with both shapes', () => {
  const A = filled('f64', 3, 4, 'column');
  for (const [i, j, h, w] of [[-1, 0, 1, 1], [0, -1, 1, 1], [0, 0, 4, 1], [0, 0, 1, 5], [3, 0, 1, 0], [0, 2, 1, 3], [0, 0, -1, 1]]) {
    expect(() => A.view(i, j, h, w)).toThrow(expect.objectContaining({ code: 'E_SHAPE', message: `a view of ${h}×${w} at (${i}, ${j}) does not fit into 3×4` }));
  }
  expect(() => A.col(4)).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
  expect([A.view(3, 4, 0, 0).size, A.view(0, 0, 3, 4).size]).toEqual([0, 12]);
  A.free();
});

test('the leading dimension keeps columns apart by other than a multiple of 4 KiB, and the bytes are those announced', () => {
  for (const type of ['f64', 'f32'] as const) {
    for (const storage of ['column', 'row'] as const) {
      for (const [height, width] of [[0, 0], [0, 3], [3, 0], [1, 1], [511, 2], [512, 2], [1024, 3], [1025, 2], [2, 512], [3, 1024]]) {
        const before = memory.heap.usage().used;
        const A = Matrix.alloc(memory, type, height, width, storage);
        const bytes = matrixBytes(type, height, width, storage);
        expect(memory.heap.usage().used - before).toBe(Math.max(64, Math.ceil(bytes / 64) * 64));
        const ldim = storage === 'column' ? A.colStride : A.rowStride;
        const contiguous = storage === 'column' ? height : width;
        expect(storage === 'column' ? A.rowStride : A.colStride).toBe(1);
        expect(ldim).toBeGreaterThanOrEqual(contiguous);
        expect(contiguous * itemBytes(type) < 4096 || (ldim * itemBytes(type)) % 4096 !== 0).toBe(true);
        A.free();
        expect(memory.heap.usage().used).toBe(before);
      }
    }
  }
});

test('a matrix without gaps is flat, in the order of its storage, and one with gaps says so', () => {
  const A = filled('f64', 3, 2, 'column');
  const B = filled('f32', 2, 3, 'row');
  const tall = filled('f64', 512, 2, 'column'); // padded
  expect([...A.flat]).toEqual([0, 1000, 2000, 1, 1001, 2001]);
  expect([...A.transposed.flat]).toEqual([...A.flat]);
  expect([...B.flat]).toEqual([0, 1, 2, 1000, 1001, 1002]);
  expect([...A.col(1).flat]).toEqual([1, 1001, 2001]);
  expect([...A.view(1, 0, 2, 1).flat]).toEqual([1000, 2000]);
  expect([...A.view(1, 0, 0, 2).flat]).toEqual([]);
  expect(tall.col(1).flat).toHaveLength(512);
  for (const gaps of [tall, A.view(0, 0, 2, 2), A.view(1, 0, 1, 2), B.view(0, 0, 2, 2)]) expect(() => gaps.flat).toThrow(/has gaps/);
  A.flat[4] = 5;
  expect(A.get(1, 1)).toBe(5); // not a copy
  for (const X of [A, B, tall]) X.free();
});
