/** Which machine a connection comes from, as far as addresses tell. */
import type { Socket } from 'node:net';

/** The two ends of a connection. */
export type Peer = Pick<Socket, 'remoteAddress' | 'localAddress'>;

const THIS_MACHINE = 'this machine';

const plain = (address = ''): string => address.replace(/^::ffff:/, '');

/** The address of the peer; the same name for every address of this machine, by which its own clients may reach the driver and the workers. */
export function machineOf({ remoteAddress, localAddress }: Peer): string {
  const peer = plain(remoteAddress);
  return peer === plain(localAddress) || peer === '::1' || peer.startsWith('127.') ? THIS_MACHINE : peer;
}
