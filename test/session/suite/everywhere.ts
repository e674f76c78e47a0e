/** The places where a session can live: the same tests run over all of them. */
import { fileURLToPath } from 'node:url';
import { type AlchemistServer, Alchemist, connect, serve, type Session } from '#src/index.js';

const TRIALS = new URL('../../engine/', import.meta.url);

export interface Place {
  readonly name: string;
  /** What `loadLibrary` takes there for the library of trial tasks. */
  readonly trial: string;
  /** A session on that grid, with nobody else there, and what ends it all. */
  open(grid: string): Promise<{ readonly session: Session; end(): Promise<void> }>;
}

function server(name: string, bufferSize?: number): Place {
  return {
    name,
    trial: 'trial.js',
    async open(grid) {
      const [height, width] = grid.split('x').map(Number);
      const host: AlchemistServer = await serve({ port: 0, workers: height * width, memoryPerWorker: '64MiB', libraries: fileURLToPath(TRIALS), drainSeconds: 0 });
      const session = await connect(host.url, { workers: height * width, grid, bufferSize });
      return {
        session,
        async end() {
          await session.close();
          await host.close();
        },
      };
    },
  };
}

export const PLACES: readonly Place[] = [
  {
    name: 'embedded',
    trial: new URL('trial.js', TRIALS).href,
    async open(grid) {
      const session = await Alchemist.start({ grid, memoryPerWorker: '64MiB' });
      return { session, end: () => session.close() };
    },
  },
  server('a server over TCP'),
  server('a server over TCP in messages of 4 KiB', 4096),
];

/** Runs `body` for a session at every place, inside a `describe` of its own; after each test, nothing may be left but the session. */
export function everywhere(grid: string, body: (session: () => Session, place: Place) => void): void {
  describe.each(PLACES)('$name', (place) => {
    let opened: Awaited<ReturnType<Place['open']>> | undefined;
    beforeAll(async () => {
      opened = await place.open(grid);
      await opened.session.loadLibrary(place.trial);
    });
    body(() => opened!.session, place);
    // Runs after what the body does after each.
    afterEach(async () => {
      expect(await opened!.session.memory()).toMatchObject({ matrices: 0 });
    });
    afterAll(() => opened?.end());
  });
}
