/** `alchemist demo`: the engine on real data, each answer checked against LAPACK's. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { AlchemistError } from '../errors.js';
import { contactSheet, type Panel, type Picture } from '../io/picture.js';
import { encodePng } from '../io/png.js';
import type { HostMatrix } from '../session/host-matrix.js';
import type { MatrixHandle } from '../session/matrix-handle.js';
import type { Session } from '../session/session.js';
import { makeFolder } from './folder.js';
import { interruption as signal } from './interrupt.js';
import { captions, preview } from './preview.js';
import { byTriplets, withProgress } from './progress.js';
import { bold, dim, facts, formatBytes, formatError, formatSeconds, green, isColored, print, red, table } from './terminal.js';
import { addWorkerOptions, type WorkerOptions, withSession } from './workers.js';

const DATA = fileURLToPath(new URL('../../examples/data/', import.meta.url));
/** Singular values may differ from LAPACK's by this much of the largest. */
const ALLOWED = 1e-12;
const RANKS = [5, 20, 80];
const DIGIT_RANKS = [4, 16];
/** Pixels of a digit are enlarged this much. */
const DIGIT_SCALE = 10;
const PREVIEW_COLUMNS = 36;

const EXAMPLES = `
Examples:
  $ alchemist demo
  $ alchemist demo --grid 1x3 --out pictures/`;

interface Reference {
  readonly singularValues: readonly number[];
  readonly frobenius: number;
}

/** A decomposed data set: its triplets, the reference, and how to go on with it. */
interface Decomposed {
  readonly A: MatrixHandle;
  readonly U: MatrixHandle;
  readonly values: Float64Array;
  readonly V: MatrixHandle;
  readonly reference: Reference;
}

export function addDemo(program: Command): void {
  addWorkerOptions(program.command('demo'), '4')
    .summary('see it work, on real data')
    .description('Decomposes 1797 handwritten digits and a photograph, checks the singular values against LAPACK, and compresses the pictures.')
    .option('-o, --out <folder>', 'where the pictures go', 'alchemist-demo')
    .addHelpText('after', EXAMPLES)
    .action(demo);
}

async function demo({ out, ...options }: WorkerOptions & { out: string }): Promise<void> {
  const start = performance.now();
  makeFolder(out);
  const failures: string[] = [];
  await withSession({ ...options, workers: options.workers ?? (options.grid ? undefined : 4) }, async (session) => {
    const { workers, grid, kernels } = session;
    print(bold(`${workers} workers on a ${grid.height}×${grid.width} grid, started in ${formatSeconds((performance.now() - start) / 1000)}`), dim(`  ${kernels}`), '');

    print(bold('Handwritten digits: 1797 pictures of 8×8 pixels, one to a row'));
    const digits = await decompose(session, 'digits', 64, failures);
    await drawDigits(session, digits, join(out, 'digits.png'));
    print('');

    print(bold('A photograph of 768×1024 pixels, as a matrix'));
    const photograph = await decompose(session, 'raccoon', Math.max(...RANKS), failures);
    await compress(session, photograph, join(out, 'photograph.png'), failures);
    print('');
  });
  print(
    `Look at ${bold(join(out, 'photograph.png'))} and ${bold(join(out, 'digits.png'))}. All of it took ${formatSeconds((performance.now() - start) / 1000)}.`,
    dim(`With data of your own: ${invocation()} svd FILE --rank 10; ${invocation()} help shows what else there is.`),
  );
  if (failures.length > 0) throw new AlchemistError('E_TASK', `the check failed: ${failures.join('; ')}`);
}

/** How this command was called, and may be called again. */
function invocation(): string {
  const [, path] = process.argv;
  return basename(path) === 'cli.js' ? `node ${relative('.', path)}` : basename(path);
}

/** Loads a data set, finds its `rank` largest singular triplets, and compares the values with the reference. */
async function decompose(session: Session, name: string, rank: number, failures: string[]): Promise<Decomposed> {
  const references = JSON.parse(readFileSync(join(DATA, 'singular-values.json'), 'utf8')) as Record<string, Reference>;
  const reference = references[`${name}.npy`];
  const A = await session.load(join(DATA, `${name}.npy`), { signal });
  const loaded = session.lastCost!;
  const svd = await withProgress('singular values', (onProgress) => session.truncatedSvd(A, { rank, signal, onProgress: byTriplets(rank, onProgress) }));
  const { seconds, bytesMoved } = session.lastCost!;
  const { U, values, V, iterations, residual, orthogonality } = svd;
  const difference = values.reduce((most, value, i) => Math.max(most, Math.abs(value - reference.singularValues[i])), 0) / values[0];
  const isRight = difference <= ALLOWED;
  if (!isRight) failures.push(`singular values of ${name} differ from LAPACK's by ${formatError(difference)} σ₁`);
  print(
    ...facts([
      ['read and dealt out', `${formatSeconds(loaded.seconds)}, ${formatBytes(loaded.bytesMoved)} moved between workers: ${A}`],
      ['singular values', `${rank === Math.min(...A.shape) ? 'all' : 'the largest'} ${rank} in ${formatSeconds(seconds)}, ${iterations} passes, ${formatBytes(bytesMoved)} moved`],
      ['against LAPACK', `${isRight ? green('✓') : red('✗')} differ by at most ${formatError(difference)} of the largest, ${values[0].toPrecision(8)} (${formatError(ALLOWED)} is allowed)`],
      ['residual', `${formatError(residual)} of the largest; U and V orthonormal to ${formatError(orthogonality)}`],
    ]),
  );
  return { A, U, values, V, reference };
}

