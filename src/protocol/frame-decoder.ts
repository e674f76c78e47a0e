/**
 * An incremental parser of frames that owns no socket and keeps no payload: headers are delivered decoded, payload goes where the
 * consumer wants it, either received in place or handed on in pieces.
 */
import { AlchemistError } from '../errors.js';
import { type BlockHead, unpackBlockHead } from './block-head.js';
import { decodePrelude, FRAME_LIMITS, PRELUDE_BYTES, type FrameLimits, type Prelude } from './frame.js';
import { Gather } from './gather.js';
import { foreign, sniff } from './sniff.js';
import { unpack, type Value } from './value.js';

/** Bytes that {@link FrameDecoder.buffer} offers for preludes, headers and payload without a place, unless told otherwise. */
const SCRATCH_BYTES = 16_384;

/** A frame whose payload is still to come. */
export interface Frame extends Prelude {
  readonly header: Value | BlockHead;
}

/** Takes the payload of one frame. */
export interface PayloadSink {
  /**
   * Memory for the next of the `left` bytes that are still to come, at least one byte long; it may be shorter or longer than
   * that. Without it, payload comes in pieces of the parser's memory.
   */
  room?(left: number): Uint8Array;
  /** The next bytes: those now filled of the memory that `room` gave, or a piece that is valid during the call only. */
  take(bytes: Uint8Array): void;
  /** The payload is complete; called for an empty one as well. */
  end?(): void;
  /**
   * Bytes that `room` has behind the end of the payload, that may be overwritten, and that stay as they are until `room` is asked for again: the
   * head of the next frame is received into them, in the same read, if it is as long as the one before it.
   */
  readonly spare?: number;
}

/** Called with every frame as soon as its header is complete. Without a sink the payload is skipped. */
export type OnHeader = (frame: Frame) => PayloadSink | undefined | void;

/**
 * Feed it either by {@link push}, or by receiving into {@link buffer} and saying {@link received}: the two functions that the
 * option `onread` of a socket wants. Handlers are called synchronously. After an error, a handler's included, the stream has lost
 * its frames: every later call throws the same error.
 */
export class FrameDecoder {
  readonly #onHeader: OnHeader;
  readonly #limits: FrameLimits;
  #prelude = new Gather(PRELUDE_BYTES);
  #head: { readonly prelude: Prelude; readonly bytes: Gather } | undefined;
  /** How long prelude and header of the frame under way were, all in all. */
  #headBytes = 0;
  #sink: PayloadSink | undefined;
  /** Payload bytes still to come of the frame under way. */
  #left = 0;
  #scratch: Uint8Array | undefined;
  /** What {@link buffer} offered last, and whether it is the consumer's memory. */
  #offer: { readonly view: Uint8Array; readonly inPlace: boolean } | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param scratchBytes few, where payload that comes along with a header is slow to move to its place. */
  constructor(onHeader: OnHeader, limits: Partial<FrameLimits> = {}, readonly scratchBytes = SCRATCH_BYTES) {
    this.#onHeader = onHeader;
    this.#limits = { ...FRAME_LIMITS, ...limits };
  }

