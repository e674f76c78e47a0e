/**
 * The floor of a transfer: the same bytes over one bare TCP connection of Node between two processes, out of memory as large as the matrix and into
 * memory as large, for what is sent is to be there afterwards.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Direction } from './design.js';
import { CHUNK_BYTES, Ring } from './ring.js';

const PEER = fileURLToPath(new URL('./bare-peer.js', import.meta.url));

export class BareSocket {
  #left = 0;
  #arrived = (): void => {};
  readonly #ring = new Ring();

  private constructor(
    readonly peer: ChildProcess,
    readonly server: Server,
    readonly outgoing: Socket,
  ) {}

  #incoming!: Socket;

  static async open(): Promise<BareSocket> {
    const peer = fork(PEER, { detached: true });
    const [{ port }] = (await once(peer, 'message')) as [{ port: number }];
    const server = createServer({ noDelay: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    peer.send({ port: (server.address() as AddressInfo).port });
    const [outgoing] = (await once(server, 'connection')) as [Socket];
    const bare = new BareSocket(peer, server, outgoing);
    bare.#incoming = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: () => bare.#ring.room(),
        callback: (count) => {
          bare.#ring.advance(count);
          bare.#left -= count;
          if (bare.#left === 0) bare.#arrived();
          return true;
        },
      },
    });
    await once(bare.#incoming, 'connect');
    return bare;
  }

  /**
   * Seconds that `bytes` take, the last one's arrival included.
   * @param kept false: they pass through one small buffer on the other side and are forgotten, which spares the memory.
   */
  async seconds(direction: Direction, bytes: Uint8Array, kept = true): Promise<number> {
    const ready = once(this.peer, 'message');
    this.peer.send({ bytes: bytes.length, kept });
    this.#ring.resize(direction === 'fetch' && kept ? bytes.length : CHUNK_BYTES);
    await ready;
    return direction === 'send' ? this.#send(bytes) : this.#fetch(bytes.length);
  }

  async #send(bytes: Uint8Array): Promise<number> {
    const start = performance.now();
    const answer = once(this.outgoing, 'data');
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      if (!this.outgoing.write(bytes.subarray(at, at + CHUNK_BYTES))) await once(this.outgoing, 'drain');
    }
    await answer;
    return (performance.now() - start) / 1000;
  }

  async #fetch(bytes: number): Promise<number> {
    const start = performance.now();
    const arrival = new Promise<void>((resolve) => (this.#arrived = resolve));
    this.#left = bytes;
    this.#incoming.write(String(bytes));
    await arrival;
    return (performance.now() - start) / 1000;
  }

  close(): void {
    this.peer.kill('SIGKILL');
    this.outgoing.destroy();
    this.#incoming.destroy();
    this.server.close();
  }
}
