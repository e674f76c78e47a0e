import fc from 'fast-check';
import { entries, meetBlocks } from '#src/layout/block.js';
import { DIST_PAIRS, type DistPair } from '#src/layout/distribution.js';
import { copies, makeLayout, ownersOf, share, type Layout } from '#src/layout/layout.js';
import { contractedEntries, contraction, plan, receivedEntries, totalMoved, type Transfer } from '#src/layout/plan.js';
import { all, positionIn, type Slice } from '#src/layout/slice.js';
import { distPair, grid, GRIDS, ranks, redistributionOf } from './arbitrary.js';

/** As expect(…).toBe(true), but fit for the millions of entries that are checked here. */
function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

const at = ({ start, step, count }: Slice, t: number) => (t < count ? start + t * step : Number.NaN);

/** The peers that write each entry of a local matrix, in the order of the transfers, each checked to bring the right one. */
function writers(from: Layout, to: Layout, rank: number, transfers: Transfer[]): number[][][] {
  const wanted = share(to, rank);
  const [rows, cols] = [wanted?.rows ?? all(0), wanted?.cols ?? all(0)];
  const written = Array.from({ length: rows.count }, () => Array.from({ length: cols.count }, (): number[] => []));
  for (const { peer, source, target } of transfers) {
    const held = share(from, peer)!;
    must(source.rows.count === target.rows.count && source.cols.count === target.cols.count, 'source and target differ in size');
    for (let a = 0; a < target.rows.count; a++) {
      const [iFrom, iTo] = [at(source.rows, a), at(target.rows, a)];
      must(at(held.rows, iFrom) === at(rows, iTo), `row ${iTo} of rank ${rank} comes from row ${iFrom} of ${peer}`);
      for (let b = 0; b < target.cols.count; b++) {
        const [jFrom, jTo] = [at(source.cols, b), at(target.cols, b)];
        must(at(held.cols, jFrom) === at(cols, jTo), `column ${jTo} of rank ${rank} comes from column ${jFrom} of ${peer}`);
        written[iTo][jTo].push(peer);
      }
    }
  }
  return written;
}

const received = (transfers: Transfer[], rank: number) =>
  transfers.filter(({ peer }) => peer !== rank).reduce((sum, { target }) => sum + entries(target), 0);

function checkPlan(from: Layout, to: Layout): void {
  for (const rank of ranks(from)) {
    const transfers = plan(from, to, rank);
    must(writers(from, to, rank, transfers).flat().every((peers) => peers.length === 1), 'an entry is not written once');
    const peers = transfers.map(({ peer }) => peer);
    const turn = peers.map((peer) => (peer - rank + ranks(from).length) % ranks(from).length);
    must(turn.every((place, k) => k === 0 || place > turn[k - 1]), `rank ${rank} reads from ${peers}: not each once, in turn`);
    must(receivedEntries(from, to, rank) === received(transfers, rank), `rank ${rank} does not receive what is announced`);
  }
}

function checkContraction(from: Layout, to: Layout): void {
  for (const rank of ranks(from)) {
    const transfers = contraction(from, to, rank);
    must(transfers.every(({ peer }, k) => k === 0 || peer > transfers[k - 1].peer), 'the peers are not in ascending order');
    const wanted = share(to, rank);
    writers(from, to, rank, transfers).forEach((line, iLoc) => line.forEach((peers, jLoc) => {
      const owners = ownersOf(from, at(wanted!.rows, iLoc), at(wanted!.cols, jLoc)).sort((a, b) => a - b);
      must(peers.join() === owners.join(), `copies ${peers} are added, but ${owners} exist`);
    }));
    must(contractedEntries(from, to, rank) === received(transfers, rank), `rank ${rank} does not receive what is announced`);
  }
}

describe.each(GRIDS)('on the %i×%i grid, for all 14 × 14 pairs and any sizes, alignments and roots,', (height, width) => {
  const forAllPairs = (check: (from: Layout, to: Layout) => void) => {
    for (const U of DIST_PAIRS) {
      for (const V of DIST_PAIRS) {
        fc.assert(fc.property(redistributionOf({ height, width }, U, V), ([from, to]) => check(from, to)), { numRuns: 6 });
      }
    }
  };

  test('a plan writes every entry exactly once, from the right place, with one block per peer at most', () => {
    forAllPairs(checkPlan);
  });

  test('a contraction adds every copy of every entry once, in ascending rank order', () => {
    forAllPairs(checkContraction);
  });
});

const anyRedistribution = fc.tuple(grid, distPair, distPair).chain(([shape, U, V]) => redistributionOf(shape, U, V));