  /** Takes the next bytes of the stream, any number of them. E_PROTOCOL, E_VERSION. */
  push(chunk: Uint8Array): void {
    this.#guarded(() => {
      for (let rest = chunk; rest.length > 0; ) rest = rest.subarray(this.#left > 0 ? this.#payload(rest) : this.#header(rest));
    });
  }

  /**
   * Where the next bytes of the stream should be received: never of length zero, and past the end of a payload in place only as far as its
   * sink allows.
   */
  buffer(): Uint8Array {
    return this.#guarded(() => {
      this.#offer = this.#sink?.room && this.#left > 0
        ? { view: this.#room(this.#sink, Math.min(this.#headBytes, this.#sink.spare ?? 0)), inPlace: true }
        : { view: (this.#scratch ??= new Uint8Array(this.scratchBytes)), inPlace: false };
      return this.#offer.view;
    });
  }

  /** The first `count` bytes of the last {@link buffer} have been received. E_PROTOCOL, E_VERSION. */
  received(count: number): void {
    const offer = this.#offer;
    if (!offer || count > offer.view.length) {
      throw new RangeError(`${count} bytes cannot have been received into ${offer?.view.length ?? 0}`);
    }
    if (count === 0) return;
    this.#offer = undefined;
    const { view, inPlace } = offer;
    if (!inPlace) return this.push(view.subarray(0, count));
    const more = this.#guarded(() => {
      const end = Math.min(count, this.#left);
      this.#taken(end === view.length ? view : view.subarray(0, end));
      const prelude = this.#wholeHead(view, end, count);
      if (prelude && end + PRELUDE_BYTES + prelude.headerBytes === count) this.#begin(prelude, view, end + PRELUDE_BYTES);
      // Any other part of the next frame is copied, for the payload's place may be needed for something else.
      else if (end < count) return new Uint8Array(view.subarray(end, count));
      return undefined;
    });
    if (more) this.push(more);
  }

  /** The stream has ended. E_PROTOCOL when that was in the middle of a frame. */
  finish(): void {
    this.#guarded(() => {
      if (this.idle) return;
      const missing = this.#left || (this.#head?.bytes ?? this.#prelude).missing;
      const part = this.#left > 0 ? 'payload' : this.#head ? 'header' : 'prelude';
      throw new AlchemistError('E_PROTOCOL', `the connection ended ${missing} bytes before the end of a frame's ${part}`, {
        fields: { part, missing },
      });
    });
  }

  /** Whether the stream stands between two frames. */
  get idle(): boolean {
    return this.#left === 0 && !this.#head && this.#prelude.missing === PRELUDE_BYTES;
  }

  /** The prelude of the next frame, if that begins in bytes[at, end) and its header ends there. */
  #wholeHead(bytes: Uint8Array, at: number, end: number): Prelude | undefined {
    if (end - at < PRELUDE_BYTES || !this.idle) return undefined;
    const prelude = decodePrelude(bytes, this.#limits, at);
    return at + PRELUDE_BYTES + prelude.headerBytes <= end ? prelude : undefined;
  }

  /** Takes prelude or header bytes. @returns how many. */
  #header(bytes: Uint8Array): number {
    const whole = this.#wholeHead(bytes, 0, bytes.length);
    if (whole) {
      this.#begin(whole, bytes, PRELUDE_BYTES);
      return PRELUDE_BYTES + whole.headerBytes;
    }
    if (this.#head) {
      const { prelude, bytes: header } = this.#head;
      const count = header.take(bytes);
      if (header.missing === 0) this.#begin(prelude, header.bytes, 0);
      return count;
    }
    const count = this.#prelude.take(bytes);
    const first = this.#prelude.bytes;
    if (first.length >= 2 && sniff(first) !== 'native') throw foreign(first);
    if (this.#prelude.missing === 0) {
      const prelude = decodePrelude(first, this.#limits);
      this.#head = { prelude, bytes: new Gather(prelude.headerBytes) };
      this.#prelude = new Gather(PRELUDE_BYTES);
    }
    return count;
  }

  /** A head has come, its header from `at` on. */
  #begin({ version, kind, headerBytes, payloadBytes }: Prelude, bytes: Uint8Array, at: number): void {
    const end = at + headerBytes;
    // MessagePack reads no memory that threads share.
    const header = unpackBlockHead(bytes, at, end) ?? unpack(new Uint8Array(bytes.subarray(at, end)));
    this.#head = undefined;
    this.#headBytes = PRELUDE_BYTES + headerBytes;
    this.#left = payloadBytes;
    this.#sink = this.#onHeader({ version, kind, headerBytes, payloadBytes, header }) ?? undefined;
    if (payloadBytes === 0) this.#end();
  }

  /** Takes payload bytes. @returns how many. */
  #payload(bytes: Uint8Array): number {
    const room = this.#sink?.room && this.#room(this.#sink);
    const piece = bytes.subarray(0, Math.min(room?.length ?? this.#left, this.#left));
    room?.set(piece);
    this.#taken(room ? room.subarray(0, piece.length) : piece);
    return piece.length;
  }

  #room(sink: PayloadSink, spare = 0): Uint8Array {
    const room = sink.room!(this.#left);
    if (room.length === 0) throw new RangeError(`no room was given for ${this.#left} bytes of payload`);
    return room.length <= this.#left + spare ? room : room.subarray(0, this.#left + spare);
  }

  #taken(bytes: Uint8Array): void {
    this.#left -= bytes.length;
    this.#sink?.take(bytes);
    if (this.#left === 0) this.#end();
  }

  #end(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end?.();
  }

  #guarded<R>(step: () => R): R {
    if (this.#failure) throw this.#failure.error;
    try {
      return step();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
