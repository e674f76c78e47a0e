/** Runs a transfer study: every repetition measures all cells and the bare socket once, in an order of its own, and verifies each transfer. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { AlchemistError } from '#src/errors.js';
import type { Session } from '#src/session/session.js';
import { BareSocket } from './bare-socket.js';
import { StudyClient } from './client.js';
import { cellBytes, type Direction, type Dtype, randomNumbers, scaled, shuffled, type ShapeName, type TransferOptions, type Trial, trialsOf } from './design.js';
import { takeCounts } from './instruments.js';
import { clearPeak, peakBytes, residentBytes } from './memory.js';
import type { SampleRecord, StudyRecord } from './records.js';
import { serverMemory } from './server-memory.js';
import { ServerProcess } from './server-process.js';
import { weigh } from './weigh.js';

export interface RunHooks {
  readonly signal?: AbortSignal;
  /** Takes each record as it is made; what it throws ends the study. */
  record(record: StudyRecord): void;
  /** Trials done and planned, and how many seconds the rest may take, which is unknown while it warms up. */
  progress?(done: number, planned: number, secondsLeft?: number): void;
}

interface Floor extends Size {
  readonly shape: ShapeName;
}

interface Size {
  readonly height: number;
  readonly width: number;
  readonly dtype: Dtype;
}

/** Little transfers that warm up, bytes of their matrices and of their messages. */
const LITTLE_ROUNDS = 1000;
const LITTLE_BYTES = 2 ** 17;
const LITTLE_BUFFER = 4096;
/**
 * Then all as they will be measured, of at most so many bytes: so many at most, until some of the shortest messages in a row have raised the client's
 * memory by hardly anything.
 */
const LARGER_ROUNDS = 200;
const LARGER_BYTES = 2 ** 29;
const CALM_ROUNDS = 20;
const CALM_BYTES = 2 ** 17;

type Entries = Float64Array | Float32Array;

/**
 * Measures, and records as it goes. Repetition -1 warms up and is not recorded.
 * @throws AlchemistError E_CANCELLED when the signal says so, E_CLOSED when the server has gone, E_TASK when a transfer was not verified; what was
 * recorded so far stays recorded, the end included.
 */
export async function runStudy(options: TransferOptions, { signal, record, progress }: RunHooks): Promise<void> {
  const trials = trialsOf(options);
  const floors = options.shapes.flatMap((shape) => options.dtypes.map((dtype): Floor => ({ shape, dtype, ...scaled(shape, options.size, dtype) })));
  const server = await ServerProcess.start({ workers: options.workers, memoryPerWorker: serverMemory(options) }, signal);
  const killServer = (): void => server.stop();
  process.on('exit', killServer);
  let bare: BareSocket | undefined;
  let client: StudyClient | undefined;
  let samples = 0;
  let stopped: string | undefined;
  let begun = false;
  try {
    bare = await BareSocket.open();
    client = await StudyClient.connect(server.host, server.port, options.workers);
    const bench = new Bench(options, client, (sample) => {
      samples++;
      record(sample);
    }, signal);
    record(await runRecord(options, client));
    begun = true;
    const planned = (options.repeat + 1) * (trials.length + floors.length);
    progress?.(0, planned);
    await bench.warmUp(trials);
    const random = randomNumbers(options.seed);
    const start = performance.now();
    let done = 0;
    for (let repetition = -1; repetition < options.repeat; repetition++) {
      for (const item of shuffled<Trial | Floor>([...trials, ...floors], random)) {
        if (signal?.aborted) throw new AlchemistError('E_CANCELLED', 'the study was cancelled');
        if ('layout' in item) await bench.trial(item, repetition);
        else for (const direction of options.directions) await floor(bare, item, direction, repetition, bench, record);
        done++;
        progress?.(done, planned, ((performance.now() - start) / 1000 / done) * (planned - done));
      }
      if (repetition < 0) for (const partitions of options.partitions) for (const seconds of client.connectionSeconds(partitions)) record({ type: 'connection', partitions, seconds });
    }
  } catch (error) {
    const told = await explained(error as AlchemistError, server, samples, signal);
    stopped = told.message;
    throw told;
  } finally {
    process.off('exit', killServer);
    client?.close();
    bare?.close();
    server.stop();
    if (begun) record({ type: 'end', stopped, samples, planned: options.repeat * trials.length * options.directions.length });
  }
}

