/** Writes to clients that take whatever one read gives for a whole packet: packet by packet, each after the one before has arrived. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two looks at a client that does not read. */
const MAX_PAUSE_MS = 50;
/** What the JVM clients read at a time, and the header that they read before. */
const PACKET_BYTES = 8192;
const HEADER_BYTES = 10;

export class PacedWriter {
  readonly #socket: Socket;
  readonly #paced: boolean;
  /** Bytes that wait for a full packet. */
  #waiting = new Uint8Array(0);
  #packetBytes = HEADER_BYTES + PACKET_BYTES;

  /** @param paced without it everything is written at once. */
  constructor(socket: Socket, paced: boolean) {
    this.#socket = socket;
    this.#paced = paced;
  }

  /** @returns when the bytes' memory may be written again. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#paced) return this.#now(bytes);
    const all = new Uint8Array(this.#waiting.length + bytes.length);
    all.set(this.#waiting);
    all.set(bytes, this.#waiting.length);
    let sent = 0;
    while (all.length - sent >= this.#packetBytes) {
      await this.#packet(all.subarray(sent, sent + this.#packetBytes));
      sent += this.#packetBytes;
      this.#packetBytes = PACKET_BYTES;
    }
    this.#waiting = all.slice(sent);
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    if (this.#waiting.length > 0) await this.#packet(this.#waiting);
    this.#waiting = new Uint8Array(0);
    this.#packetBytes = HEADER_BYTES + PACKET_BYTES;
  }

  async #packet(bytes: Uint8Array): Promise<void> {
    await this.#now(bytes);
    // At once for a client that reads; ever more seldom for one that has stopped, which shall not keep its worker looking.
    for (let pause = 0; !this.#socket.destroyed && (unacknowledged(this.#socket) ?? 0) > 0; pause = Math.min(pause + 0.1, MAX_PAUSE_MS)) await delay(pause);
  }

  #now(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#socket.writable) resolve();
      else this.#socket.write(bytes, () => resolve());
    });
  }
}

/** Bytes that the peer has not acknowledged yet, from Linux's table of connections; undefined where there is none. */
function unacknowledged({ localPort, remotePort }: Socket): number | undefined {
  if (localPort === undefined || remotePort === undefined) return undefined;
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const pattern = new RegExp(`:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`);
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    try {
      const found = pattern.exec(readFileSync(table, 'latin1'));
      if (found) return parseInt(found[1], 16);
    } catch {
      return undefined;
    }
  }
  return undefined;
}
