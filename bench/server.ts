/** The server in a process of its own, this process its client: transfers beside bare sockets, round trips, what idle sessions cost. */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ControlLink } from '#src/client/control-link.js';
import { connect } from '#src/client/connect.js';
import { formatDistPair, splitDistPair, type DistPair } from '#src/layout/distribution.js';
import type { Session } from '#src/session/session.js';
import { median, medianRatio, mustBeRight, type Row, seconds, type Suite } from './report.js';
import { BareSocket } from './transfer/bare-socket.js';
import { ServerProcess } from './transfer/server-process.js';

const PAIRS: readonly DistPair[] = ['VC_STAR', 'MC_MR', 'STAR_VC'];
const BUFFERS = [1e5, 1e6, 1e7, 1e8];
/** In these layouts, and with buffers of this size and more, a transfer shall reach this much of a bare socket. */
const TARGET = { pairs: ['VC_STAR', 'MC_MR'], buffer: 1e7, ratio: 0.7 };
const IDLE_SESSIONS = [1, 64, 512];
/** As many as the machine runs at once: the client needs a core too. */
const WORKERS = Math.min(4, availableParallelism());

/** Transfers of 256 MB (quick: 64 MB), round trips and tasks that do nothing, and up to 512 idle sessions. */
export const server: Suite = async function* ({ quick }) {
  const process = await ServerProcess.start({ workers: WORKERS });
  const url = `${process.host}:${process.port}`;
  try {
    for (const bufferSize of BUFFERS) yield* transfers(url, bufferSize, quick ? [4000, 2000] : [8000, 4000], quick ? 5 : 9);
    yield* forgetful(quick ? [4000, 2000] : [8000, 4000], quick ? 5 : 9);
    yield* roundTrips(url, quick ? 500 : 3000);
    yield* idleSessions(process, quick ? IDLE_SESSIONS.slice(0, 2) : IDLE_SESSIONS);
  } finally {
    process.stop();
  }
};

/** A matrix of float64 to the workers and back, row by row in memory, in turns with as many bytes over bare sockets. */
async function* transfers(url: string, bufferSize: number, shape: readonly [number, number], repeat: number): AsyncGenerator<Row> {
  const source = Float64Array.from({ length: shape[0] * shape[1] }, (_, k) => k);
  const bytes = new Uint8Array(source.buffer);
  const into = new Float64Array(source.length);
  const bare = await BareSocket.open();
  const session = await connect(url, { workers: WORKERS, bufferSize });
  try {
    for (const dist of PAIRS) {
      await checkTransfers(session, source, shape, dist);
      const times = { send: [] as number[], fetch: [] as number[] };
      const floor = { send: [] as number[], fetch: [] as number[] };
      for (let turn = 0; turn < repeat; turn++) {
        let A: Awaited<ReturnType<Session['send']>>;
        times.send.push(await seconds(async () => (A = await session.send(source, { shape, dist }))));
        floor.send.push(await bare.seconds('send', bytes));
        times.fetch.push(await seconds(() => session.fetch(A, { into })));
        floor.fetch.push(await bare.seconds('fetch', bytes));
        await A!.free();
      }
      const targeted = TARGET.pairs.includes(dist) && bufferSize >= TARGET.buffer;
      for (const direction of ['send', 'fetch'] as const) {
        yield {
          name: `${direction} ${formatDistPair(...splitDistPair(dist))}, ${source.byteLength / 1e6} MB, buffer ${bufferSize / 1e6} MB`,
          value: source.byteLength / median(times[direction]) / 1e9,
          unit: 'GB/s',
          ratio: medianRatio(floor[direction], times[direction]),
          against: 'a bare socket',
          target: targeted ? TARGET.ratio : undefined,
        };
      }
    }
  } finally {
    await session.close();
    bare.close();
  }
}

/** What the floor would be if nobody kept what has come: a bare socket that receives everything into the same small buffer. */
async function* forgetful(shape: readonly [number, number], repeat: number): AsyncGenerator<Row> {
  const bytes = new Uint8Array(shape[0] * shape[1] * 8).fill(1);
  const bare = await BareSocket.open();
  try {
    for (const direction of ['send', 'fetch'] as const) {
      const [forgotten, kept]: number[][] = [[], []];
      for (let turn = 0; turn < repeat; turn++) {
        forgotten.push(await bare.seconds(direction, bytes, false));
        kept.push(await bare.seconds(direction, bytes));
      }
      yield {
        name: `${direction} ${bytes.length / 1e6} MB by a bare socket that forgets them`,
        value: bytes.length / median(forgotten) / 1e9,
        unit: 'GB/s',
        ratio: medianRatio(kept, forgotten),
        against: 'one that keeps them',
      };
    }
  } finally {
    bare.close();
  }
}

