import fc from 'fast-check';
import { all, gcd, lengthBelow, meet, mod, positionIn, slice, type Slice } from '#src/layout/slice.js';

const indices = ({ start, step, count }: Slice) => Array.from({ length: count }, (_, t) => start + t * step);

test('all(n) is 0 … n - 1', () => {
  expect(indices(all(4))).toEqual([0, 1, 2, 3]);
  expect(indices(all(0))).toEqual([]);
});

test('mod is in [0, b) for negative numbers too, and never -0', () => {
  expect([-7, -6, -1, 0, 1, 6].map((a) => mod(a, 3))).toEqual([2, 0, 2, 0, 1, 0]);
});

test('gcd of coprime, dividing and equal numbers', () => {
  expect([gcd(4, 6), gcd(5, 3), gcd(7, 7), gcd(1, 9), gcd(12, 4)]).toEqual([2, 1, 7, 1, 4]);
});

test('lengthBelow counts the members of shift, shift + stride, … below n', () => {
  for (let n = 0; n < 15; n++) {
    for (let stride = 1; stride < 7; stride++) {
      for (let shift = 0; shift < 9; shift++) {
        let members = 0;
        for (let i = shift; i < n; i += stride) members++;
        expect(lengthBelow(n, shift, stride)).toBe(members);
      }
    }
  }
});

describe('meet', () => {
  test('is the set intersection, for every pair of small progressions', () => {
    const small: Slice[] = [];
    for (let start = 0; start < 6; start++) {
      for (let step = 1; step < 7; step++) for (const count of [0, 1, 2, 3, 7]) small.push(slice(start, step, count));
    }
    for (const a of small) {
      const inA = new Set(indices(a));
      for (const b of small) {
        const common = indices(b).filter((index) => inA.has(index));
        const found = meet(a, b);
        if ((found ? indices(found) : []).join() !== common.join()) throw new Error(JSON.stringify({ a, b, found, common }));
        if (found?.count === 0 || (found?.count === 1 && found.step !== 1)) throw new Error(JSON.stringify({ a, b, found }));
      }
    }
  });

  test('is exact where products of steps and starts pass 2^53', () => {
    const step = fc.oneof(...[50, 2 ** 31, Number.MAX_SAFE_INTEGER].map((max) => fc.integer({ min: 1, max })));
    const reach = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat());
    const has = ({ start, step: by, count }: Slice, x: bigint) => {
      const distance = x - BigInt(start);
      return distance >= 0n && distance % BigInt(by) === 0n && distance / BigInt(by) < BigInt(count);
    };
    fc.assert(
      fc.property(fc.maxSafeNat(), step, step, reach, reach, (x, s, t, reachA, reachB) => {
        const through = (by: number, [before, after]: [number, number]) => {
          const back = before % (Math.floor(x / by) + 1);
          return slice(x - back * by, by, back + 1 + (after % (Math.floor((Number.MAX_SAFE_INTEGER - x) / by) + 1)));
        };
        const [a, b] = [through(s, reachA), through(t, reachB)];
        const found = meet(a, b)!; // x is in both
        const period = (BigInt(s) * BigInt(t)) / BigInt(gcd(s, t));
        const first = BigInt(found.start);
        const last = first + BigInt(found.count - 1) * BigInt(found.step);
        expect((BigInt(x) - first) % period).toBe(0n);
        expect(found.step).toBe(found.count === 1 ? 1 : Number(period));
        expect([first, last].every((y) => has(a, y) && has(b, y))).toBe(true);
        expect([first - period, last + period].some((y) => has(a, y) && has(b, y))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('finds nothing for large progressions with different remainders', () => {
    expect(meet(slice(0, 2 ** 31, 1000), slice(1, 2 ** 31 - 2, 1000))).toBeNull();
    expect(meet(slice(0, 2 ** 31, 1000), slice(2 ** 30, 2 ** 31, 1000))).toBeNull();
  });
});

const anySlice = fc.record({ start: fc.nat(9), step: fc.integer({ min: 1, max: 9 }), count: fc.nat(30) });

test('positionIn says where a part sits in the whole', () => {
  expect(positionIn(slice(7, 6, 3), slice(1, 3, 10))).toEqual(slice(2, 2, 3));
  expect(positionIn(slice(7, 1, 1), slice(1, 3, 10))).toEqual(slice(2, 1, 1));
  expect(positionIn(slice(5, 3, 0), slice(1, 3, 10))).toEqual(slice(0, 1, 0));
  fc.assert(
    fc.property(anySlice, anySlice, (whole, other) => {
      const part = meet(whole, other);
      fc.pre(part !== null);
      expect(indices(positionIn(part, whole)).map((t) => indices(whole)[t])).toEqual(indices(part));
    }),
  );
});
