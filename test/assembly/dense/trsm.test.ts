/** assembly/dense/trsm.ts: all eight triangular solves by strides, row- and column-major, against the product that they undo. */
import { BlockArray, everyKernel, numbers, type Build, type Item } from '../wasm.js';
import { multiply, norm1, sample, subtract, transpose, type Sample } from './metrics.js';

interface Problem {
  side: 'left' | 'right';
  upper: boolean;
  trans: boolean;
  unit: boolean;
}

const PROBLEMS: Problem[] = (['left', 'right'] as const).flatMap((side) =>
  [false, true].flatMap((upper) => [false, true].flatMap((trans) => [false, true].map((unit) => ({ side, upper, trans, unit })))),
);

/** The pointers and strides of the table in trsm.ts. */
function solve(build: Build, item: Item, p: Problem, a: BlockArray, x: BlockArray): void {
  // X op(A) = B is op(A)ᵀ Xᵀ = Bᵀ.
  const right = p.side === 'right', trans = p.trans !== right;
  const [m, n, rsx, csx] = right ? [x.n, x.m, x.cs, x.rs] : [x.m, x.n, x.rs, x.cs];
  const [rs, cs] = trans ? [a.cs, a.rs] : [a.rs, a.cs];
  const isLower = p.upper === trans;
  const kernel = build.kernel(`trsm_${item.name}`), last = Math.max(m - 1, 0);
  if (isLower) kernel(m, n, a.ptr, rs, cs, Number(p.unit), x.ptr, rsx, csx);
  else kernel(m, n, a.ptr + last * (rs + cs) * item.bytes, -rs, -cs, Number(p.unit), x.ptr + last * rsx * item.bytes, -rsx, csx);
}

test('every side, triangle, transpose and diagonal, in both orders, undoes its product', () => {
  everyKernel((build, item) => {
    for (const p of PROBLEMS) {
      for (const [m, n] of [[0, 3], [3, 0], [1, 1], [4, 1], [1, 4], [3, 5], [9, 2], [13, 18]]) {
        for (const rowMajorA of [false, true]) {
          for (const rowMajorX of [false, true]) {
            build.reset();
            const order = p.side === 'left' ? m : n, next = numbers(m * 31 + n);
            const isInside = (i: number, j: number) => (i === j ? !p.unit : p.upper === i < j);
            // A dominant diagonal keeps the solve well conditioned; what must not be read is NaN.
            const value = sample(order, order, (i, j) => (i === j ? 2 + Math.abs(next()) : next() / order));
            const [rs, cs] = rowMajorA ? [order + 2, 1] : [1, order + 2];
            const a = new BlockArray(build, item, order, order, rs, cs, (i, j) => (isInside(i, j) ? value.get(i, j) : NaN));
            const triangle: Sample = sample(order, order, (i, j) => (i === j && p.unit ? 1 : isInside(i, j) ? a.get(i, j) : 0));
            const op = p.trans ? transpose(triangle) : triangle;
            const x = new BlockArray(build, item, m, n, rowMajorX ? n + 3 : 1, rowMajorX ? 1 : m + 3, next), b = sample(m, n, (i, j) => x.get(i, j));
            solve(build, item, p, a, x);
            const got = sample(m, n, (i, j) => x.get(i, j));
            const residual = norm1(subtract(p.side === 'left' ? multiply(op, got) : multiply(got, op), b));
            const label = JSON.stringify({ ...p, m, n, rowMajorA, rowMajorX });
            expect([label, residual <= 4 * item.eps * (order + 2) * (1 + norm1(op)) * (1 + norm1(got)) * (1 + order)]).toEqual([label, true]);
            expect(x.difference((i, j) => x.get(i, j))).toBe('');
          }
        }
      }
    }
  });
});

test('many right-hand sides are cut into panels without a seam', () => {
  everyKernel((build, item) => {
    build.reset();
    const m = 7, n = 600, next = numbers(5);
    const a = new BlockArray(build, item, m, m, 1, m, (i, j) => (i === j ? 2 : next() / m));
    const x = new BlockArray(build, item, m, n, n, 1, (i) => i + 1);
    solve(build, item, { side: 'left', upper: false, trans: false, unit: false }, a, x);
    for (let i = 0; i < m; i++) for (let j = 1; j < n; j++) expect(Math.abs(x.get(i, j) - x.get(i, 0))).toBeLessThanOrEqual(16 * item.eps * m);
  });
});
