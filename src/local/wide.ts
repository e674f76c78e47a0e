/**
 * The 256-bit form of GEMM: V8's revectorizer (Node 24 and newer, behind a flag) turns pairs of 128-bit operations of kernels shaped for it
 * into AVX2 instructions. Experimental there, so it is proved on a small product and timed before it is used.
 */
import { setFlagsFromString } from 'node:v8';
import { compile, instantiate, kernelModule, relaxedSimd } from './kernels.js';
import { Matrix } from './matrix.js';
import { RankMemory } from './rank-memory.js';
import * as blas from './blas.js';

/** Engines from this major version on know the flag; older ones complain about it on stderr. */
const FIRST_MAJOR = 24;
/** A form that is not clearly faster is not worth its risk. */
const WORTHWHILE = 1.1;
/** Order of the trial product: not a multiple of any tile, so that edges are tried too. */
const ORDER = 131;
/** Calls until the optimising compiler has had its turn, and calls that are timed. */
const WARM_CALLS = 60;
const TIMED_CALLS = 20;

/** A custom section named 'wide'. */
const WIDE_SECTION = [0, 5, 4, 0x77, 0x69, 0x64, 0x65];

export interface WideTrial {
  /** The kernels to use, compiled with the flag where it exists. */
  readonly module: unknown;
  /** Whether the 256-bit form is right and worthwhile here. */
  readonly usable: boolean;
  /** Why it is not, or how much faster it is than the 128-bit form. */
  readonly reason: string;
}

/** Switches the revectorizer on, compiles the kernels anew, and tries the 256-bit product against the 128-bit one: about 50 ms. */
export function tryWide(): WideTrial {
  const refused = (reason: string): WideTrial => ({ module: kernelModule().module, usable: false, reason });
  if (!relaxedSimd()) return refused('this engine has no relaxed SIMD');
  if (Number.parseInt(process.versions.node, 10) < FIRST_MAJOR) return refused(`Node ${process.versions.node} has no revectorizer; Node ${FIRST_MAJOR} has`);
  setFlagsFromString('--experimental-wasm-revectorize');
  const module = compile('relaxed', WIDE_SECTION);
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const rank = new RankMemory(0, { memory, base: 0, limit: 64 * 65536, stage: 0 }, instantiate(module, memory));
  const [A, B, C, D] = Array.from({ length: 4 }, () => Matrix.alloc(rank, 'f64', ORDER, ORDER));
  for (let j = 0; j < ORDER; j++) {
    for (let i = 0; i < ORDER; i++) {
      A.set(i, j, Math.sin(i + 2 * j));
      B.set(i, j, Math.cos(3 * i - j));
    }
  }
  const seconds = (kernel: 'gemm' | 'gemmWide', target: Matrix): number => {
    rank.gemmKernel = kernel;
    for (let call = 0; call < WARM_CALLS; call++) blas.gemm(1, A, B, 0, target);
    const start = performance.now();
    for (let call = 0; call < TIMED_CALLS; call++) blas.gemm(1, A, B, 0, target);
    return performance.now() - start;
  };
  const speedUp = seconds('gemm', C) / seconds('gemmWide', D);
  blas.add(-1, C, D);
  // Both sum in the same order with one rounding a term: they differ by the splitting of k at most.
  if (!(blas.maxAbs(D) <= ORDER * Number.EPSILON * ORDER)) return refused('its trial product was wrong');
  const reason = `${speedUp.toFixed(2)} times the 128-bit form in a trial`;
  return speedUp >= WORTHWHILE ? { module, usable: true, reason } : refused(reason);
}
