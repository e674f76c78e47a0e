/** Kernels on one thread: products beside the multiply-add limit of the same build, sweeps beside the rate at which memory is read. */
import { instantiate, kernelModule, relaxedSimd, type Kernels, type KernelSet } from '#src/local/kernels.js';
import { itemBytes, type Dtype } from '#src/local/rank-memory.js';
import { tryWide } from '#src/local/wide.js';
import { Arena, mustBeProduct, mustBeSweep } from './arena.js';
import { measure, processorClock, type MeasureOptions } from './measure.js';
import { median, medianRatio, type Row, type Suite } from './report.js';

const TYPES: readonly Dtype[] = ['f64', 'f32'];
/** Iterations of the limit: a fraction of a millisecond. */
const PEAK_ITERATIONS = 200_000;
/** A rearranged kernel can lose a third of its speed and still be right; no machine brings a sound one below this share of its peak. */
const FLOOR = 0.75;
/** The same for separate multiplications and additions: where each has ports of its own (AMD Zen 4), loads leave too few slots to fill all four. */
const FLOOR_UNFUSED = 0.65;
/** Measurements of what comes out below it: a machine that was busy recovers, a broken kernel does not. */
const ATTEMPTS = 5;
/** Levels of Strassen's recursion. */
const LEVELS = 2;

/** A build of the kernels, its limit in words, and what sets its rows apart. */
interface Build {
  readonly kernels: Kernels;
  readonly peak: string;
  readonly note?: string;
  readonly kernel?: 'gemmWide';
  /** The share of its limit below which a kernel must be broken. */
  readonly floor?: number;
}

/** What is measured on one build. */
interface Bench extends Build {
  readonly arena: Arena;
  readonly options: MeasureOptions;
}

export const kernels: Suite = async function* ({ quick }) {
  const common = { arena: new Arena(), options: { rounds: quick ? 5 : 9, turn: quick ? 0.03 : 0.06, clock: processorClock } };
  const bind = (module: object): Kernels => instantiate(module, common.arena.memory);
  const fused = relaxedSimd();
  const best: Bench = { ...common, kernels: bind(kernelModule().module), peak: fused ? 'the FMA peak' : 'the mul+add peak' };
  for (const dtype of TYPES) {
    for (const n of [64, 128, 256]) yield product(best, dtype, n, n, n, 0.85);
    for (const n of quick ? [512, 777, 1024] : [512, 777, 1024, 2048]) yield product(best, dtype, n, n, n, 0.9);
    if (!quick) for (const [n, k] of [[64, 4096], [4096, 64]]) yield product(best, dtype, 4096, n, k, 0.7);
    yield product(best, dtype, 100_000, 32, 32, 0.7);
  }
  for (const dtype of TYPES) yield* transposes(best, dtype, quick ? 512 : 1024, 0.95);
  if (!quick) for (const dtype of TYPES) yield strassen(best, dtype, 2048, 1.1);
  for (const dtype of TYPES) {
    for (const [m, n] of [[4000, 4000], [20_000, 1000]]) {
      yield sweep(best, dtype, m, n, 1, 0.75);
      yield sweep(best, dtype, m, n, 2, 0.65);
    }
  }
  if (fused) {
    const plain: Bench = { ...common, kernels: bind(kernelModule('simd').module), peak: 'its mul+add peak', note: ', without FMA', floor: FLOOR_UNFUSED };
    for (const dtype of TYPES) for (const n of quick ? [512] : [512, 1024]) yield product(plain, dtype, n, n, n, 0.9);
  }
  // Last, since it changes how the engine compiles everything from here on.
  const { module, usable } = tryWide();
  if (usable) {
    const wide: Bench = { ...common, kernels: bind(module as object), peak: 'the 128-bit FMA peak', note: ', 256 bits wide', kernel: 'gemmWide' };
    for (const dtype of TYPES) for (const n of quick ? [512] : [512, 1024, 2048]) yield product(wide, dtype, n, n, n, 1.5);
  }
};

/** A call of C := A B with operands in the arena, whose result has been checked. */
function prepared(
  { arena }: Bench, set: KernelSet, dtype: Dtype, m: number, n: number, k: number,
  { kernel = 'gemm', rowsA = false, rowsB = false, levels }: { kernel?: string; rowsA?: boolean; rowsB?: boolean; levels?: number } = {},
): () => void {
  const [a, b, c] = [arena.random(set, dtype, m, k, rowsA), arena.random(set, dtype, k, n, rowsB), arena.random(set, dtype, m, n)];
  const extra = levels === undefined ? [] : [levels];
  const work = arena.take(set[`${kernel}Work`](m, n, k, ...extra));
  const multiply = (): void => set[kernel](m, n, k, 1, a.ptr, a.rs, a.cs, b.ptr, b.rs, b.cs, 0, c.ptr, c.cs, ...extra, work);
  multiply();
  mustBeProduct(a, b, c, levels);
  return multiply;
}

