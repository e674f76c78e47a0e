/** Ctrl-C: the first one cancels what runs, so that everything is put away; a second one ends the process at once. */

/** Exit codes of a process that a signal has ended. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const controller = new AbortController();
let code: number | undefined;

/** Aborted when the user has interrupted; passed to everything that takes long. */
export const interruption: AbortSignal = controller.signal;

/** The exit code that an interruption asks for, undefined when there was none. */
export const interruptCode = (): number | undefined => code;

export function catchInterrupts(): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (code !== undefined) process.exit(code);
      code = CODES[name];
      controller.abort();
    });
  }
}
