/**
 * A Node HTTP service with the engine inside it. The matrices live in worker threads, so the service answers while one is being decomposed.
 *
 *     curl -d '[[3, 0], [4, 5]]' 'http://localhost:8080/singular-values?rank=2'
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Alchemist, type ErrorCode } from 'alchemist-node';

const STATUS: Partial<Record<ErrorCode, number>> = { E_ARGUMENT: 400, E_SHAPE: 400, E_NOT_FINITE: 400, E_MEMORY: 413, E_CONVERGENCE: 422 };

const session = await Alchemist.start({ workers: 2 });

async function singularValues(request: IncomingMessage, rank: number, signal: AbortSignal): Promise<number[]> {
  await using A = await session.send((await json(request)) as number[][], { signal });
  const { U, V, values } = await session.truncatedSvd(A, { rank, signal });
  await session.free(U, V);
  return [...values];
}

const server = createServer(async (request, response) => {
  // A client that hangs up cancels its decomposition.
  const hungUp = new AbortController();
  response.on('close', () => hungUp.abort());
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const answer = (status: number, body: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  if (request.method !== 'POST' || pathname !== '/singular-values') return answer(404, { error: 'POST a JSON array of rows to /singular-values?rank=2' });
  try {
    answer(200, await singularValues(request, Number(searchParams.get('rank') ?? 1), hungUp.signal));
  } catch (error) {
    const { name, message, code } = error as Error & { readonly code?: ErrorCode };
    const status = name === 'SyntaxError' ? 400 : code && STATUS[code];
    answer(status ?? 500, { code, error: message });
  }
});

server.listen(Number(process.env.PORT ?? 8080), 'localhost', () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}/singular-values`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.close(() => void session.close()));
}
