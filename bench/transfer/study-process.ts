/** Runs a study in a process of its own, the client's, whose resident memory then is that of the transfers alone. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AlchemistError, fromWire, type WireError } from '#src/errors.js';
import type { TransferOptions } from './design.js';
import type { StudyRecord } from './records.js';
import type { RunHooks } from './run.js';

const CLIENT = fileURLToPath(new URL('./client-process.js', import.meta.url));
/**
 * V8's heap stays as it is: its young generation has its full size from the start, and nothing is given back while little happens. Else the young
 * generation doubles now and then, and shrinks while large messages leave nothing behind; what V8 takes anew would be taken for memory of the
 * transfer during which it does.
 */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16', '--no-memory-reducer'];

/** What the client's process is told. */
export type Order = { readonly start: TransferOptions } | { readonly cancel: true };

/** What it tells. */
export type Report =
  | { readonly record: StudyRecord }
  | { readonly progress: readonly [done: number, planned: number, secondsLeft?: number] }
  | { readonly end: true }
  | { readonly failure: WireError };

/** As `runStudy`, in a process of its own. @throws also E_ENVIRONMENT when that process ends before the study does. */
export async function runStudyApart(options: TransferOptions, { signal, record, progress }: RunHooks): Promise<void> {
  // Detached: Ctrl-C is for the process that asked, which passes it on.
  const client = fork(CLIENT, { execArgv: FLAGS, detached: true });
  const send = (order: Order): void => void (client.connected && client.send(order));
  const cancel = (): void => send({ cancel: true });
  try {
    await new Promise<void>((resolve, reject) => {
      // What cannot be recorded ends the study, whose client says so as soon as it has tidied up.
      let refused: unknown;
      client.on('message', (report: Report) => {
        if ('progress' in report) progress?.(...report.progress);
        else if ('end' in report) resolve();
        else if ('failure' in report) reject(refused ?? fromWire(report.failure));
        else if (refused === undefined) {
          try {
            record(report.record);
          } catch (error) {
            refused = error;
            cancel();
          }
        }
      });
      client.on('error', reject);
      client.on('exit', (code, killed) => {
        reject(refused ?? new AlchemistError('E_ENVIRONMENT', `the client's process ${killed ? `was ended by ${killed}` : `has ended with code ${code}`} before the study was over`));
      });
      signal?.addEventListener('abort', cancel);
      send({ start: options });
      if (signal?.aborted) cancel();
    });
  } finally {
    signal?.removeEventListener('abort', cancel);
    if (client.connected) client.disconnect();
  }
}
