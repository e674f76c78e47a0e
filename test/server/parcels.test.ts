/** The parcels of an answer: every frame once and in order, none larger than a stage. */
import fc from 'fast-check';
import { type Block, entries } from '#src/layout/block.js';
import { splitBlock } from '#src/protocol/split.js';
import { parcels } from '#src/server/parcels.js';

const axis = fc.record({ start: fc.nat(50), step: fc.integer({ min: 1, max: 5 }), count: fc.nat(12) });

/** The entries of a block in the order of its payload. */
function payload({ rows, cols }: Block, by: 'row' | 'column'): string[] {
  const indices = (s: Block['rows']): number[] => Array.from({ length: s.count }, (_, t) => s.start + t * s.step);
  return by === 'row' ? indices(rows).flatMap((i) => indices(cols).map((j) => `${i},${j}`)) : indices(cols).flatMap((j) => indices(rows).map((i) => `${i},${j}`));
}

test('frames are those of the block, their bytes lie in the parcels one behind the other, and parcels fit the stage', () => {
  let shared = 0;
  fc.assert(
    fc.property(axis, axis, fc.constantFrom('row' as const, 'column' as const), fc.integer({ min: 8, max: 400 }), fc.integer({ min: 8, max: 400 }), (rows, cols, by, buffer, stage) => {
      const whole = { rows, cols };
      const all = [...parcels(whole, 8, buffer, stage, by)];
      const frames = [...splitBlock(whole, 8, buffer, by)];
      expect(all.flatMap(({ block }) => payload(block, by))).toEqual(payload(whole, by));
      expect(all.flatMap(({ parts }) => parts.flatMap(({ head }) => (head ? [head] : [])))).toEqual(frames.map((frame, k) => ({ ...frame, last: k === frames.length - 1 })));
      const sizes: number[] = [];
      for (const { block, parts } of all) {
        expect(entries(block) * 8).toBeLessThanOrEqual(stage);
        expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(entries(block) * 8);
        if (parts.length > 1) shared++;
        for (const { head, bytes } of parts) {
          if (head) sizes.push(bytes);
          else sizes[sizes.length - 1] += bytes;
        }
      }
      expect(sizes).toEqual(frames.map((frame) => entries(frame) * 8));
    }),
    { numRuns: 2000 },
  );
  expect(shared).toBeGreaterThan(200);
});
