/**
 * The first module of a rank's thread. A thread is started when the kernels are bound to the memories: what else a rank needs, some twenty
 * modules, takes as long to load again, and is loaded at the next message, while the caller readies a first matrix.
 */
import { noCost } from '../comm/communicator.js';
import { bindMemories, type RankMemory } from '../local/rank-memory.js';
import type { RankMessage, RankReply } from './rank.js';

/** The first start, until the rank is made of it. */
let pending: { readonly message: RankMessage; readonly memories: readonly RankMemory[] } | undefined;
/** Answers everything once it is loaded. */
let answer: ((message: RankMessage) => Promise<RankReply>) | undefined;

export default function handle(message: RankMessage): Promise<RankReply> {
  return answer ? answer(message) : answerFirst(message);
}

async function answerFirst(message: RankMessage): Promise<RankReply> {
  if (message.kind === 'start' && !pending) {
    const { rank, regions, module } = message.start;
    const memories = bindMemories(regions, module as object);
    pending = { message, memories };
    return { ok: true, matrices: {}, values: {}, cost: noCost(), heap: memories[rank].heap.usage(), seconds: 0 };
  }
  const { default: rankHandle } = await import('./rank.js');
  if (pending) await rankHandle(pending.message, pending.memories);
  answer = rankHandle;
  return answer(message);
}
