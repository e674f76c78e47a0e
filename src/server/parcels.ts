/** The answer to a GET, cut by what a stage holds: several short frames at once, or a piece of a long one. */
import { entries, type Block } from '../layout/block.js';
import type { Order } from '../protocol/records.js';
import { joinBlocks, splitBlock } from '../protocol/split.js';

export interface Parcel {
  /** What to gather; its entries are the payload of all parts, one after another. */
  readonly block: Block;
  /** Bytes of payload, behind the head of a frame where one begins. */
  readonly parts: { readonly head?: Block & { readonly last: boolean }; readonly bytes: number }[];
}

/** The frames of at most `bufferSize` bytes that make up a block, in parcels of at most `stageBytes`. */
export function* parcels(whole: Block, itemBytes: number, bufferSize: number, stageBytes: number, order: Order): Generator<Parcel, void, undefined> {
  let parcel: Parcel | undefined;
  const size = (block: Block): number => entries(block) * itemBytes;
  const frames = splitBlock(whole, itemBytes, bufferSize, order);
  for (let frame = frames.next(), next = frames.next(); !frame.done; frame = next, next = frames.next()) {
    let head: Parcel['parts'][number]['head'] = { ...frame.value, last: next.done === true };
    for (const piece of splitBlock(frame.value, itemBytes, stageBytes, order)) {
      const part = { head, bytes: size(piece) };
      head = undefined;
      const fits: boolean = parcel !== undefined && size(parcel.block) + part.bytes <= stageBytes;
      const both: Block | undefined = fits ? joinBlocks(parcel!.block, piece, order) : undefined;
      if (both) {
        parcel!.parts.push(part);
        parcel = { block: both, parts: parcel!.parts };
      } else {
        if (parcel) yield parcel;
        parcel = { block: piece, parts: [part] };
      }
    }
  }
  if (parcel) yield parcel;
}
