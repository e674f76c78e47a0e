/** TestLib, the paper's test library, over TCP: greet, truncated_svd and kmeans. */
import { type AlchemistServer, connect, type MatrixHandle, type Session } from '#src/index.js';
import { dense } from '../grids.js';
import { started } from './started.js';

let server: AlchemistServer;
beforeAll(async () => {
  server = await started({ workers: 4 });
});

async function withTestLib<R>(workers: number, body: (al: Session) => Promise<R>): Promise<R> {
  await using al = await connect(server.url, { workers });
  await al.loadLibrary('TestLib');
  return await body(al);
}

test('greet gives back one value of every type, 64-bit integers whole', async () => {
  await withTestLib(2, async (al) => {
    const given = { in_byte: 255, in_char: 'y', in_short: 9876, in_int: 1_234_567, in_long: 2n ** 63n - 1n, in_float: 0.1, in_double: -1e308, in_string: 'test string ✓' };
    const back = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.replace('in_', 'out_'), value]));
    expect(await al.run('TestLib', 'greet', given)).toEqual(back);
    expect(await al.run('TestLib', 'greet', { in_long: -(2n ** 63n) })).toMatchObject({ out_long: -(2n ** 63n) });
    await expect(al.run('TestLib', 'greet', { in_long: 2n ** 63n })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  });
});

test.each([1, 2, 3, 4])('truncated_svd on %d workers: ascending values, the vectors that belong to them, rank clipped', async (workers) => {
  await withTestLib(workers, async (al) => {
    const A = await al.withSpectrum(30, 12, Array.from({ length: 12 }, (_, k) => 2 ** -k), { seed: 1 });
    const { S, U, V } = (await al.run('TestLib', 'truncated_svd', { A, rank: 5 })) as Record<'S' | 'U' | 'V', MatrixHandle>;
    (await al.fetch(S)).toArray().forEach(([value], k) => expect(value).toBeCloseTo(2 ** -(4 - k), 12));
    const US = await al.gemm(U, await al.diagonalMatrix((await al.fetch(S)).data));
    const gap = await al.add(await al.gemm(A, V), US, { beta: -1 });
    expect(await al.norm(gap)).toBeLessThan(1e-12);
    const all = (await al.run('TestLib', 'truncated_svd', { A, rank: 99 })) as { S: MatrixHandle };
    expect(all.S.shape).toEqual([12, 1]);
  });
});

describe('kmeans', () => {
  const CENTERS = [[0, 0], [100, 0], [0, 100]];
  const blobs = dense(60, 2, (i, j) => CENTERS[i % 3][j] + Math.sin(i * 12.9898 + j * 78.233));
  const clustered = (workers: number, source: ReturnType<typeof dense>, clusters: number, seed = 4) =>
    withTestLib(workers, async (al) => {
      const A = await al.send(source);
      const { centers, labels, inertia } = (await al.run('TestLib', 'kmeans', { A, clusters, seed })) as { centers: MatrixHandle; labels: MatrixHandle; inertia: number };
      return { centers: (await al.fetch(centers)).toArray(), labels: Array.from((await al.fetch(labels)).data), inertia };
    });

  test('finds separated blobs, the same on every grid', async () => {
    const results = [];
    for (const workers of [1, 2, 3, 4]) results.push(await clustered(workers, blobs, 3));
    for (const { labels, centers, inertia } of results) {
      for (let i = 0; i < 60; i++) expect(labels[i]).toBe(labels[i % 3]);
      expect(new Set(labels.slice(0, 3)).size).toBe(3);
      CENTERS.forEach((center, k) => center.forEach((x, j) => expect(Math.abs(centers[labels[k]][j] - x)).toBeLessThan(1)));
      expect(labels).toEqual(results[0].labels);
      expect(inertia).toBeCloseTo(results[0].inertia, 8);
    }
  });

  test('one cluster is the mean, as many as rows are the rows, and equal rows are one place', async () => {
    const one = await clustered(3, blobs, 1);
    const mean = [0, 1].map((j) => blobs.toArray().reduce((sum, row) => sum + row[j], 0) / 60);
    one.centers[0].forEach((x, j) => expect(x).toBeCloseTo(mean[j], 10));
    const apart = dense(7, 2, (i, j) => i * i + j);
    const each = await clustered(2, apart, 7);
    expect([new Set(each.labels).size, each.inertia]).toEqual([7, expect.closeTo(0, 6)]);
    const same = await clustered(4, dense(9, 3, (_, j) => j), 3);
    expect(same.inertia).toBeCloseTo(0, 10);
    same.centers.forEach((center) => expect(center).toEqual([0, 1, 2]));
  });

  test('refuses more clusters than rows, and NaN', async () => {
    await expect(clustered(2, blobs, 61)).rejects.toMatchObject({ code: 'E_ARGUMENT', message: expect.stringMatching(/fewer rows than 61 clusters/) });
    await expect(clustered(2, dense(4, 1, () => NaN), 2)).rejects.toMatchObject({ code: 'E_NOT_FINITE' });
  });
});