const gflops = (m: number, n: number, k: number, seconds: readonly number[]): number => (2 * m * n * k) / median(seconds) / 1e9;

/** C := A B by columns, against the peak. */
async function product(bench: Bench, dtype: Dtype, m: number, n: number, k: number, target: number): Promise<Row> {
  const { kernels, arena, options, kernel, note = '', peak } = bench;
  const set = kernels[dtype];
  arena.clear();
  const subjects = [prepared(bench, set, dtype, m, n, k, { kernel }), () => set.peakFma(PEAK_ITERATIONS, 0.5)];
  const work = (m * n * k) / (PEAK_ITERATIONS * set.peakMadds() * (16 / itemBytes(dtype)));
  // Small products, and narrow ones, have a say in their speed besides the innermost loop.
  const floor = Math.min(m, n, k) >= 512 ? bench.floor ?? FLOOR : undefined;
  let [products, peaks] = await measure(subjects, options);
  const ratio = (): number => work * medianRatio(peaks, products);
  for (let attempt = 1; attempt < ATTEMPTS && floor !== undefined && ratio() < floor; attempt++) [products, peaks] = await measure(subjects, options);
  const shape = m === n && n === k ? `n=${n}` : `${m}×${k} by ${k}×${n}`;
  return { name: `gemm ${shape} ${dtype}${note}`, value: gflops(m, n, k, products), unit: 'GFLOP/s', ratio: ratio(), against: peak, target, floor };
}

/** A Bᵀ, Aᵀ B and Aᵀ Bᵀ, where what is transposed lies by rows, against A B. */
async function* transposes(bench: Bench, dtype: Dtype, n: number, target: number): AsyncGenerator<Row> {
  const { kernels, arena, options } = bench;
  arena.clear();
  const operations = [[false, false], [false, true], [true, false], [true, true]] as const;
  const [plain, ...others] = await measure(operations.map(([rowsA, rowsB]) => prepared(bench, kernels[dtype], dtype, n, n, n, { rowsA, rowsB })), options);
  for (const [index, seconds] of others.entries()) {
    const [rowsA, rowsB] = operations[index + 1];
    const name = `gemm ${rowsA ? 'Aᵀ' : 'A'} ${rowsB ? 'Bᵀ' : 'B'}, n=${n} ${dtype}`;
    yield { name, value: gflops(n, n, n, seconds), unit: 'GFLOP/s', ratio: medianRatio(plain, seconds), against: 'A B', target };
  }
}

/** Strassen's product against the classical one. The rate counts the classical operations. */
async function strassen(bench: Bench, dtype: Dtype, n: number, target: number): Promise<Row> {
  const { kernels, arena, options } = bench;
  arena.clear();
  const calls = [prepared(bench, kernels[dtype], dtype, n, n, n), prepared(bench, kernels[dtype], dtype, n, n, n, { kernel: 'gemmStrassen', levels: LEVELS })];
  const [classical, fast] = await measure(calls, options);
  return { name: `Strassen, ${LEVELS} levels, n=${n} ${dtype}`, value: gflops(n, n, n, fast), unit: 'GFLOP/s', ratio: medianRatio(classical, fast), against: 'gemm', target };
}

/** Y := Y + Aᵀ(A X) for one vector, in the faster form, or a pair, which reads A once, against the sum of A's entries in four streams. */
async function sweep({ kernels, arena, options }: Bench, dtype: Dtype, m: number, n: number, vectors: 1 | 2, target: number): Promise<Row> {
  const set = kernels[dtype];
  arena.clear();
  const [a, x, u, y] = [arena.random(set, dtype, m, n, true), arena.random(set, dtype, n, vectors), arena.random(set, dtype, m, vectors), arena.random(set, dtype, n, vectors)];
  const single = (inTurns: 0 | 1) => () => set.sweep(inTurns, m, n, a.ptr, a.rs, x.ptr, 0, u.ptr, y.ptr);
  const pair = (): void => set.sweepPair(m, n, a.ptr, a.rs, x.ptr, x.cs, u.ptr, u.cs, y.ptr, y.cs);
  const forms = vectors === 1 ? { interleaved: single(0), 'in turns': single(1) } : { interleaved: pair };
  for (const pass of Object.values(forms)) {
    y.data.fill(0);
    pass();
    mustBeSweep(a, x, y);
  }
  const [sums, ...passes] = await measure([() => set.sum4(m * n, a.ptr), ...Object.values(forms)], options);
  const [fastest] = passes.map((seconds, index) => ({ form: Object.keys(forms)[index], seconds, ratio: medianRatio(sums, seconds) })).sort((p, q) => q.ratio - p.ratio);
  const name = `sweep Aᵀ(A ${vectors === 1 ? 'x' : '[x z]'}), ${m}×${n} ${dtype}, ${fastest.form}`;
  const value = (m * n * itemBytes(dtype)) / median(fastest.seconds) / 1e9;
  return { name, value, unit: 'GB/s', ratio: fastest.ratio, against: 'reading by four streams', target };
}
