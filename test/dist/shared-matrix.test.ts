/** Blocks of a distributed matrix, read by one rank alone: whole and piece by piece, in both orders, whoever holds the entries. */
/// <reference path="../../src/local/webassembly.d.ts" />
import fc from 'fast-check';
import { SharedMatrix } from '#src/dist/shared-matrix.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { makeLayout, share } from '#src/layout/layout.js';
import { instantiate, kernelModule } from '#src/local/kernels.js';
import { Matrix, type StorageOrder } from '#src/local/matrix.js';
import { RankMemory, STAGE_BYTES } from '#src/local/rank-memory.js';
import { splitBlock } from '#src/protocol/split.js';

const PAGE = 65_536;
const RANKS = 8;
const BYTES = 2 ** 20;

/** Memories of ranks that share an address space, or have one each. */
function memories(near: boolean): RankMemory[] {
  const { module } = kernelModule();
  const space = (regions: number) => {
    const pages = (regions * BYTES + RANKS * STAGE_BYTES) / PAGE;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return { memory, kernels: instantiate(module, memory) };
  };
  const all = near ? space(RANKS) : undefined;
  return Array.from({ length: RANKS }, (_, rank) => {
    const { memory, kernels } = all ?? space(1);
    const base = RANKS * STAGE_BYTES + (near ? rank * BYTES : 0);
    return new RankMemory(rank, { memory, base, limit: base + BYTES, stage: 0 }, kernels);
  });
}

const axis = fc.record({ start: fc.nat(9), step: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 23 }) });
const order = fc.constantFrom<StorageOrder>('row', 'column');
const GRIDS = [[1, 1], [1, 2], [2, 1], [2, 2], [4, 1], [1, 4], [4, 2], [2, 3]] as const;

describe.each([['one memory', true], ['a memory for each', false]] as const)('ranks in %s', (_, near) => {
  const places = memories(near);

  test('a block has the entries that it names, whole and in pieces of any length', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DIST_PAIRS), fc.constantFrom(...GRIDS), fc.constantFrom('f64' as const, 'f32' as const), axis, axis, order, order, fc.nat(7), fc.integer({ min: 8, max: 2000 }),
        (dist, [gridHeight, gridWidth], dtype, rows, cols, stored, wanted, rank, pieceBytes) => {
          const [height, width] = [rows, cols].map(({ start, step, count }) => start + step * (count - 1) + 2);
          const layout = makeLayout({ height, width, dist, gridHeight, gridWidth });
          const size = gridHeight * gridWidth;
          const actor = places[rank % size];
          const taken: Matrix[] = [];
          const alloc = (memory: RankMemory, m: number, n: number, by: StorageOrder): Matrix => {
            const A = Matrix.alloc(memory, dtype, m, n, by);
            taken.push(A);
            return A;
          };
          const shares = Array.from({ length: size }, (__, r) => {
            const held = share(layout, r);
            const local = alloc(places[r], held?.rows.count ?? 0, held?.cols.count ?? 0, stored);
            for (let i = 0; i < local.height; i++) {
              for (let j = 0; j < local.width; j++) local.set(i, j, 1000 * (held!.rows.start + i * held!.rows.step) + held!.cols.start + j * held!.cols.step);
            }
            return local;
          });
          const matrix = new SharedMatrix(layout, dtype, shares, places.slice(0, size), actor);
          const mustHold = (A: Matrix, block: { rows: typeof rows; cols: typeof cols }): void => {
            for (let i = 0; i < A.height; i++) {
              for (let j = 0; j < A.width; j++) {
                const expected = 1000 * (block.rows.start + i * block.rows.step) + block.cols.start + j * block.cols.step;
                if (A.get(i, j) !== expected) throw new Error(`entry (${i}, ${j}) is ${A.get(i, j)}, not ${expected}`);
              }
            }
          };
          try {
            const whole = { rows, cols };
            const target = alloc(actor, rows.count, cols.count, wanted);
            matrix.get(whole, target);
            mustHold(target, whole);
            const reader = matrix.reader(whole, wanted);
            for (const piece of splitBlock(whole, 8, pieceBytes, wanted)) {
              const part = alloc(actor, piece.rows.count, piece.cols.count, wanted);
              reader.read(piece, part);
              mustHold(part, piece);
            }
          } finally {
            for (const A of taken) A.free();
          }
        },
      ),
      { numRuns: near ? 3000 : 500 },
    );
  });
});
