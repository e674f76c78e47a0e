import { setTimeout as sleep } from 'node:timers/promises';
import { bandsOf, type Bands, deal, linesToDeal } from '#src/client/dealing.js';
import type { Block } from '#src/layout/block.js';

const range = (start: number, count: number) => ({ start, count });

/** How often each entry of an m×n matrix lies in one of the bands. */
function covered(m: number, n: number, bands: Iterable<Block>): Uint8Array {
  const times = new Uint8Array(m * n);
  for (const { rows, cols } of bands) {
    for (let i = 0; i < rows.count; i++) for (let j = 0; j < cols.count; j++) times[(rows.start + i) * n + cols.start + j]++;
  }
  return times;
}

describe('bands', () => {
  test.each(['row', 'column'] as const)('in %s order hold every entry of rows × cols once, and no other', (order) => {
    for (const lines of [1, 2, 3, 7, 50]) {
      const times = covered(12, 9, bandsOf(range(2, 7), range(1, 5), order, lines));
      for (let i = 0; i < 12; i++) for (let j = 0; j < 9; j++) expect(times[i * 9 + j]).toBe(i >= 2 && i < 9 && j >= 1 && j < 6 ? 1 : 0);
    }
  });

  test('are none of an empty matrix', () => {
    expect([...bandsOf(range(0, 0), range(0, 5), 'row', 1), ...bandsOf(range(0, 5), range(0, 0), 'row', 1)]).toEqual([]);
  });

  test.each([
    { what: 'full frames up to eight megabytes', lines: 10_000, lineBytes: 64_000, bufferSize: 1e6, connections: 4, expected: 120 },
    { what: 'one frame that is longer', lines: 10_000, lineBytes: 64_000, bufferSize: 1e8, connections: 4, expected: 1562 },
    { what: 'a share for every connection, of few lines', lines: 10, lineBytes: 64_000, bufferSize: 1e6, connections: 4, expected: 3 },
    { what: 'lines that are longer than a buffer', lines: 1000, lineBytes: 5e6, bufferSize: 1e6, connections: 2, expected: 1 },
    { what: 'lines that are longer than a band', lines: 1000, lineBytes: 5e7, bufferSize: 1e6, connections: 2, expected: 1 },
  ])('are of $what', ({ lines, lineBytes, bufferSize, connections, expected }) => {
    expect(linesToDeal(lines, lineBytes, bufferSize, connections)).toBe(expected);
  });
});

describe('dealing', () => {
  const names = ['a', 'b', 'c'];
  /** Sends by doing something else for each band; tells who took which rows. */
  const sending = (taken: [string, number][], work: (name: string, row: number) => Promise<void>) => async (name: string, bands: Bands): Promise<void> => {
    for (let band = bands.next(); !band.done; band = bands.next()) {
      taken.push([name, band.value.rows.start]);
      await work(name, band.value.rows.start);
    }
  };
  const busy = (milliseconds: number): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  };

  test('gives every band to one connection while the thread is busy', async () => {
    const taken: [string, number][] = [];
    await deal(bandsOf(range(0, 40), range(0, 1), 'row', 1), names, sending(taken, async () => busy(2)));
    expect(taken).toEqual(Array.from({ length: 40 }, (_, row) => ['a', row]));
  });

  test('lets the others join while it waits, and gives every band once', async () => {
    const taken: [string, number][] = [];
    await deal(bandsOf(range(0, 60), range(0, 1), 'row', 1), names, sending(taken, async () => sleep(5)));
    expect(taken.map(([, row]) => row)).toEqual(Array.from({ length: 60 }, (_, row) => row));
    for (const name of names) expect(taken.filter(([by]) => by === name).length).toBeGreaterThan(5);
  });

  test('stops when one fails, waits for the others, and throws its error', async () => {
    const taken: [string, number][] = [];
    let working = 0;
    const work = async (name: string, row: number): Promise<void> => {
      working++;
      await sleep(5);
      working--;
      if (row === 20) throw new Error(`${name} broke`);
    };
    await expect(deal(bandsOf(range(0, 1000), range(0, 1), 'row', 1), names, sending(taken, work))).rejects.toThrow('broke');
    expect(working).toBe(0);
    expect(taken.length).toBeLessThan(40);
  });

  test('of nothing is nothing', async () => {
    const taken: [string, number][] = [];
    await deal(bandsOf(range(0, 0), range(0, 3), 'row', 1), names, sending(taken, async () => {}));
    expect(taken).toEqual([]);
  });
});
