/** The client of a study: one session, used with several buffer sizes and numbers of connections in turn. */
import { ControlLink } from '#src/client/control-link.js';
import { RemoteBackend } from '#src/client/remote-backend.js';
import { AlchemistError } from '#src/errors.js';
import { Session } from '#src/session/session.js';

const LIBRARY = 'server-library';
const TIMEOUT_MS = 10_000;

export class StudyClient {
  readonly #views = new Map<string, { session: Session; seconds: number }>();

  private constructor(
    readonly link: ControlLink,
    readonly open: (partitions: number, buffer: number) => Promise<Session>,
    /** Seconds from the first byte to a session that has its workers. */
    readonly sessionSeconds: number,
    /** The name of the study's library on the server. */
    readonly library: string,
  ) {}

  static async connect(host: string, port: number, workers: number): Promise<StudyClient> {
    const start = performance.now();
    const wire = { host, port, timeoutMs: TIMEOUT_MS };
    const { link, welcome } = await ControlLink.open(wire, { name: 'alchemist bench transfer', language: 'TypeScript', version: '1' });
    const team = await link.request('REQUEST_WORKERS', { count: workers });
    if (team.granted !== workers) throw new AlchemistError('E_WORKERS', `the study needs ${workers} workers, the server gave ${team.granted}`);
    const sessionSeconds = (performance.now() - start) / 1000;
    const { name } = await link.request('LOAD_LIBRARY', { name: LIBRARY });
    const open = async (partitions: number, buffer: number): Promise<Session> => {
      // Each backend is told of as many workers as it shall have connections, one worker after the other.
      const dealt = { ...team, workers: Array.from({ length: partitions }, (_, k) => team.workers[k % team.workers.length]) };
      const request = (kind: string, ...rest: unknown[]): Promise<unknown> => {
        if (kind === 'REQUEST_WORKERS') return Promise.resolve(dealt);
        return (link.request as (...args: unknown[]) => Promise<unknown>).call(link, kind, ...rest);
      };
      const view = new Proxy(link, { get: (_, property) => (property === 'request' ? request : Reflect.get(link, property, link)) });
      const backend = new RemoteBackend(view, welcome, wire, buffer);
      await backend.requestWorkers(workers);
      return new Session(backend);
    };
    return new StudyClient(link, open, sessionSeconds, name);
  }

  /** The session with its rows split over `partitions` connections and messages of at most `buffer` bytes. */
  async session(partitions: number, buffer: number): Promise<Session> {
    const key = `${partitions} ${buffer}`;
    let view = this.#views.get(key);
    if (!view) {
      const start = performance.now();
      view = { session: await this.open(partitions, buffer), seconds: (performance.now() - start) / 1000 };
      this.#views.set(key, view);
    }
    return view.session;
  }

  /** Seconds that opening `partitions` data connections took, for every time that was done. */
  connectionSeconds(partitions: number): number[] {
    return [...this.#views].filter(([key]) => key.startsWith(`${partitions} `)).map(([, { seconds }]) => seconds);
  }

  close(): void {
    this.link.close();
  }
}
