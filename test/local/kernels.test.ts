import { spawnSync } from 'node:child_process';
import { instantiate, type KernelBuild, kernelModule, relaxedSimd } from '#src/local/kernels.js';
import { Matrix } from '#src/local/matrix.js';
import * as blas from '#src/local/blas.js';
import { rankMemory } from './rank-memory.js';

const BUILDS: readonly KernelBuild[] = ['simd', 'relaxed'];

test('this engine runs relaxed SIMD, where necessary by a flag that is set on the way, and takes it by default', () => {
  expect(relaxedSimd()).toBe(true);
  expect(kernelModule().build).toBe('relaxed');
});

test('a module is compiled once', () => {
  for (const build of BUILDS) expect(kernelModule(build).module).toBe(kernelModule(build).module);
  expect(kernelModule('simd').module).not.toBe(kernelModule('relaxed').module);
});

test('both builds have the same kernels, for f64 and for f32', () => {
  const [simd, relaxed] = BUILDS.map((build) => rankMemory(2 ** 20, build).kernels);
  for (const dtype of ['f64', 'f32'] as const) {
    expect(Object.keys(simd[dtype]).length).toBeGreaterThan(20);
    expect(Object.keys(relaxed[dtype]).sort()).toEqual(Object.keys(simd[dtype]).sort());
    for (const name of ['dot', 'copyBlock', 'addBlock', 'gemv', 'sweep']) expect(typeof simd[dtype][name]).toBe('function');
  }
});

/** The product of two 1×1 matrices plus a third, where one rounding and two differ. */
function fused(build: KernelBuild): number {
  const memory = rankMemory(2 ** 21, build);
  const [A, B, C] = [1, 2, 3].map(() => Matrix.alloc(memory, 'f64', 1, 1));
  A.set(0, 0, 1 + 2 ** -30);
  B.set(0, 0, 1 - 2 ** -30);
  C.set(0, 0, -1);
  blas.add(A.get(0, 0), B, C); // C := A·B + C
  return C.get(0, 0);
}

test('the relaxed build rounds a multiply-and-add once, the plain one twice', () => {
  expect(fused('relaxed')).toBe(-(2 ** -60));
  expect(fused('simd')).toBe(0);
});

test('a kernel with either build moves entries as they are', () => {
  for (const build of BUILDS) {
    const memory = rankMemory(2 ** 20, build);
    const [A, B] = [Matrix.alloc(memory, 'f64', 5, 3), Matrix.alloc(memory, 'f64', 5, 3, 'row')];
    for (let i = 0; i < 5; i++) for (let j = 0; j < 3; j++) A.set(i, j, i - j / 3);
    blas.copy(A, B);
    for (let i = 0; i < 5; i++) for (let j = 0; j < 3; j++) expect(B.get(i, j)).toBe(i - j / 3);
  }
});

test('a module of foreign origin, or a memory that is not shared, is refused by the engine itself', () => {
  expect(() => instantiate(kernelModule('simd').module, new WebAssembly.Memory({ initial: 1, maximum: 1 }))).toThrow(/shared/);
});

/** Runs a line of JavaScript in a fresh process; what it printed. */
function fresh(script: string): { out: string; err: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return { out: stdout.trim(), err: stderr.trim() };
}

test('switching relaxed SIMD on is silent, in a process that has never heard of it', () => {
  const url = new URL(import.meta.resolve('#src/local/kernels.js')).href;
  expect(fresh(`const { kernelModule } = await import(${JSON.stringify(url)}); console.log(kernelModule().build, kernelModule('simd').build);`)).toEqual({ out: 'relaxed simd', err: '' });
});
