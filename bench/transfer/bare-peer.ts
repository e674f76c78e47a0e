/** The other process of the bare socket pair: receives as many bytes as it is told to, or sends them. Speaks no protocol. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Bytes handed to the system at a time, and taken from it. */
const CHUNK_BYTES = 1 << 20;

const chunk = new Uint8Array(CHUNK_BYTES);

/** Writes `bytes` bytes, a few chunks ahead of the system. */
function pour(socket: Socket, bytes: number): void {
  while (bytes > 0) {
    const piece = chunk.subarray(0, Math.min(CHUNK_BYTES, bytes));
    bytes -= piece.length;
    if (!socket.write(piece)) {
      socket.once('drain', () => pour(socket, bytes));
      return;
    }
  }
}

/** Receives from the study: for every announcement so many bytes, then tells that they are here. */
function receiveFrom(port: number): void {
  let left = 0;
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: chunk,
      callback: (count) => {
        left -= count;
        if (left === 0) socket.write('.');
        return true;
      },
    },
  });
  process.on('message', ({ receive }: { receive?: number }) => {
    if (receive === undefined) return;
    left = receive;
    process.send!({ ready: true });
  });
  socket.on('error', () => process.exit());
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => process.exit());
  socket.on('data', (announcement: Buffer) => pour(socket, Number(announcement.toString())));
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', ({ port }: { port?: number }) => {
  if (port !== undefined) receiveFrom(port);
});
process.on('disconnect', () => process.exit());