/** The best approximation of A of rank k, U(:,0:k) diag(values(0:k)) V(:,0:k)ᵀ, computed by the workers. */
async function approximation(session: Session, { U, values, V }: Decomposed, k: number): Promise<MatrixHandle> {
  const firstColumns = (X: MatrixHandle) => session.submatrix(X, { start: 0, count: X.height }, { start: 0, count: k });
  const Uk = await firstColumns(U);
  const Vk = await firstColumns(V);
  const Sk = await session.diagonalMatrix(values.subarray(0, k));
  const scaled = await session.gemm(Uk, Sk, { signal });
  const Ak = await session.gemm(scaled, Vk, { transposeB: true, signal });
  await session.free(Uk, Vk, Sk, scaled);
  return Ak;
}

/** The photograph at each rank as a contact sheet: what is kept, what that saves, and how far it is from the original. */
async function compress(session: Session, photograph: Decomposed, file: string, failures: string[]): Promise<void> {
  const { A, values, reference } = photograph;
  const [m, n] = A.shape;
  const panels: Panel[] = [{ ...picture(await session.fetch(A)), caption: `original: ${m * n} numbers` }];
  const rows: string[][] = [];
  for (const k of RANKS) {
    const Ak = await approximation(session, photograph, k);
    const numbers = k * (m + n + 1);
    panels.push({ ...picture(await session.fetch(Ak)), caption: `rank ${k}: ${numbers} numbers, ${percent(numbers / (m * n))}` });
    const difference = await session.add(A, Ak, { beta: -1, signal });
    const error = (await session.norm(difference, 'frobenius', { signal })) / reference.frobenius;
    // Eckart and Young: the error is what the values that were left out amount to.
    const expected = Math.sqrt(1 - values.subarray(0, k).reduce((sum, value) => sum + (value / reference.frobenius) ** 2, 0));
    const isRight = Math.abs(error - expected) <= 1e-9;
    if (!isRight) failures.push(`the error of rank ${k} is ${error}, not ${expected}`);
    rows.push([`${k}`, `${numbers}`, formatBytes(numbers * 8), percent(1 - numbers / (m * n)), percent(error), isRight ? green('✓') : red('✗')]);
    await session.free(Ak, difference);
  }
  print(
    ...table(['rank', 'numbers kept', 'bytes', 'saved', 'error', '<'], rows),
    dim('  error: ‖A - Aₖ‖/‖A‖, checked against what the singular values left out amount to'),
  );
  writePicture(file, contactSheet(panels));
  if (!isColored()) return;
  const shown = [panels[1], panels[2], panels[0]];
  const columns = Math.min(PREVIEW_COLUMNS, Math.floor((process.stdout.columns - 8) / shown.length));
  print('', ...preview(shown, columns).map((line) => `  ${line}`), dim(`  ${captions([`rank ${RANKS[0]}`, `rank ${RANKS[1]}`, 'original'], columns)}`));
}

/** One picture of each digit, as it is and at low ranks. */
async function drawDigits(session: Session, digits: Decomposed, file: string): Promise<void> {
  const labels = readFileSync(join(DATA, 'digits-labels.npy')).subarray(-digits.A.height);
  const examples = Array.from({ length: 10 }, (_, digit) => labels.indexOf(digit));
  const panels: Panel[] = [];
  for (const k of [undefined, ...DIGIT_RANKS]) {
    const A = k === undefined ? digits.A : await approximation(session, digits, k);
    const pixels = await session.fetch(A, { signal });
    examples.forEach((row, digit) => panels.push({ ...digitPicture(pixels, row), caption: k === undefined ? `${digit}` : `rank ${k}` }));
    if (A !== digits.A) await A.free();
  }
  writePicture(file, contactSheet(panels, { columns: 10 }));
}

const percent = (part: number): string => `${(100 * part).toPrecision(3)} %`;

const gray = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

function picture(pixels: HostMatrix): Picture {
  return { width: pixels.width, height: pixels.height, gray: Uint8Array.from(pixels.data, gray) };
}

/** Row `row` of the digits, ink on paper: 8×8 values from 0 to 16, enlarged. */
function digitPicture(pixels: HostMatrix, row: number): Picture {
  const size = 8 * DIGIT_SCALE;
  const value = (k: number): number => pixels.get(row, 8 * Math.floor(k / size / DIGIT_SCALE) + Math.floor((k % size) / DIGIT_SCALE));
  return { width: size, height: size, gray: Uint8Array.from({ length: size * size }, (_, k) => gray(255 - value(k) * 15)) };
}

function writePicture(file: string, { width, height, gray: samples }: Picture): void {
  writeFileSync(file, encodePng(width, height, samples));
}
