import fc from 'fast-check';
import { Heap } from '#src/local/heap.js';

const LINE = 64;
const lines = (bytes: number): number => Math.max(1, Math.ceil(bytes / LINE));

/** The same allocator with nothing clever: one flag for every cache line. */
class Model {
  readonly taken: (number | undefined)[];
  constructor(readonly base: number, limit: number) {
    this.taken = Array.from({ length: (limit - base) / LINE }, () => undefined);
  }

  /** The first place with enough free lines, or undefined. */
  alloc(bytes: number): number | undefined {
    const count = lines(bytes);
    for (let at = 0; at + count <= this.taken.length; at++) {
      if (this.taken.slice(at, at + count).every((owner) => owner === undefined)) {
        const ptr = this.base + at * LINE;
        this.taken.fill(ptr, at, at + count);
        return ptr;
      }
    }
    return undefined;
  }

  free(ptr: number): void {
    for (const [at, owner] of this.taken.entries()) if (owner === ptr) this.taken[at] = undefined;
  }

  get used(): number {
    return this.taken.filter((owner) => owner !== undefined).length * LINE;
  }
}

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('alloc' as const), bytes: fc.oneof(fc.nat(300), fc.nat(3000), fc.constantFrom(0, 1, 63, 64, 65)) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('free' as const), which: fc.nat() }) },
);

test('whatever is asked and given back in any order, the heap lends what a list of cache lines would', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 64, 4096), fc.array(action, { maxLength: 120 }), (base, actions) => {
      const limit = base + 64 * LINE;
      const heap = new Heap(base, limit);
      // Address 0 is left alone.
      const model = new Model(Math.max(base, LINE), limit);
      const live: number[] = [];
      let peak = 0;
      for (const step of actions) {
        if (step.kind === 'free') {
          if (live.length === 0) continue;
          const [ptr] = live.splice(step.which % live.length, 1);
          heap.free(ptr);
          model.free(ptr);
        } else {
          const expected = model.alloc(step.bytes);
          if (expected === undefined) expect(() => heap.alloc(step.bytes)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
          else {
            expect(heap.alloc(step.bytes)).toBe(expected);
            live.push(expected);
          }
        }
        peak = Math.max(peak, model.used);
        const capacity = limit - Math.max(base, LINE);
        expect(heap.usage()).toEqual({ used: model.used, peak, free: capacity - model.used, capacity });
      }
      for (const ptr of live) heap.free(ptr);
      // All holes have grown together again.
      expect(heap.alloc(limit - Math.max(base, LINE))).toBe(Math.max(base, LINE));
    }),
    { numRuns: 300 },
  );
});

test('a heap that is full says how many bytes are needed, free, and in one piece', () => {
  const heap = new Heap(0, 64 * 11); // ten lines, since address 0 is nobody's
  const held = Array.from({ length: 10 }, () => heap.alloc(64));
  heap.free(held[2]);
  heap.free(held[3]);
  heap.free(held[7]);
  expect(() => heap.alloc(1000)).toThrow(
    expect.objectContaining({
      code: 'E_MEMORY',
      message: expect.stringContaining('needs 1000 more bytes, but only 192 of its 640 are free (largest piece 128)'),
      fields: { needed: 1000, free: 192, largest: 128, capacity: 640 },
    }),
  );
  expect(() => heap.alloc(192)).toThrow(expect.objectContaining({ code: 'E_MEMORY' })); // enough, but not in one piece
  expect(heap.alloc(128)).toBe(held[2]);
  expect(heap.usage().used).toBe(9 * 64);
});

test('every address lies on a cache line, also for no bytes at all, and is never 0', () => {
  const heap = new Heap(0, 2 ** 16);
  for (const bytes of [0, 0, 1, 8, 100]) {
    const ptr = heap.alloc(bytes);
    expect(ptr % LINE).toBe(0);
    expect(ptr).toBeGreaterThan(0);
  }
});

test('a heap at the upper end of the address space keeps its numbers exact', () => {
  const heap = new Heap(2 ** 32 - 2 ** 20, 2 ** 32 - 2 ** 16);
  const ptr = heap.alloc(15 * 2 ** 16);
  expect(ptr).toBe(2 ** 32 - 2 ** 20);
  expect(() => heap.alloc(1)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
});

test('freeing twice, or what was never lent, is refused and changes nothing', () => {
  const heap = new Heap(0, 2 ** 12);
  const ptr = heap.alloc(100);
  heap.free(ptr);
  const before = heap.usage();
  for (const wrong of [ptr, 0, ptr + 8, -64]) expect(() => heap.free(wrong)).toThrow(/is not allocated/);
  expect(heap.usage()).toEqual(before);
});

describe('a scope', () => {
  test('frees what its body left, and only that', () => {
    const heap = new Heap(0, 2 ** 12);
    const outside = heap.alloc(64);
    const inside = heap.scope(() => {
      heap.alloc(64);
      heap.free(heap.alloc(64));
      return heap.usage().used;
    });
    expect(inside).toBe(128);
    expect(heap.usage().used).toBe(64);
    heap.free(outside);
  });

  test('frees when its body throws, too, and passes the error on', () => {
    const heap = new Heap(0, 2 ** 12);
    expect(() =>
      heap.scope(() => {
        heap.alloc(64);
        heap.scope(() => {
          heap.alloc(64);
          throw new RangeError('inside');
        });
      }),
    ).toThrow(RangeError);
    expect(heap.usage().used).toBe(0);
    heap.alloc(64); // no scope is left open: nobody frees this
    expect(heap.usage().used).toBe(64);
  });

  test('lets go what its body has freed that an outer scope allocated', () => {
    const heap = new Heap(0, 2 ** 12);
    heap.scope(() => {
      const outer = heap.alloc(64);
      heap.scope(() => heap.free(outer));
      expect(heap.usage().used).toBe(0);
    });
  });

  test('keeps what it is told to, out of all scopes around it, and says whether it had it', () => {
    const heap = new Heap(0, 2 ** 12);
    const kept = heap.scope(() =>
      heap.scope(() => {
        const ptr = heap.alloc(64);
        expect(heap.keep(ptr)).toBe(true);
        expect(heap.keep(ptr)).toBe(false); // already kept
        expect(heap.keep(ptr + 8)).toBe(false); // inside, but not an allocation
        return ptr;
      }),
    );
    expect(heap.usage().used).toBe(64);
    heap.free(kept);
    expect(heap.usage().used).toBe(0);
  });

  test('hands an allocation to the scope around it', () => {
    const heap = new Heap(0, 2 ** 12);
    heap.scope(() => {
      heap.scope(() => heap.handUp(heap.alloc(64)));
      expect(heap.usage().used).toBe(64);
    });
    expect(heap.usage().used).toBe(0);
  });

  test('handing up from the outermost scope lets the allocation outlive it', () => {
    const heap = new Heap(0, 2 ** 12);
    const ptr = heap.scope(() => {
      const result = heap.alloc(64);
      heap.handUp(result);
      return result;
    });
    expect(heap.usage().used).toBe(64);
    heap.free(ptr);
  });
});
