/** A whole legacy client: its connections to the driver and to its workers, with rows and columns derived as the real ones do. */
import type { AlchemistServer } from '#src/index.js';
import type { DistPair } from '#src/layout/distribution.js';
import type { LegacyClient } from '#src/protocol/legacy/client.js';
import type { MatrixInfo } from '#src/protocol/legacy/matrix-info.js';
import type { WorkerInfo } from '#src/protocol/legacy/worker-info.js';
import { clientRanges, indices } from '../protocol/legacy/legacy-client.js';
import { Line } from './legacy-line.js';

/** A client with its workers. */
export class LegacySession {
  readonly data = new Map<number, Line>();

  private constructor(readonly driver: Line) {}

  static async open(server: AlchemistServer, kind: LegacyClient, workers: number): Promise<LegacySession> {
    const client = new LegacySession(await Line.greeted(server.port, kind));
    await client.request(workers);
    return client;
  }

  async request(workers: number): Promise<WorkerInfo[]> {
    const granted = (await this.driver.ask((requests) => requests.requestWorkers(workers))).answer.workers();
    for (const { id, port } of granted) if (!this.data.has(id)) this.data.set(id, await Line.greeted(port, this.driver.client));
    return granted;
  }

  async send(height: number, width: number, layout: DistPair, entry: (i: number, j: number) => number): Promise<MatrixInfo> {
    const info = (await this.driver.ask((requests) => requests.sendMatrixInfo(height, width, layout))).answer.matrixInfo();
    for (const [worker, line] of this.data) {
      const ranges = clientRanges(layout, info.grid, height, width, worker);
      const entries = indices(ranges.rows).flatMap((i) => indices(ranges.cols).map((j) => entry(i, j)));
      if (entries.length > 0) await line.ask((requests) => requests.sendMatrixBlocks(info.id, [{ ranges, entries }]));
    }
    return info;
  }

  async fetch({ id, layout, grid, height, width }: MatrixInfo): Promise<number[][]> {
    const matrix = Array.from({ length: height }, () => Array<number>(width).fill(NaN));
    for (const [worker, line] of this.data) {
      const ranges = clientRanges(layout, grid, height, width, worker);
      if (indices(ranges.rows).length * indices(ranges.cols).length === 0) continue;
      const { blocks } = (await line.ask((requests) => requests.requestMatrixBlocks(id, [ranges]))).answer.matrixBlocks();
      for (const block of blocks) {
        const cols = indices(block.ranges.cols);
        indices(block.ranges.rows).forEach((i, r) => cols.forEach((j, c) => (matrix[i][j] = block.entries[r * cols.length + c])));
      }
    }
    return matrix;
  }

  close(): void {
    this.driver.socket.destroy();
    for (const { socket } of this.data.values()) socket.destroy();
  }
}