test('each transfer is what the share of the peer and the share of the rank have in common', () => {
  fc.assert(
    fc.property(anyRedistribution, ([from, to]) => {
      for (const rank of ranks(from)) {
        for (const { peer, source, target } of plan(from, to, rank)) {
          const [held, wanted] = [share(from, peer)!, share(to, rank)!];
          const common = meetBlocks(held, wanted)!;
          expect(source).toEqual({ rows: positionIn(common.rows, held.rows), cols: positionIn(common.cols, held.cols) });
          expect(target).toEqual({ rows: positionIn(common.rows, wanted.rows), cols: positionIn(common.cols, wanted.cols) });
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('copying to the same layout is one local block', () => {
  fc.assert(
    fc.property(anyRedistribution, ([from]) => {
      fc.pre(from.height > 0 && from.width > 0);
      expect(totalMoved(from, from)).toBe(0);
      for (const rank of ranks(from)) {
        const block = share(from, rank);
        const whole = block && { rows: all(block.rows.count), cols: all(block.cols.count) };
        expect(plan(from, from, rank)).toEqual(whole && entries(whole) > 0 ? [{ peer: rank, source: whole, target: whole }] : []);
      }
    }),
  );
});

test('the copies of a replicated source serve their own teams, so that reads are spread evenly', () => {
  const size = { height: 12, width: 12, gridHeight: 2, gridWidth: 3 };
  const [from, to] = [makeLayout({ ...size, dist: 'MC_STAR' }), makeLayout({ ...size, dist: 'STAR_MC' })];
  const served = ranks(from).map(() => 0);
  for (const rank of ranks(from)) {
    for (const { peer, target } of plan(from, to, rank)) {
      expect(Math.floor(peer / 2)).toBe(Math.floor(rank / 2)); // the same grid column
      if (peer !== rank) served[peer] += entries(target);
    }
  }
  expect(served).toEqual([36, 36, 36, 36, 36, 36]);
});

test('the volumes are those of the collectives that Elemental would use, where one collective is enough', () => {
  for (const [r, c] of [[1, 1], [1, 4], [2, 2], [2, 3], [4, 2], [5, 3]]) {
    const [m, n, p] = [2 * r * c, 3 * r * c, r * c];
    const make = (dist: DistPair) => makeLayout({ height: m, width: n, dist, gridHeight: r, gridWidth: c });
    const most = (U: DistPair, V: DistPair) => Math.max(...ranks(make(U)).map((rank) => receivedEntries(make(U), make(V), rank)));
    const local = (m * n) / p;
    const found = {
      allGatherRow: most('MC_MR', 'MC_STAR'),
      allGatherCol: most('MC_MR', 'STAR_MR'),
      allGather: most('MC_MR', 'STAR_STAR'),
      partialAllGather: most('VC_STAR', 'MC_STAR'),
      demoteCol: most('MC_MR', 'VC_STAR'),
      demoteRow: most('MC_MR', 'STAR_VR'),
      gather: most('MC_MR', 'CIRC_CIRC'),
      filter: most('STAR_STAR', 'MC_MR'),
    };
    expect(found).toEqual({
      allGatherRow: (c - 1) * local,
      allGatherCol: (r - 1) * local,
      allGather: (p - 1) * local,
      partialAllGather: (c - 1) * local,
      demoteCol: local - local / c,
      demoteRow: local - local / r,
      gather: (p - 1) * local,
      filter: 0,
    });
  }
});

test('a contraction receives what a reduce-scatter does: the local block times 1 - 1/copies', () => {
  const size = { height: 12, width: 12, gridHeight: 2, gridWidth: 3 };
  const [from, to] = [makeLayout({ ...size, dist: 'MC_STAR' }), makeLayout({ ...size, dist: 'MC_MR' })];
  expect(copies(from)).toBe(3);
  expect(ranks(from).map((rank) => contractedEntries(from, to, rank))).toEqual(ranks(from).map(() => 6 * 12 - (6 * 12) / 3));
});

test('on a 32×32 grid a plan still has at most one transfer per process', () => {
  for (const [U, V] of [['VC_STAR', 'STAR_VC'], ['MC_MR', 'STAR_STAR'], ['MC_MR', 'MR_MC'], ['STAR_VR', 'MC_MR']] as const) {
    const make = (dist: DistPair) => makeLayout({ height: 5000, width: 5001, dist, gridHeight: 32, gridWidth: 32 });
    const transfers = plan(make(U), make(V), 77);
    expect(new Set(transfers.map(({ peer }) => peer)).size).toBe(transfers.length);
    expect(transfers.reduce((sum, { target }) => sum + entries(target), 0)).toBe(entries(share(make(V), 77)!));
  }
});

test('layouts of different sizes or grids are refused, with both shown', () => {
  const from = makeLayout({ height: 7, width: 5, gridHeight: 2, gridWidth: 3 });
  for (const to of [{ ...from, height: 8 }, { ...from, width: 4 }, { ...from, gridHeight: 3, gridWidth: 2 }]) {
    const refused = expect.objectContaining({ code: 'E_LAYOUT', message: expect.stringContaining('7×5 [MC,MR] on 2×3') });
    expect(() => plan(from, to, 0)).toThrow(refused);
    expect(() => contraction(from, to, 0)).toThrow(refused);
    expect(() => receivedEntries(from, to, 0)).toThrow(refused);
    expect(() => totalMoved(from, to)).toThrow(refused);
  }
});
