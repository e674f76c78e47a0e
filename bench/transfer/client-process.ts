/** The client's process of a study: does what it is told, and tells what it measures. */
import { toWire } from '#src/errors.js';
import { runStudy } from './run.js';
import type { Order, Report } from './study-process.js';

const tell = (report: Report): void => void process.send!(report);
const interruption = new AbortController();

/** Has V8 write to all of its young generation once, so that no transfer is the first to touch a page of it. */
function touchYoungGeneration(): void {
  const bytes = 64 * 2 ** 20;
  for (let made = 0; made < bytes; made += 800) Array.from({ length: 100 }, () => made);
}

process.on('disconnect', () => process.exit());
process.on('message', async (order: Order) => {
  if ('cancel' in order) return interruption.abort();
  try {
    touchYoungGeneration();
    await runStudy(order.start, {
      signal: interruption.signal,
      record: (record) => tell({ record }),
      progress: (...progress) => tell({ progress }),
    });
    tell({ end: true });
  } catch (error) {
    tell({ failure: toWire(error) });
  }
});
