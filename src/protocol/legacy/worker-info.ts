/** WORKER_INFO: where a worker is and whom it serves. */
import type { Writer } from './writer.js';

export interface WorkerInfo {
  readonly id: number;
  /** ACIPython and ACISpark connect to this name … */
  readonly hostname: string;
  /** … and ACIDask to this address: both must lead to the worker, over IPv4. */
  readonly address: string;
  /** At most 32767 for the JVM, which reads it as signed. */
  readonly port: number;
  /** The session that it belongs to; 0: none. */
  readonly group: number;
}

/** The tagged value. */
export function writeWorkerInfo(to: Writer, { id, hostname, address, port, group }: WorkerInfo): Writer {
  return to.tag('WORKER_INFO').u16(id).string(hostname).string(address).u16(port).u16(group);
}
