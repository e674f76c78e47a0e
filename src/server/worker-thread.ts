/** The thread of a server's worker: a rank of the session that it is lent to, and the data port of that session's clients. */
import type { TlsOptions } from 'node:tls';
import engineHandle, { currentRank, type RankMessage, type RankReply } from '../engine/rank.js';
import { AlchemistError, toWire, type WireError } from '../errors.js';
import { DataPort } from './data-port.js';

export type WorkerMessage =
  | RankMessage
  | { readonly kind: 'listen'; readonly host: string; readonly port: number; readonly worker: number; readonly greetingSeconds: number; readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'minVersion'> }
  | { readonly kind: 'lend'; readonly session: number; readonly secret: Uint8Array; readonly legacyClient?: string }
  | { readonly kind: 'takeBack' }
  | { readonly kind: 'traffic' };

/** The answer to 'listen': the port that was opened. */
export type ListenReply = { readonly ok: true; readonly port: number } | { readonly ok: false; readonly error: WireError };

/** The answer to 'traffic': bytes that have gone through the port. */
export type TrafficReply = { readonly ok: true; readonly bytes: number };

let dataPort: DataPort | undefined;

export default async function handle(message: WorkerMessage): Promise<RankReply | ListenReply | TrafficReply | { readonly ok: true }> {
  switch (message.kind) {
    case 'listen':
      try {
        dataPort = await DataPort.listen(message);
        return { ok: true, port: dataPort.port };
      } catch (error) {
        return { ok: false, error: toWire(error) };
      }
    case 'lend':
      dataPort?.lend({ session: message.session, secret: message.secret, legacyClient: message.legacyClient, rank: rankNow });
      return { ok: true };
    case 'takeBack':
      dataPort?.lend(undefined);
      return engineHandle({ kind: 'stop' });
    case 'traffic':
      return { ok: true, bytes: dataPort?.traffic ?? 0 };
    default:
      return engineHandle(message);
  }
}

function rankNow() {
  const rank = currentRank();
  if (!rank) throw new AlchemistError('E_CLOSED', 'this worker has no session at the moment');
  return rank;
}
