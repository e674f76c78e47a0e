/** Progress on standard error: a bar on a terminal, elsewhere a line every few seconds. */
import type { ProgressLine } from '../session/backend.js';

/** Short work stays silent where there is no terminal. */
const LINE_MS = 5000;

/** Runs `call`, which reports to the function that it gets. */
export async function withProgress<R>(title: string, call: (onProgress: (line: ProgressLine) => void) => Promise<R>): Promise<R> {
  return process.stderr.isTTY ? withBar(title, call) : withLines(title, call);
}

/** Progress of a search for `rank` triplets: how many have been found, since nobody knows how many passes it will take. */
export function byTriplets(rank: number, onProgress: (line: ProgressLine) => void): (line: ProgressLine) => void {
  return ({ task, step, values }) => onProgress({ task, step: values?.converged ?? 0, steps: rank, note: `pass ${step}`, values: { residual: values?.residual ?? NaN } });
}

async function withBar<R>(title: string, call: (onProgress: (line: ProgressLine) => void) => Promise<R>): Promise<R> {
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar(
    { format: '{title} {bar} {percentage} % {note}', clearOnComplete: true, hideCursor: true, stream: process.stderr },
    progress.Presets.shades_classic,
  );
  bar.start(1, 0, { title, note: '' });
  try {
    return await call(({ step, steps, note, values }) => {
      if (steps !== undefined) bar.setTotal(steps);
      bar.update(step, { title, note: describe(note, values) });
    });
  } finally {
    bar.stop();
  }
}

async function withLines<R>(title: string, call: (onProgress: (line: ProgressLine) => void) => Promise<R>): Promise<R> {
  let due = performance.now() + LINE_MS;
  return call(({ step, steps, note, values }) => {
    if (performance.now() < due) return;
    due = performance.now() + LINE_MS;
    process.stderr.write(`${title}: ${step}${steps === undefined ? '' : ` of ${steps}`} ${describe(note, values)}\n`);
  });
}

function describe(note = '', values: Readonly<Record<string, number>> = {}): string {
  return [note, ...Object.entries(values).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)].join(' ').trim();
}
