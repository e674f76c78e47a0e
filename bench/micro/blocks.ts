/** What a worker does with a megabyte from the socket, by layout: scattering it to its four owners, and gathering it again. */
/// <reference path="../../src/local/webassembly.d.ts" />
import { SharedMatrix } from '#src/dist/shared-matrix.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { gridSize, makeLayout, share } from '#src/layout/layout.js';
import { instantiate, kernelModule } from '#src/local/kernels.js';
import * as blas from '#src/local/blas.js';
import { Matrix } from '#src/local/matrix.js';
import { RankMemory } from '#src/local/rank-memory.js';
import { formatLayout } from '#bench/transfer/summary.js';
import { mustBeRight } from '#bench/report.js';
import type { Subject } from './drive.js';

const MiB = 2 ** 20;
const RANK_BYTES = 32 * MiB;
/** 1 MiB of rows of 1000 entries, as a stage of the server holds. */
const [HEIGHT, WIDTH] = [131, 1000];

export function blockSubjects(): Subject[] {
  const memory = new WebAssembly.Memory({ initial: (4 * RANK_BYTES) / 65_536, maximum: (4 * RANK_BYTES) / 65_536, shared: true });
  const kernels = instantiate(kernelModule().module, memory as never);
  const memories = [0, 1, 2, 3].map((rank) => new RankMemory(rank, { memory: memory as never, base: rank * RANK_BYTES, limit: (rank + 1) * RANK_BYTES, stage: 0 }, kernels));
  const [actor] = memories;
  const fresh = (): Matrix => Matrix.alloc(actor, 'f64', HEIGHT, WIDTH, 'row');
  const [stage, other] = [fresh(), fresh()];
  for (let i = 0; i < HEIGHT; i++) for (let j = 0; j < WIDTH; j++) stage.set(i, j, i + j / 1024);
  const whole = { rows: { start: 0, step: 1, count: HEIGHT }, cols: { start: 0, step: 1, count: WIDTH } };
  const bytes = 8 * HEIGHT * WIDTH;
  const copy = 'copy of a stage of 1 MiB';
  const subjects: Subject[] = [{ name: copy, bytes, run: () => blas.copy(stage, other) }];
  for (const dist of DIST_PAIRS) {
    const layout = makeLayout({ height: HEIGHT, width: WIDTH, dist, gridHeight: 2, gridWidth: 2 });
    const shares = Array.from({ length: gridSize(layout) }, (_, rank) => {
      const mine = share(layout, rank);
      return Matrix.alloc(memories[rank], 'f64', mine?.rows.count ?? 0, mine?.cols.count ?? 0);
    });
    const A = new SharedMatrix(layout, 'f64', shares, memories, actor);
    A.put(stage, whole);
    other.flat.fill(0);
    A.get(whole, other);
    mustBeRight(stage.flat.every((x, k) => x === other.flat[k]), `scattering and gathering ${dist}`);
    subjects.push(
      { name: `scatter to ${formatLayout(dist)}`, bytes, run: () => A.put(stage, whole), against: copy },
      { name: `gather from ${formatLayout(dist)}`, bytes, run: () => A.get(whole, other), against: copy },
    );
  }
  return subjects;
}
