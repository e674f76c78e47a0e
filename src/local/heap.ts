/** Allocates the bytes of one rank's region of a shared WebAssembly memory; only the owning rank calls it. */
import { AlchemistError } from '../errors.js';

/** Cache lines: every allocation starts on one. */
const ALIGNMENT = 64;

interface Hole {
  ptr: number;
  size: number;
}

/** Bytes in use, the most that ever were, and what is left. */
export interface HeapUsage {
  readonly used: number;
  readonly peak: number;
  readonly free: number;
  readonly capacity: number;
}

/**
 * A first-fit allocator over the byte range [base, limit). Bookkeeping lives outside the memory, so a kernel that writes past its
 * output can spoil numbers but never the allocator.
 */
export class Heap {
  readonly #base: number;
  readonly #limit: number;
  /** Free ranges in ascending order, never adjacent. */
  #holes: Hole[];
  readonly #sizes = new Map<number, number>();
  readonly #scopes: Set<number>[] = [];
  #used = 0;
  #peak = 0;

  constructor(base: number, limit: number) {
    // Address 0 is left alone: a null pointer in a kernel call then never names a live matrix.
    this.#base = Math.ceil(Math.max(base, ALIGNMENT) / ALIGNMENT) * ALIGNMENT;
    this.#limit = Math.floor(limit / ALIGNMENT) * ALIGNMENT;
    this.#holes = [{ ptr: this.#base, size: this.#limit - this.#base }];
  }

  /**
   * Address of `bytes` fresh bytes, aligned to a cache line; contents are whatever was there. Zero bytes give a valid address too.
   * @throws AlchemistError E_MEMORY with the bytes needed and free.
   */
  alloc(bytes: number): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const at = this.#holes.findIndex((hole) => hole.size >= size);
    if (at < 0) {
      const largest = this.#holes.reduce((most, hole) => Math.max(most, hole.size), 0);
      const { free, capacity } = this.usage();
      throw new AlchemistError('E_MEMORY', `a rank needs ${bytes} more bytes, but only ${free} of its ${capacity} are free (largest piece ${largest})`, {
        hint: 'free matrices that are no longer needed, start with more workers, or raise memoryPerWorker (at most 4 GiB each)',
        fields: { needed: bytes, free, largest, capacity },
      });
    }
    const hole = this.#holes[at];
    const ptr = hole.ptr;
    if (hole.size === size) this.#holes.splice(at, 1);
    else this.#holes[at] = { ptr: ptr + size, size: hole.size - size };
    this.#sizes.set(ptr, size);
    this.#scopes.at(-1)?.add(ptr);
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    return ptr;
  }

  /** Gives back what {@link alloc} lent. Freeing an address twice, or one that was never lent, is a programmer's error. */
  free(ptr: number): void {
    const size = this.#sizes.get(ptr);
    if (size === undefined) throw new Error(`Heap.free: address ${ptr} is not allocated`);
    this.#sizes.delete(ptr);
    for (const scope of this.#scopes) scope.delete(ptr);
    this.#used -= size;
    let at = this.#holes.findIndex((hole) => hole.ptr > ptr);
    if (at < 0) at = this.#holes.length;
    const before = this.#holes[at - 1];
    const after = this.#holes[at];
    const joinsBefore = before !== undefined && before.ptr + before.size === ptr;
    const joinsAfter = after !== undefined && ptr + size === after.ptr;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.#holes.splice(at, 1);
    } else if (joinsBefore) before.size += size;
    else if (joinsAfter) {
      after.ptr = ptr;
      after.size += size;
    } else this.#holes.splice(at, 0, { ptr, size });
  }

  /** Runs `body`; whatever it allocated and neither freed nor kept is freed when it returns or throws. Scopes nest. */
  scope<R>(body: () => R): R {
    const mine = new Set<number>();
    this.#scopes.push(mine);
    try {
      return body();
    } finally {
      this.#scopes.pop();
      for (const ptr of mine) this.free(ptr);
    }
  }

  /** Lets an allocation of a scope outlive all scopes: its new owner frees it. @returns whether a scope had it. */
  keep(ptr: number): boolean {
    return this.#scopes.map((scope) => scope.delete(ptr)).includes(true);
  }

  /** Lets an allocation of the current scope live as long as the scope around it. */
  handUp(ptr: number): void {
    if (this.#scopes.at(-1)?.delete(ptr)) this.#scopes.at(-2)?.add(ptr);
  }

  usage(): HeapUsage {
    const capacity = this.#limit - this.#base;
    return { used: this.#used, peak: this.#peak, free: capacity - this.#used, capacity };
  }
}
