/** Brings a rank's lines of progress to the caller's function: in order, and all of them before the call ends. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ProgressLine } from '../session/backend.js';

export class ProgressChannel {
  readonly #channel = new MessageChannel();
  readonly #listener: (line: ProgressLine) => void;
  readonly #cancel: () => void;
  /** What the caller's function has thrown. */
  thrown: { readonly error: unknown } | undefined;

  /** @param cancel called when `listener` has thrown; it is not called again then. */
  constructor(listener: (line: ProgressLine) => void, cancel: () => void) {
    this.#listener = listener;
    this.#cancel = cancel;
    this.#channel.port1.on('message', (line: ProgressLine) => this.#tell(line));
  }

  /** The rank's end, to be sent to it. */
  get port(): MessagePort {
    return this.#channel.port2;
  }

  #tell(line: ProgressLine): void {
    if (this.thrown) return;
    try {
      this.#listener(line);
    } catch (error) {
      this.thrown = { error };
      this.#cancel();
    }
  }

  /** Tells what the rank said last, which may have been overtaken by its answer. Throws what the caller's function has thrown. */
  end(): void {
    for (let line = receiveMessageOnPort(this.#channel.port1); line; line = receiveMessageOnPort(this.#channel.port1)) this.#tell(line.message as ProgressLine);
    if (this.thrown) throw this.thrown.error;
  }

  close(): void {
    this.#channel.port1.close();
  }
}
