/** The other process of the bare socket pair: receives as many bytes as it is told to, or sends them. Speaks no protocol. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Ring } from './ring.js';

const ring = new Ring();
/** Bytes still to be received. */
let left = 0;

/** Writes `bytes` bytes, a few chunks ahead of the system. */
function pour(socket: Socket, bytes: number): void {
  while (bytes > 0) {
    const piece = ring.room().subarray(0, bytes);
    ring.advance(piece.length);
    bytes -= piece.length;
    if (!socket.write(piece)) {
      socket.once('drain', () => pour(socket, bytes));
      return;
    }
  }
}

/** Receives from the study as many bytes as were announced, then tells that they are here. */
function receiveFrom(port: number): void {
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: () => ring.room(),
      callback: (count) => {
        ring.advance(count);
        left -= count;
        if (left === 0) socket.write('.');
        return true;
      },
    },
  });
  socket.on('error', () => process.exit());
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => process.exit());
  socket.on('data', (announcement: Buffer) => pour(socket, Number(announcement.toString())));
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', ({ port, bytes, kept }: { port?: number; bytes?: number; kept?: boolean }) => {
  if (port !== undefined) receiveFrom(port);
  if (bytes === undefined) return;
  left = bytes;
  ring.resize(kept ? bytes : 0);
  process.send!({ ready: true });
});
process.on('disconnect', () => process.exit());
