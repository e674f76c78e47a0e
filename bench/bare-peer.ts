/** The other process of a bare socket pair: counts what it is sent, and sends as much when asked. Arguments: port to connect to, bytes. */
import { countingConnection, listen, writeAll } from './bare-socket.js';

const [port, bytes] = process.argv.slice(2).map(Number);

async function serveBareBytes(): Promise<void> {
  const { port: mine, accepted } = await listen();
  const incoming = await countingConnection(port, bytes, () => incoming.write('.'));
  incoming.on('close', () => process.exit());
  process.send!(mine);
  const outgoing = await accepted;
  const source = new Uint8Array(bytes).fill(1);
  outgoing.on('data', () => void writeAll(outgoing, source));
}

void serveBareBytes();
