/** The floor of every transfer: two processes, one bare Node socket each way, receivers that only count. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const PEER = new URL('./bare-peer.js', import.meta.url);
const LOOPBACK = '127.0.0.1';
/** Bytes of one write, and of the one buffer that all reads go to: more is not faster. */
const PIECE_BYTES = 2 ** 20;

/** Writes all bytes, a piece at a time, waiting whenever the socket wants to. */
export async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (!socket.write(bytes.subarray(at, at + PIECE_BYTES))) await once(socket, 'drain');
  }
}

/** Listens for one connection on a free port. */
export async function listen(): Promise<{ port: number; server: Server; accepted: Promise<Socket> }> {
  const server = createServer({ noDelay: true });
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server, accepted };
}

/** A connection that counts what it receives and drops it: `full` is called whenever `bytes` more are there. */
export async function countingConnection(port: number, bytes: number, full: () => void): Promise<Socket> {
  let missing = bytes;
  const callback = (count: number): boolean => {
    missing -= count;
    if (missing === 0) {
      missing = bytes;
      full();
    }
    return true;
  };
  const socket = connect({ host: LOOPBACK, port, noDelay: true, onread: { buffer: new Uint8Array(PIECE_BYTES), callback } });
  await once(socket, 'connect');
  return socket;
}

/** This process' end; the other one is bare-peer.ts. */
export class BareSocketPair {
  #full: () => void = () => {};

  private constructor(
    readonly bytes: number,
    readonly peer: ChildProcess,
    readonly outgoing: Socket,
    readonly server: Server,
  ) {}

  #incoming!: Socket;

  /** A pair that moves `bytes` at a time. */
  static async open(bytes: number): Promise<BareSocketPair> {
    const { port, server, accepted } = await listen();
    const peer = fork(PEER, [String(port), String(bytes)]);
    const [theirPort] = (await once(peer, 'message')) as [number];
    const pair = new BareSocketPair(bytes, peer, await accepted, server);
    pair.#incoming = await countingConnection(theirPort, bytes, () => pair.#full());
    return pair;
  }

  /** Sends `source`, of the pair's length; waits until the peer has counted all of it. */
  async send(source: Uint8Array): Promise<void> {
    const counted = once(this.outgoing, 'data');
    await writeAll(this.outgoing, source);
    await counted;
  }

  /** Asks the peer for its bytes, and counts them. */
  async fetch(): Promise<void> {
    const full = new Promise<void>((resolve) => (this.#full = resolve));
    this.#incoming.write('?');
    await full;
  }

  close(): void {
    this.outgoing.destroy();
    this.#incoming.destroy();
    this.server.close();
    this.peer.kill();
  }
}