/** A broken connection is told as what broke it. */
async function explained(error: AlchemistError, server: ServerProcess, samples: number, signal?: AbortSignal): Promise<AlchemistError> {
  if (signal?.aborted) return new AlchemistError('E_CANCELLED', `stopped after ${samples} samples`, { cause: error });
  if (error.code === 'E_CLOSED' || error.code === 'E_RANK') {
    // The connection breaks a moment before the process is known to have ended.
    for (let turn = 0; turn < 50 && server.ended === undefined; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    return new AlchemistError('E_CLOSED', `the server ${server.ended ?? 'has hung up'} after ${samples} samples: ${error.message}`, { cause: error });
  }
  return error;
}

async function floor(bare: BareSocket, item: Floor, direction: Direction, repetition: number, bench: Bench, record: RunHooks['record']): Promise<void> {
  const { shape, dtype } = item;
  const { data } = bench.matrix(item);
  const seconds = await bare.seconds(direction, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (repetition >= 0) record({ type: 'floor', repetition, shape, dtype, direction, bytes: data.byteLength, seconds });
}

interface Source {
  readonly data: Entries;
  /** Where a matrix that is fetched goes. */
  readonly target: Entries;
  readonly sum: number;
}

interface Clocks {
  readonly put: readonly number[];
  readonly get: readonly number[];
  readonly processor: number;
}

class Bench {
  readonly #sources = new Map<string, Source>();

  constructor(
    readonly options: TransferOptions,
    readonly client: StudyClient,
    readonly record: (sample: SampleRecord) => void,
    readonly signal?: AbortSignal,
  ) {}

  /** The matrix of a size; those of one item type share their memory. */
  matrix({ height, width, dtype }: Size): Source {
    const key = `${height} ${width} ${dtype}`;
    const known = this.#sources.get(key);
    if (known) return known;
    const pool = this.#pool(dtype);
    const [data, target] = [pool.data, pool.target].map((array) => array.subarray(0, height * width));
    const source = { data, target, sum: checksumOf(data, height, width) };
    this.#sources.set(key, source);
    return source;
  }

  readonly #pools = new Map<Dtype, { data: Entries; target: Entries }>();

  #pool(dtype: Dtype): { data: Entries; target: Entries } {
    let pool = this.#pools.get(dtype);
    if (!pool) {
      const most = Math.max(...this.options.shapes.map((shape) => scaled(shape, this.options.size, dtype)).map(({ height, width }) => height * width));
      const make = (length: number): Entries => (dtype === 'f64' ? new Float64Array(length) : new Float32Array(length));
      pool = { data: randomEntries(make(most), this.options.seed), target: this.options.directions.includes('fetch') ? make(most) : make(0) };
      this.#pools.set(dtype, pool);
    }
    return pool;
  }

  /**
   * Transfers little matrices in little messages, then larger ones as they will be measured, until compilers have had their turn at all that transfers
   * run: optimising a function takes a megabyte for a moment, which would be taken for memory of the transfer meanwhile.
   */
  async warmUp(trials: readonly Trial[]): Promise<void> {
    for (let round = 0; round < LITTLE_ROUNDS; round++) await this.#warmUpBy({ ...trials[round % trials.length], width: 256, buffer: LITTLE_BUFFER }, LITTLE_BYTES);
    const shortest = Math.min(...trials.map(({ buffer }) => buffer));
    const deck = shuffled(trials, randomNumbers(this.options.seed));
    for (let round = 0, calm = 0; round < LARGER_ROUNDS && calm < CALM_ROUNDS; round++) {
      const trial = deck[round % deck.length];
      const rise = await this.#warmUpBy(trial, LARGER_BYTES);
      if (trial.buffer === shortest) calm = rise > CALM_BYTES ? 0 : calm + 1;
    }
  }

  /** As trial, of at most so many bytes. */
  #warmUpBy(trial: Trial, bytes: number): Promise<number> {
    const { data } = this.#pool(trial.dtype);
    const most = Math.min(bytes / data.BYTES_PER_ELEMENT, data.length);
    const width = Math.min(trial.width, most);
    const height = Math.min(trial.height, Math.floor(most / width));
    return this.trial({ ...trial, height, width }, -1);
  }

  /** Sends, verifies, fetches, verifies; records what was asked for. @returns bytes by which the client's memory rose, at most, if that is known. */
  async trial(trial: Trial, repetition: number): Promise<number> {
    const { height, width, layout, dtype, partitions } = trial;
    const { directions } = this.options;
    const session = await this.client.session(partitions, Math.max(4096, Math.min(trial.buffer, cellBytes(trial))));
    const { data, target, sum } = this.matrix(trial);
    let rise = 0;
    const keep = (direction: Direction, measured: Measured): void => {
      rise = Math.max(rise, measured.memoryRise ?? 0);
      if (repetition >= 0 && directions.includes(direction)) this.record({ type: 'sample', repetition, ...trial, direction, bytes: cellBytes(trial), ...measured });
    };
    const fetches = directions.includes('fetch');
    const { signal } = this;
    const [A, sent] = await this.#measured(session, 'put', () => session.send({ data, shape: [height, width] }, { dist: layout, dtype, signal }));
    const arrived = (await session.run(this.client.library, 'checksum', { A, spoil: !fetches })) as { sum: number; copies: number };
    mustAgree(arrived.sum, (sum * arrived.copies) % 2 ** 32, trial, 'send');
    keep('send', sent);
    if (fetches) {
      target.fill(NaN);
      const [, fetched] = await this.#measured(session, 'get', () => session.fetch(A, { into: target, signal }));
      mustAgree(checksumOf(target, height, width), sum, trial, 'fetch');
      keep('fetch', fetched);
      await session.run(this.client.library, 'checksum', { A, spoil: true });
    }
    await A.free();
    return rise;
  }

  async #measured<R>(session: Session, way: 'put' | 'get', transfer: () => Promise<R>): Promise<[R, Measured]> {
    const clocks = async (): Promise<Clocks> => (await session.run(this.client.library, 'clocks')) as unknown as Clocks;
    const before = await clocks();
    takeCounts();
    clearPeak();
    const resident = residentBytes();
    const processor = process.cpuUsage();
    const start = performance.now();
    const result = await transfer();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(processor);
    const peak = peakBytes();
    const { messages, serialising, begun } = takeCounts();
    const after = await clocks();
    const placing = after[way].map((s, rank) => s - before[way][rank]);
    return [result, {
      seconds,
      messages,
      creating: way === 'put' ? ((begun ?? start) - start) / 1000 : 0,
      serialising,
      placing: Math.max(...placing),
      placingAll: placing.reduce((a, b) => a + b, 0),
      clientProcessor: (user + system) / 1e6,
      serverProcessor: after.processor - before.processor,
      memoryRise: peak !== undefined && resident !== undefined ? Math.max(0, peak - resident) : undefined,
    }];
  }
}