/** Entry (i, j) is i·width + j: fetched whole, and as columns of a part, so that no error of a layout undoes itself on the way back. */
async function checkTransfers(session: Session, source: Float64Array, shape: readonly [number, number], dist: DistPair): Promise<void> {
  const A = await session.send(source, { shape, dist });
  const whole = await session.fetch(A);
  const [rows, cols] = [{ start: 3, count: 11 }, { start: 5, count: 7 }];
  const part = await session.fetch(A, { rows, cols, order: 'column' });
  let right = true;
  for (let k = 0; k < source.length; k++) right &&= whole.data[k] === k;
  for (let i = 0; i < rows.count; i++) {
    for (let j = 0; j < cols.count; j++) right &&= part.get(i, j) === (rows.start + i) * shape[1] + cols.start + j;
  }
  mustBeRight(right, `transfer in ${dist}`);
  await A.free();
}

/** The request that does least, a task that does nothing one after another and 16 at once; beside a byte there and back over bare sockets. */
async function* roundTrips(url: string, repeat: number): AsyncGenerator<Row> {
  const bare = await BareSocket.open();
  const session = await connect(url, { workers: WORKERS });
  try {
    const byte = new Uint8Array(1);
    const request: number[] = [];
    const floor: number[] = [];
    const task: number[] = [];
    const nothing = (): Promise<unknown> => session.run('elemental', 'nothing');
    for (let turn = -100; turn < repeat; turn++) {
      const [r, f, t] = [await seconds(() => session.memory()), await bare.seconds('fetch', byte), await seconds(nothing)];
      if (turn < 0) continue;
      request.push(r);
      floor.push(f);
      task.push(t);
    }
    for (const [name, share] of [['p50', 0.5], ['p99', 0.99]] as const) {
      yield { name: `request and answer, ${name}`, value: quantile(request, share) * 1e6, unit: 'µs', ratio: quantile(request, share) / quantile(floor, share), against: 'a byte there and back' };
    }
    yield { name: `tasks that do nothing, ${session.workers} workers`, value: 1 / median(task), unit: '1/s', ratio: medianRatio(task, floor), against: 'a byte there and back' };
    const atOnce = 16;
    const batches: number[] = [];
    for (let turn = 0; turn < repeat / atOnce; turn++) batches.push(await seconds(() => Promise.all(Array.from({ length: atOnce }, nothing))));
    yield { name: `the same, ${atOnce} asked for at once`, value: atOnce / median(batches), unit: '1/s' };
  } finally {
    await session.close();
    bare.close();
  }
}

/** The entry below which a share of all entries lies. */
function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
}

/** Sessions that have been greeted and own no worker, up to each count; then a session on each worker. */
async function* idleSessions(process: ServerProcess, counts: readonly number[]): AsyncGenerator<Row> {
  const { host, port } = process;
  const greet = async (): Promise<ControlLink> =>
    (await ControlLink.open({ host, port, timeoutMs: 10_000 }, { name: 'alchemist bench', language: 'TypeScript', version: '1' })).link;
  (await greet()).close(); // The first one loads what all need.
  const onWorker = (): Promise<Session> => connect(`${host}:${port}`, { workers: 1 });
  for (const count of counts) yield* opened(process, `${count} idle`, count, greet);
  await (await onWorker()).close();
  yield* opened(process, `${WORKERS} on a worker each`, WORKERS, onWorker);
}

/** Opens `count` sessions one after another, and closes them. */
async function* opened(process: ServerProcess, what: string, count: number, open: () => Promise<{ close(): unknown }>): AsyncGenerator<Row> {
  const sessions: { close(): unknown }[] = [];
  const before = residentBytes(process.child.pid!);
  try {
    const time = await seconds(async () => {
      while (sessions.length < count) sessions.push(await open());
    });
    yield { name: `opening a session, ${what}`, value: (time / count) * 1000, unit: 'ms' };
    const now = residentBytes(process.child.pid!);
    if (before !== undefined && now !== undefined) yield { name: `memory of a session, ${what}`, value: (now - before) / count / 1024, unit: 'KiB' };
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

/** Bytes of physical memory that a process holds; undefined where there is no ps to ask. */
function residentBytes(pid: number): number | undefined {
  try {
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return undefined;
  }
}
