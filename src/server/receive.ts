/** Receives a connection's bytes into memory that the consumer chooses, also on the accepting side, which Node has no option for. */
import { createServer as createPlainServer, type Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Takes the bytes of a connection. */
export interface Receiver {
  /** Where the next bytes should go; never empty. */
  buffer(): Uint8Array;
  /** The first `count` bytes of the last buffer have arrived. */
  received(count: number): void;
  /** The next bytes, where they came in memory of the socket's. */
  push(bytes: Uint8Array): void;
}

/** A first message fits, and an idle connection costs little. */
const FIRST_BYTES = 4096;

/** What libuv's handle of an accepted socket looks like; private to Node, so that its absence must be survived. */
interface Handle {
  reading: boolean;
}

/**
 * A server whose connections deliver their bytes to the receiver that `accept` returns, straight into its buffers where Node allows it.
 * Accepted sockets have no `onread` option, but a socket made anew around the accepted handle does; where handles cannot be had (TLS, or a
 * Node that hides them) bytes are pushed.
 */
export function receivingServer(accept: (socket: Socket) => Receiver, tls?: TlsOptions): Server {
  const listener = (accepted: Socket): void => {
    const handle = tls ? undefined : takeHandle(accepted);
    if (!handle) {
      const receiver = accept(accepted);
      accepted.on('data', (bytes: Buffer) => receiver.push(bytes));
      accepted.resume();
      return;
    }
    let receiver: Receiver | undefined;
    // The constructor asks for the first buffer before there is a receiver.
    let first: Uint8Array | undefined = new Uint8Array(FIRST_BYTES);
    const socket = new Socket({
      handle,
      onread: {
        buffer: () => first ?? receiver!.buffer(),
        callback: (count: number) => {
          if (first) {
            const bytes = first.subarray(0, count);
            first = undefined;
            receiver!.push(bytes);
          } else receiver!.received(count);
          return true;
        },
      },
    } as ConstructorParameters<typeof Socket>[0]);
    receiver = accept(socket);
    socket.resume();
  };
  return tls ? createTlsServer({ ...tls, pauseOnConnect: true }, listener) : createPlainServer({ pauseOnConnect: true, noDelay: true }, listener);
}

function takeHandle(socket: Socket): Handle | undefined {
  const holder = socket as unknown as { _handle?: Handle | null };
  const handle = holder._handle;
  if (!handle) return undefined;
  handle.reading = false;
  holder._handle = null;
  socket.destroy();
  return handle;
}
