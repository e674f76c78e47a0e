/**
 * The first module of a rank's thread. A thread is started when the kernels are bound to the memories: what else a rank needs, some twenty
 * modules, takes as long to load again, and is loaded at the next message, while the caller readies a first matrix.
 */
import { noCost } from '../comm/communicator.js';
import { bindMemories } from './bind-memories.js';
import type { RankMessage, RankReply } from './rank.js';

/** What starts the rank, from the first start to the message after it. */
let begin: (() => Promise<unknown>) | undefined;
let begun: Promise<unknown> | undefined;

export default async function handle(message: RankMessage): Promise<RankReply> {
  if (message.kind === 'start' && !begin) {
    const memories = bindMemories(message.start);
    begin = async () => (await import('./rank.js')).default(message, memories);
    return { ok: true, matrices: {}, values: {}, cost: noCost(), heap: memories[message.start.rank].heap.usage(), seconds: 0 };
  }
  begun ??= begin?.();
  await begun;
  return (await import('./rank.js')).default(message);
}
