/** The micro-benchmarks: their subjects give right answers, and are driven. */
import { blockSubjects } from '../../bench/micro/blocks.js';
import { drive } from '../../bench/micro/drive.js';
import { frameSubjects } from '../../bench/micro/frames.js';
import { redistributions } from '../../bench/micro/redistributions.js';

test('a subject of twice the work has half the rate, waited for or not', async () => {
  const spin = (milliseconds: number): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  };
  const rows = await drive(
    [
      { name: 'one', bytes: 1e6, run: () => spin(2) },
      { name: 'two', bytes: 1e6, run: async () => spin(4), against: 'one' },
    ],
    0.05,
  );
  expect(rows.map(({ name, unit, against }) => [name, unit, against])).toEqual([['one', 'GB/s', undefined], ['two', 'GB/s', 'one']]);
  expect(rows[0].value).toBeLessThanOrEqual(0.5);
  expect(rows[1].ratio).toBeGreaterThan(0.1);
  expect(rows[1].ratio).toBeLessThan(0.9);
});

test('what a subject throws or rejects with ends the drive', async () => {
  await expect(drive([{ name: 'late', bytes: 1, run: async () => { throw new Error('too late'); } }], 0.01)).rejects.toThrow('too late');
  await expect(drive([{ name: 'early', bytes: 1, run: () => { throw new Error('too early'); } }], 0.01)).rejects.toThrow('too early');
});

test('frames and blocks: every subject is compared with one that is there, and runs', () => {
  for (const subjects of [frameSubjects(), blockSubjects()]) {
    const names = new Set(subjects.map(({ name }) => name));
    expect(names.size).toBe(subjects.length);
    for (const { run, bytes, against } of subjects) {
      expect(bytes).toBeGreaterThan(0);
      if (against !== undefined) expect(names).toContain(against);
      run();
    }
  }
});

test('redistributions between two layouts, both ways', async () => {
  const rows = [];
  for await (const row of redistributions(0.01, ['VC_STAR', 'MC_MR'])) rows.push(row);
  expect(rows.map(({ name }) => name)).toEqual(['copy in [VC, *]', '[VC, *] → [MC, MR]', 'copy in [MC, MR]', '[MC, MR] → [VC, *]']);
  for (const { value } of rows) expect(value).toBeGreaterThan(0);
});
