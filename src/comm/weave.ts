/** Blocks that interleave in one matrix and lie apart in others, such as every second row of two peers: moved together, in one pass. */
import { type Block, entries } from '../layout/block.js';
import { slice } from '../layout/slice.js';
import { Matrix } from '../local/matrix.js';

/** A block of a peer's matrix, the part, and where the same entries lie in the matrix that all parts have in common, the whole. */
export interface Strand {
  readonly peer: number;
  readonly part: Block;
  readonly whole: Block;
}

/** How many parts the kernels take at a time. */
const PARTS: readonly number[] = [2, 4];

export type Axis = 'rows' | 'cols';
const across = (axis: Axis): Axis => (axis === 'rows' ? 'cols' : 'rows');

/** The axis along which a matrix has its entries side by side, if there is one. */
export const unitAxis = (A: Matrix): Axis | undefined => (A.rowStride === 1 ? 'rows' : A.colStride === 1 ? 'cols' : undefined);

/** Bundles of strands that interleave without gaps along the axis on which the whole has its entries side by side; each complete and in order. */
export function bundles(strands: readonly Strand[], axis: Axis | undefined): Strand[][] {
  if (!axis) return [];
  const found = new Map<string, Strand[]>();
  for (const strand of strands) {
    const { step } = strand.whole[axis];
    if (!PARTS.includes(step) || strand.part[axis].step !== 1) continue;
    const { start, step: other, count } = strand.whole[across(axis)];
    const key = [step, start, other, count].join();
    found.set(key, [...(found.get(key) ?? []), strand]);
  }
  const complete: Strand[][] = [];
  for (const bundle of found.values()) {
    bundle.sort((a, b) => a.whole[axis].start - b.whole[axis].start);
    const [{ start, step }] = bundle.map(({ whole }) => whole[axis]);
    if (bundle.length === step && bundle.every((strand, part) => strand.whole[axis].start === start + part)) complete.push(bundle);
  }
  return complete;
}

/**
 * Moves what comes in {@link bundles}: 'weave' from the parts into the whole, 'deal' the other way, if all matrices lie in one address space.
 * @returns the strands, or their last entries, that are left to be moved one by one.
 */
export function moveTogether(way: 'weave' | 'deal', strands: readonly Strand[], whole: Matrix, partOf: (strand: Strand) => Matrix): readonly Strand[] {
  const axis = unitAxis(whole);
  if (!axis || !strands.every((strand) => partOf(strand).memory.sameSpace(whole.memory))) return strands;
  const rest = new Set(strands);
  for (const bundle of bundles(strands, axis)) {
    const rows = Math.min(...bundle.map(({ whole }) => whole[axis].count));
    const upright = (A: Matrix, block: Block): Matrix => (axis === 'rows' ? strided(A, block) : strided(A, block).transposed);
    const parts = bundle.map((strand) => upright(partOf(strand), strand.part));
    if (parts.some(({ rowStride }) => rowStride !== 1)) continue;
    interleave(way, parts, rows, upright(whole, bundle[0].whole));
    for (const strand of bundle) {
      rest.delete(strand);
      const last = { ...strand, part: from(strand.part, axis, rows), whole: from(strand.whole, axis, rows) };
      if (entries(last.part) > 0) rest.add(last);
    }
  }
  return [...rest];
}

/** whole(parts·i + p, j) := part_p(i, j) for the first `rows` of two or four parts, or the other way. Columns are contiguous; one address space. */
export function interleave(way: 'weave' | 'deal', parts: readonly Matrix[], rows: number, whole: Matrix): void {
  // Of two parts, the kernel does not look at the last two.
  const [a, b, c = a, d = a] = parts;
  whole.memory.kernelsFor(whole.dtype)[way](
    parts.length, rows, whole.width, a.ptr, a.colStride, b.ptr, b.colStride, c.ptr, c.colStride, d.ptr, d.colStride, whole.ptr, whole.colStride,
  );
}

/** A block without its first `count` positions on an axis. */
function from(block: Block, axis: Axis, count: number): Block {
  const { start, step, count: all } = block[axis];
  return { ...block, [axis]: slice(start + count * step, step, all - count) };
}

/** The entries of A that a block of local coordinates names, as a view with wider strides. */
export function strided(A: Matrix, { rows, cols }: Block): Matrix {
  return new Matrix(A.memory, A.dtype, rows.count, cols.count, A.address(rows.start, cols.start), A.rowStride * rows.step, A.colStride * cols.step);
}
