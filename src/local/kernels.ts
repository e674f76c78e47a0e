/** Finds, checks and instantiates the WebAssembly kernels. Two builds exist: relaxed SIMD (fused multiply-add) and plain SIMD. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { AlchemistError } from '../errors.js';
import type { Dtype } from './rank-memory.js';

/** Kernels of one item type, as assembly/README.md specifies them. Pointers in bytes, strides in entries. */
export interface KernelSet {
  // level 1
  dot(n: number, x: number, incx: number, y: number, incy: number): number;
  axpy(n: number, alpha: number, x: number, incx: number, y: number, incy: number): void;
  scal(n: number, alpha: number, x: number, incx: number): void;
  nrm2(n: number, x: number, incx: number): number;
  asum(n: number, x: number, incx: number): number;
  amax(n: number, x: number, incx: number): number;
  // blocks
  copyBlock(m: number, n: number, src: number, srs: number, scs: number, dst: number, drs: number, dcs: number): void;
  addBlock(m: number, n: number, alpha: number, src: number, srs: number, scs: number, dst: number, drs: number, dcs: number): void;
  scaleBlock(m: number, n: number, beta: number, a: number, rs: number, cs: number): void;
  fillBlock(m: number, n: number, value: number, a: number, rs: number, cs: number): void;
  weave(parts: number, m: number, n: number, a: number, ca: number, b: number, cb: number, c: number, cc: number, d: number, cd: number, whole: number, cw: number): void;
  deal(parts: number, m: number, n: number, a: number, ca: number, b: number, cb: number, c: number, cc: number, d: number, cd: number, whole: number, cw: number): void;
  countNonFiniteBlock(m: number, n: number, a: number, rs: number, cs: number): number;
  sumSquaresBlock(m: number, n: number, a: number, rs: number, cs: number, out: number): void;
  amaxBlock(m: number, n: number, a: number, rs: number, cs: number): number;
  columnSums(m: number, n: number, a: number, rs: number, cs: number, out: number): void;
  dotBlock(m: number, n: number, a: number, ars: number, acs: number, b: number, brs: number, bcs: number): number;
  // level 2 and the fused sweep
  gemv(m: number, n: number, alpha: number, a: number, rs: number, cs: number, x: number, incx: number, beta: number, y: number, incy: number): void;
  ger(m: number, n: number, alpha: number, x: number, incx: number, y: number, incy: number, a: number, rs: number, cs: number): void;
  sweep(inTurns: number, m: number, n: number, a: number, rs: number, x: number, beta: number, u: number, y: number): void;
  sweepPair(m: number, n: number, a: number, rs: number, x: number, ldx: number, u: number, ldu: number, y: number, ldy: number): void;
  sum4(n: number, x: number): number;
  // level 3
  gemm(m: number, n: number, k: number, alpha: number, a: number, rsa: number, csa: number, b: number, rsb: number, csb: number, beta: number, c: number, csc: number, work: number): void;
  gemmWork(m: number, n: number, k: number): number;
  gemmWide(m: number, n: number, k: number, alpha: number, a: number, rsa: number, csa: number, b: number, rsb: number, csb: number, beta: number, c: number, csc: number, work: number): void;
  gemmWideWork(m: number, n: number, k: number): number;
  peakFma(iterations: number, x: number): number;
  peakMadds(): number;
  // random
  uniform(m: number, n: number, i0: number, istep: number, j0: number, jstep: number, seedLo: number, seedHi: number, lo: number, hi: number, a: number, rs: number, cs: number): void;
  normal(m: number, n: number, i0: number, istep: number, j0: number, jstep: number, seedLo: number, seedHi: number, mean: number, stddev: number, a: number, rs: number, cs: number): void;
  // any further kernel of this item type, by its name in assembly/index.ts
  [name: string]: (...args: number[]) => any;
}

/** Both item types, bound to one memory. */
export type Kernels = Readonly<Record<Dtype, KernelSet>>;

/** A shared WebAssembly memory. Node's types leave WebAssembly to the DOM's, so the declarations that users read do without. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Which build runs: 'relaxed' fuses multiply and add, which changes the last bits of sums. */
export type KernelBuild = 'relaxed' | 'simd';

/** The smallest module with one f64x2.relaxed_madd: `(func (param v128) (result v128) …)`. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 0, 32, 0, 253, 135, 2, 11,
]);

/**
 * Switches relaxed SIMD on where the engine has it behind a flag (Node 20) and tells whether it can be used. Newer engines have it on and
 * complain on stderr about the flag, so the flag is set only where the probe fails. The flag is process-wide; workers inherit it.
 */
export function relaxedSimd(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(RELAXED_PROBE);
}

const compiled = new Map<KernelBuild, object>();

/** The compiled kernels of a build (default: the best that this engine runs). Modules cross threads; compile once, in the main thread. */
export function kernelModule(build: KernelBuild = relaxedSimd() ? 'relaxed' : 'simd'): { build: KernelBuild; module: object } {
  if (build === 'relaxed') relaxedSimd();
  const module = compiled.get(build) ?? compile(build);
  compiled.set(build, module);
  return { build, module };
}

/**
 * Compiles a build. The engine keeps compiled code by the bytes of a module, whatever its flags were then; with a `mark`, a section that means
 * nothing, the bytes are others and the code is made anew.
 */
export function compile(build: KernelBuild, mark: readonly number[] = []): object {
  const url = new URL(`../wasm/kernels.${build}.wasm`, import.meta.url);
  try {
    return new WebAssembly.Module(Buffer.concat([readFileSync(url), Uint8Array.from(mark)]));
  } catch (cause) {
    throw new AlchemistError('E_ENVIRONMENT', `the WebAssembly kernels could not be loaded from ${url.pathname}: ${(cause as Error).message}`, {
      hint: 'Node 20.19 or newer is needed; in a source checkout run npm run build first',
      cause,
    });
  }
}

/** Binds a compiled module to a memory. */
export function instantiate(module: object, memory: SharedMemory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const sets: Record<Dtype, Record<string, unknown>> = { f64: {}, f32: {} };
  for (const [name, kernel] of Object.entries(exports)) {
    const dtype = name.slice(-3);
    if (dtype === 'f64' || dtype === 'f32') sets[dtype][name.slice(0, -4)] = kernel;
  }
  return sets as unknown as Kernels;
}
