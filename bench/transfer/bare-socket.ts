/** The floor of a transfer: the same bytes over one bare TCP connection of Node between two processes, received into one buffer. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Direction } from './design.js';

const PEER = fileURLToPath(new URL('./bare-peer.js', import.meta.url));
/** Bytes handed to the system at a time, and taken from it. */
const CHUNK_BYTES = 1 << 20;

export class BareSocket {
  #left = 0;
  #arrived = (): void => {};

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
        buffer: new Uint8Array(CHUNK_BYTES),
        callback: (count) => {
          bare.#left -= count;
          if (bare.#left === 0) bare.#arrived();
          return true;
        },
      },
    });
    await once(bare.#incoming, 'connect');
    return bare;
  }

  /** Seconds that `bytes` take, the last one's arrival included. */
  async seconds(direction: Direction, bytes: Uint8Array): Promise<number> {
    return direction === 'send' ? this.#send(bytes) : this.#fetch(bytes.length);
  }

  async #send(bytes: Uint8Array): Promise<number> {
    this.peer.send({ receive: bytes.length });
    await once(this.peer, 'message');
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
