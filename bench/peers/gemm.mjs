/** C = A·B of order n, by this package and by those that one would otherwise take, in turns within one process, one thread each. */
import { mlMatrix } from './engines/ml-matrix.mjs';
import { onnxruntime } from './engines/onnxruntime.mjs';
import { openblas } from './engines/openblas.mjs';
import { ours, oursByStrassen } from './engines/ours.mjs';
import { tfjs } from './engines/tfjs.mjs';
import { best } from '../../dist/bench/report.js';

const N = 1024;
const ROUNDS = 9;
/** Seconds for which an engine multiplies in a round, at least once. */
const TURN = 0.2;

/** What is timed, ours first; `target`: how many times as fast as this peer we mean to be. */
const CONTESTS = [
  { dtype: 'f64', epsilon: 2 ** -53, array: Float64Array, peers: [{ start: oursByStrassen }, { start: mlMatrix, target: 25 }, { start: openblas }] },
  { dtype: 'f32', epsilon: 2 ** -24, array: Float32Array, peers: [{ start: oursByStrassen }, { start: tfjs, target: 1.7 }, { start: onnxruntime, target: 1.7 }, { start: openblas }] },
];

/** Rows: name, dtype, milliseconds, gflops, ratio (how many times as fast ours is), target, ok. */
export async function gemmBesidePeers(report = () => {}) {
  const rows = [];
  for (const contest of CONTESTS) rows.push(...(await compete(contest, report)));
  return rows;
}

async function compete({ dtype, epsilon, array, peers }, report) {
  const [a, b] = [array.from({ length: N * N }, () => Math.random() - 0.5), array.from({ length: N * N }, () => Math.random() - 0.5)];
  const engines = [];
  for (const { start, target } of [{ start: ours }, ...peers]) {
    report(`${dtype}: starting ${start.name}`);
    const engine = await start(N, a, b);
    if (engine) engines.push({ ...engine, target, seconds: [] });
  }
  for (const engine of engines) {
    await engine.multiply();
    mustBeProduct(engine.name, a, b, await engine.product(), epsilon);
  }
  for (let round = 0; round < ROUNDS; round++) {
    report(`${dtype}: round ${round + 1} of ${ROUNDS}`);
    for (const engine of engines) engine.seconds.push(...(await turn(engine)));
  }
  for (const engine of engines) await engine.close();
  // The best of many short times: a neighbour on the same core slows some products down by half, whoever makes them.
  const oursTook = best(engines[0].seconds);
  return engines.map(({ name, target, seconds }, at) => {
    const took = best(seconds);
    const ratio = at === 0 ? undefined : took / oursTook;
    return { name, dtype, milliseconds: took * 1e3, gflops: (2 * N ** 3) / took / 1e9, ratio, target, ok: target === undefined || ratio >= target };
  });
}

/** Seconds of each product in a turn. */
async function turn({ multiply }) {
  const [start, seconds] = [performance.now(), []];
  do {
    const before = performance.now();
    await multiply();
    seconds.push((performance.now() - before) / 1000);
  } while (performance.now() - start < TURN * 1000);
  return seconds;
}

/** Throws unless C x = A (B x) for a random x, up to the rounding of sums of N terms (R. Freivalds, 1977). */
function mustBeProduct(name, a, b, c, epsilon) {
  const x = Float64Array.from({ length: N }, () => (Math.random() < 0.5 ? -1 : 1));
  const times = (m, v) => v.map((_, i) => v.reduce((sum, entry, j) => sum + m[i * N + j] * entry, 0));
  const [got, expected] = [times(c, x), times(a, times(b, x))];
  const size = (v) => Math.hypot(...v);
  const error = size(got.map((entry, i) => entry - expected[i])) / (size(expected) * N * epsilon);
  if (!(error <= 1)) throw new Error(`${name} is off by ${error} · N · epsilon: its product is wrong`);
}