type Measured = Pick<SampleRecord, 'seconds' | 'messages' | 'creating' | 'serialising' | 'placing' | 'placingAll' | 'clientProcessor' | 'serverProcessor' | 'memoryRise'>;

const checksumOf = (data: Entries, height: number, width: number): number =>
  weigh(data, { offset: 0, rowStride: width, colStride: 1 }, { start: 0, step: 1, count: height }, { start: 0, step: 1, count: width });

/** Numbers on [1, 2) of which all bits but those of the exponent are random. */
function randomEntries(data: Entries, seed: number): Entries {
  const random = randomNumbers(seed);
  const words = new Int32Array(data.buffer);
  const doubles = data.BYTES_PER_ELEMENT === 8;
  for (let k = 0; k < words.length; k++) {
    const bits = random() * 2 ** 32;
    words[k] = !doubles ? (bits & 0x7fffff) | 0x3f800000 : k % 2 === 1 ? (bits & 0xfffff) | 0x3ff00000 : bits | 0;
  }
  return data;
}

function mustAgree(sum: number, expected: number, { layout, height, width }: Trial, direction: Direction): void {
  if (sum === expected) return;
  const what = `${direction} of ${height}×${width} ${layout}`;
  throw new AlchemistError('E_TASK', `${what}: the entries are not where they should be (checksum ${sum}, not ${expected}), so its time does not count`);
}

async function runRecord(options: TransferOptions, client: StudyClient): Promise<StudyRecord> {
  const session = await client.session(options.partitions[0], options.buffers[0]);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  return {
    type: 'run',
    format: 1,
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), memoryBytes: totalmem(), system: `${type()} ${release()} ${arch()}` },
    versions: { alchemist: version, node: process.versions.node, v8: process.versions.v8 },
    kernels: session.kernels,
    grid: `${session.grid.height}x${session.grid.width}`,
    options,
    sessionSeconds: client.sessionSeconds,
  };
}

