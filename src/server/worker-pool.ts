/** The workers of a server: threads with stable ids and ports, lent to one session at a time. */
import { RankThread } from '../comm/rank-thread.js';
import { AlchemistError, fromWire } from '../errors.js';
import type { ListenReply, WorkerMessage } from './worker-thread.js';

const WORKER_MODULE = new URL('./worker-thread.js', import.meta.url);

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly host: string;
  /** Worker k listens on port + k; 0: each on any free one. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string; readonly minVersion: 'TLSv1.2' };
}

/** Whom a worker works for. */
export interface Loan {
  readonly session: number;
  readonly secret: Uint8Array;
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
    const { host, port, tls } = this.options;
    // A replaced thread takes the port that clients know already.
    const wanted = this.port || (port === 0 ? 0 : port + this.id);
    const reply = await this.run<ListenReply>({ kind: 'listen', host, port: wanted, worker: this.id, tls } satisfies WorkerMessage);
    if (!reply.ok) throw fromWire(reply.error);
    this.port = reply.port;
  }

  async lend(loan: Loan | undefined): Promise<void> {
    this.loan = loan;
    await this.run((loan ? { kind: 'lend', ...loan } : { kind: 'takeBack' }) satisfies WorkerMessage);
  }

  override async replace(): Promise<void> {
    await super.replace();
    await this.listen();
    if (this.loan) await this.lend(this.loan);
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
    await Promise.all(lent.map((worker) => worker.lend(loan)));
    return lent;
  }

  /** Takes workers back; a thread that cannot answer is replaced. */
  async takeBack(workers: readonly Worker[]): Promise<void> {
    await Promise.all(
      workers.map(async (worker) => {
        try {
          await worker.lend(undefined);
        } catch {
          await worker.replace();
        }
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
