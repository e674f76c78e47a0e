/** The workers of a server: threads with stable ids and ports, lent to one session at a time. */
import { RankThread } from '../comm/rank-thread.js';
import { AlchemistError, fromWire } from '../errors.js';
import type { ListenReply, TrafficReply, WorkerMessage } from './worker-thread.js';

const WORKER_MODULE = new URL('./worker-thread.js', import.meta.url);

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly host: string;
  /** Worker k listens on port + k; 0: each on any free one. */
  readonly port: number;
  /** Seconds in which a client must have attached. */
  readonly greetingSeconds: number;
  readonly tls?: { readonly cert: string; readonly key: string; readonly minVersion: 'TLSv1.2' };
}

/** Whom a worker works for. */
export interface Loan {
  readonly session: number;
  readonly secret: Uint8Array;
  /** The machine of its client, if that speaks the legacy protocol. */
  readonly legacyClient?: string;
}

/** A rank's thread that listens on a port of its own, also after it has been replaced. */
export class Worker extends RankThread {
  port = 0;
  loan: Loan | undefined;

  constructor(
    /** 1, 2, … */
    readonly id: number,
    readonly options: WorkerPoolOptions,
  ) {
    super(WORKER_MODULE);
  }

  async listen(): Promise<void> {
    const { host, port, greetingSeconds, tls } = this.options;
    // A replaced thread takes the port that clients know already.
    const wanted = this.port || (port === 0 ? 0 : port + this.id);
    const reply = await this.run<ListenReply>({ kind: 'listen', host, port: wanted, worker: this.id, greetingSeconds, tls } satisfies WorkerMessage);
    if (!reply.ok) throw fromWire(reply.error);
    this.port = reply.port;
  }

  async lend(loan: Loan | undefined): Promise<void> {
    this.loan = loan;
    // A thread that has died while nobody used it: its replacement is lent at once.
    if (this.dead) return this.replace();
    await this.run((loan ? { kind: 'lend', ...loan } : { kind: 'takeBack' }) satisfies WorkerMessage);
  }

  /** Bytes that have gone through the worker's port, both ways. */
  async traffic(): Promise<number> {
    return (await this.run<TrafficReply>({ kind: 'traffic' } satisfies WorkerMessage)).bytes;
  }

  override async replace(): Promise<void> {
    await super.replace();
    try {
      await this.listen();
      if (this.loan) await this.lend(this.loan);
    } catch (error) {
      // Without its port it is of no use: whoever needs it next tries again.
      this.kill(error as Error);
      throw error;
    }
  }
}

export class WorkerPool {
  readonly workers: readonly Worker[];

  private constructor(options: WorkerPoolOptions) {
    this.workers = Array.from({ length: options.workers }, (_, k) => new Worker(k + 1, options));
  }

  /** Starts every worker and opens its port. @throws AlchemistError E_ENVIRONMENT. */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const opened = await Promise.allSettled(pool.workers.map((worker) => worker.listen()));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed) {
      await pool.close();
      throw failed.reason;
    }
    return pool;
  }

  get free(): readonly Worker[] {
    return this.workers.filter(({ loan }) => !loan);
  }

  /**
   * Lends up to `count` free workers, lowest ids first: clients may keep what they know of a worker.
   * @throws AlchemistError E_WORKERS when none is free.
   */
  async lend(count: number, loan: Loan): Promise<readonly Worker[]> {
    const lent = this.free.slice(0, count);
    if (lent.length === 0) {
      throw new AlchemistError('E_WORKERS', `none of the ${this.workers.length} workers is free`, { hint: 'wait until another session yields some', fields: { workers: this.workers.length } });
    }
    // Marked before anything is awaited, so that no other session takes them meanwhile.
    for (const worker of lent) worker.loan = loan;
    const failed = (await Promise.allSettled(lent.map((worker) => worker.lend(loan)))).find((result) => result.status === 'rejected');
    if (failed) {
      await this.takeBack(lent);
      throw failed.reason;
    }
    return lent;
  }

  /** Takes workers back. A thread that cannot answer is replaced; should that fail, whoever is lent it next tries again. */
  async takeBack(workers: readonly Worker[]): Promise<void> {
    await Promise.all(
      workers.map(async (worker) => {
        try {
          await worker.lend(undefined);
        } catch {
          await worker.replace().catch(() => {});
        }
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
