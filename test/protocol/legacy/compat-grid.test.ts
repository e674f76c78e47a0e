import { DIST_PAIRS, type DistPair } from '#src/layout/distribution.js';
import { compatGrid } from '#src/protocol/legacy/compat-grid.js';
import { countOf } from '#src/protocol/legacy/matrix-block.js';
import { clientRanges, indices } from './legacy-client.js';

const WORKERS = [1, 2, 3, 4, 5, 6, 8, 9, 12];
const SIZES = [[1, 1], [1, 5], [5, 1], [2, 2], [3, 2], [2, 3], [7, 4], [4, 7], [20, 30], [30, 13]] as const;

/**
 * Layouts of which the clients make shares that do not overlap, when no axis that they cut is shorter than the number of workers.
 */
const DISJOINT: readonly DistPair[] = ['MC_MR', 'MR_MC', 'MR_STAR', 'STAR_MR', 'STAR_VC', 'VC_STAR', 'VR_STAR', 'CIRC_CIRC'];
const WHOLE: readonly DistPair[] = ['STAR_MC', 'STAR_STAR'];

/** Ids that are not 1 … p, so that a confusion of ids and positions shows. */
const ids = (p: number): number[] => Array.from({ length: p }, (_, k) => 3 * k + 2);

describe('the grid that clients are told', () => {
  describe.each(DIST_PAIRS)('%s', (dist) => {
    test.each(WORKERS)('on %d workers: clients send every entry, and no worker gets an empty range of columns', (p) => {
      for (const [height, width] of SIZES) {
        const { layout, grid } = compatGrid(dist, ids(p), height, width);
        expect(grid.places.map(({ worker }) => worker).sort((a, b) => a - b)).toEqual(ids(p));
        expect(grid.height * grid.width).toBe(p);
        const sent = new Map<number, number>();
        for (const worker of ids(p)) {
          const { rows, cols } = clientRanges(layout, grid, height, width, worker);
          expect(countOf(cols)).toBeGreaterThan(0); // ZeroDivisionError in the client
          for (const i of indices(rows)) for (const j of indices(cols)) sent.set(i * width + j, (sent.get(i * width + j) ?? 0) + 1);
        }
        const times = [...sent.values()];
        expect([height, width, times.length]).toEqual([height, width, height * width]);
        if (WHOLE.includes(dist)) expect(times.every((n) => n === p)).toBe(true);
        if (DISJOINT.includes(dist) && height >= p && width >= p) expect(times.every((n) => n === 1)).toBe(true);
      }
    });
  });

  test('places are in the order and at the coordinates that were tried with the clients', () => {
    const places = (dist: DistPair, p: number, height: number, width: number) =>
      compatGrid(dist, ids(p), height, width).grid.places.map(({ worker, row, col }) => `${worker}:${row},${col}`).join(' ');
    expect(places('MC_MR', 4, 9, 9)).toBe('2:0,0 5:0,1 8:0,2 11:0,3');
    expect(places('MR_MC', 4, 9, 9)).toBe('2:0,0 8:2,0 11:3,0 5:1,0');
    expect(places('MR_MC', 2, 9, 9)).toBe('2:0,0 5:1,0');
    expect(places('STAR_MR', 4, 9, 3)).toBe('2:0,0 5:0,1 8:0,2 11:0,0');
    expect(places('VC_STAR', 4, 9, 3)).toBe('2:0,0 5:0,1 8:0,2 11:0,3');
    expect(places('VR_STAR', 2, 1, 1)).toBe('2:0,0 5:0,0');
  });

  test('[o,o], which clients cannot send, is reported as [VC,*]; the others as they are', () => {
    expect(DIST_PAIRS.map((dist) => compatGrid(dist, [1, 2], 5, 5).layout)).toEqual(DIST_PAIRS.map((dist) => (dist === 'CIRC_CIRC' ? 'VC_STAR' : dist)));
  });

  test('ACISpark, which deals rows by grid column and asks for all columns from the grid row on, gets [VC,*] right', () => {
    const { grid } = compatGrid('VC_STAR', ids(3), 10, 4);
    const rows = grid.places.flatMap(({ row, col }) => {
      expect(row).toBe(0);
      return indices({ start: col, end: 9, step: grid.height * grid.width });
    });
    expect(rows.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
