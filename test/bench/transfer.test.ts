/** The parts of the transfer study: design, statistics, checksums, records, and the report of recorded samples. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { cellBytes, cellKey, formatBuffer, PAPER_BUFFERS, PAPER_LAYOUTS, randomNumbers, scaled, shuffled, trialsOf, type TransferOptions } from '#bench/transfer/design.js';
import { DARK, figuresOf, LIGHT } from '#bench/transfer/figure.js';
import { openFigures } from '#bench/transfer/figures.js';
import { readStudy, studyOf, type RunRecord, type StudyRecord } from '#bench/transfer/records.js';
import { Recorder } from '#bench/transfer/recorder.js';
import { serverMemory } from '#bench/transfer/server-memory.js';
import { boxOf, chanceInterval, mean, quantile, verdict } from '#bench/transfer/statistics.js';
import { findings, summarise } from '#bench/transfer/summary.js';
import { comparison, factsOf, tablesOf } from '#bench/transfer/tables.js';
import { weigh } from '#bench/transfer/weigh.js';
import { DIST_PAIRS } from '#src/layout/distribution.js';
import { gridSize, makeLayout, share } from '#src/layout/layout.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'transfer-test-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const OPTIONS: TransferOptions = {
  layouts: ['VC_STAR', 'MC_MR'], buffers: [1e5, 1e8], shapes: ['wide', 'tall'], directions: ['send', 'fetch'], partitions: [4], dtypes: ['f64'], workers: 4, size: 1 << 20, repeat: 3, seed: 0,
};

describe('design', () => {
  test.each([1 << 16, 1e6, 2 ** 32] as const)('%i bytes in the proportions of the paper', (size) => {
    for (const dtype of ['f64', 'f32'] as const) {
      for (const [shape, ratio] of [['wide', 1.25], ['tall', 20]] as const) {
        const { height, width } = scaled(shape, size, dtype);
        const bytes = height * width * (dtype === 'f64' ? 8 : 4);
        expect(bytes).toBeLessThanOrEqual(size);
        expect(bytes).toBeGreaterThan(0.9 * size);
        expect(Math.abs(height / width / ratio - 1)).toBeLessThan(0.15);
      }
    }
  });

  test('every combination once, in any order of the same seed', () => {
    const trials = trialsOf({ ...OPTIONS, layouts: PAPER_LAYOUTS, buffers: PAPER_BUFFERS, partitions: [1, 4], dtypes: ['f64', 'f32'] });
    expect(trials).toHaveLength(3 * 5 * 2 * 2 * 2);
    expect(new Set(trials.map((trial) => cellKey({ ...trial, direction: 'send' }))).size).toBe(trials.length);
    const orders = [1, 1, 2].map((seed) => shuffled(trials, randomNumbers(seed)));
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
    expect(new Set(orders[2])).toEqual(new Set(trials));
  });

  test('random numbers are spread evenly', () => {
    const random = randomNumbers(0);
    const counts = new Array<number>(10).fill(0);
    for (let k = 0; k < 10_000; k++) counts[Math.floor(random() * 10)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('workers get memory for the fullest of them; more than can be addressed is refused', () => {
    expect(serverMemory(OPTIONS)).toBeUndefined();
    const large = { ...OPTIONS, layouts: [...DIST_PAIRS], size: 2 ** 31 };
    expect(serverMemory(large)).toBeGreaterThan(2 ** 31);
    expect(serverMemory(large)! % 2 ** 20).toBe(0);
    expect(() => serverMemory({ ...large, size: 2 ** 32 })).toThrow(/more than the 4 GiB/);
    expect(serverMemory({ ...large, layouts: ['MC_MR'], size: 2 ** 32 })).toBeLessThan(2 ** 31);
  });

  test('sizes in the units of the paper', () => {
    expect([100, 1e5, 1.5e6, 1e8, 1e9].map(formatBuffer)).toEqual(['100 B', '100 KB', '1.5 MB', '100 MB', '1 GB']);
  });
});

describe('statistics', () => {
  test('quantiles as R computes them', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((q) => quantile([1, 2, 4, 8], q))).toEqual([1, 1.75, 3, 5, 8]);
    expect(quantile([7], 0.25)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('whiskers end at samples; what is beyond is an outlier', () => {
    expect(boxOf([5, 1, 2, 3, 4, 100, 3])).toEqual({ low: 1, lowerQuartile: 2.5, median: 3, upperQuartile: 4.5, high: 5, outliers: [100] });
    expect(boxOf([2, 2, 2])).toEqual({ low: 2, lowerQuartile: 2, median: 2, upperQuartile: 2, high: 2, outliers: [] });
  });

  test('an interval for a mean is that of the normal distribution, and a point for what does not vary', () => {
    const random = randomNumbers(3);
    const items = Array.from({ length: 400 }, random);
    const [low, high] = chanceInterval(items, mean);
    const middle = mean(items);
    const reach = 1.96 * Math.sqrt(mean(items.map((x) => (x - middle) ** 2)) / items.length);
    for (const ratio of [(middle - low) / reach, (high - middle) / reach]) expect(Math.abs(ratio - 1)).toBeLessThan(0.15);
    expect(chanceInterval([2, 2, 2], mean)).toEqual([2, 2]);
  });

  test('a difference counts when the middle halves part', () => {
    const slow = boxOf([10, 11, 12]);
    expect([verdict(slow, boxOf([7, 8, 9])), verdict(slow, boxOf([9, 11, 13])), verdict(slow, boxOf([20, 21, 22]))]).toEqual(['faster', 'alike', 'slower']);
  });
});

describe('checksum by entry position', () => {
  const whole = (count: number) => ({ start: 0, step: 1, count });

  test('the shares of any layout add up to that of the whole, whatever the order in memory', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(...DIST_PAIRS), fc.constantFrom(...['f64', 'f32'] as const), (height, width, dist, dtype) => {
      const make = (n: number): Float64Array | Float32Array => (dtype === 'f64' ? new Float64Array(n) : new Float32Array(n));
      const A = make(height * width).map((_, k) => Math.sin(k + 1));
      const layout = makeLayout({ height, width, dist, gridHeight: 2, gridWidth: 3 });
      let sum = 0;
      let held = 0;
      for (let rank = 0; rank < gridSize(layout); rank++) {
        const mine = share(layout, rank);
        if (!mine) continue;
        const { rows, cols } = mine;
        const local = make(2 + rows.count * cols.count);
        for (let i = 0; i < rows.count; i++) for (let j = 0; j < cols.count; j++) local[2 + i + j * rows.count] = A[(rows.start + i * rows.step) * width + cols.start + j * cols.step];
        sum += weigh(local, { offset: 2, rowStride: 1, colStride: rows.count }, rows, cols);
        held += rows.count * cols.count;
      }
      const expected = weigh(A, { offset: 0, rowStride: width, colStride: 1 }, whole(height), whole(width));
      expect(sum % 2 ** 32).toBe((expected * (held / (height * width))) % 2 ** 32);
    }));
  });

  test('notices two entries in each other\'s places, one that is missing, and the transpose', () => {
    const A = Float64Array.from({ length: 36 }, (_, k) => k + 0.5);
    const sum = (data: Float64Array): number => weigh(data, { offset: 0, rowStride: 6, colStride: 1 }, whole(6), whole(6));
    const right = sum(A);
    for (let a = 0; a < 36; a++) {
      expect(sum(A.with(a, NaN))).not.toBe(right);
      for (let b = 0; b < a; b++) expect(sum(A.with(a, A[b]).with(b, A[a]))).not.toBe(right);
    }
    expect(weigh(A, { offset: 0, rowStride: 1, colStride: 6 }, whole(6), whole(6))).not.toBe(right);
  });
});

const RUN: RunRecord = {
  type: 'run', format: 1, date: '2020-01-02T03:04:05.000Z',
  machine: { cpu: 'Abacus', cores: 4, memoryBytes: 8 * 2 ** 30, system: 'Linux 1 x64' },
  versions: { alchemist: '1.2.3', node: '20.0.0', v8: '11' }, kernels: 'simd', grid: '2x2', options: OPTIONS, sessionSeconds: 0.025,
};

/**
 * Samples whose times are known: 10 ms for [VC,*] with 100 MB, twice that with 100 KB, 5 % more for [MC,MR], a tenth more over one connection, and a
 * bare socket of 8 ms.
 */
function recorded(pace = 1, partitions = OPTIONS.partitions): StudyRecord[] {
  const options = { ...OPTIONS, partitions };
  const records: StudyRecord[] = [{ ...RUN, options }, { type: 'connection', partitions: 4, seconds: 0.002 }];
  for (const trial of trialsOf(options)) {
    for (const direction of OPTIONS.directions) {
      for (let repetition = 0; repetition < 3; repetition++) {
        const seconds = pace * 0.01 * (trial.buffer < 1e6 ? 2 : 1) * (trial.layout === 'MC_MR' ? 1.05 : 1) * (trial.partitions === 1 ? 1.1 : 1) * (1 + 0.02 * (repetition - 1));
        records.push({ type: 'sample', repetition, ...trial, direction, seconds, bytes: cellBytes(trial), messages: trial.buffer < 1e6 ? 12 : 4, creating: 0.001, serialising: 0.0001, placing: 0.002, placingAll: 0.008, clientProcessor: 0.003, serverProcessor: 0.006, memoryRise: 1e5 });
      }
    }
  }
  for (const direction of OPTIONS.directions) for (const shape of OPTIONS.shapes) records.push({ type: 'floor', repetition: 0, shape, dtype: 'f64', direction, bytes: 1 << 20, seconds: 0.008 });
  return records;
}

describe('report of recorded samples', () => {
  const study = studyOf(recorded());

  test('relative to the mean of [VC,*] with 100 MB, and to the bare socket', () => {
    const panels = summarise(study);
    expect(panels.map(({ direction, shape }) => `${direction} ${shape}`)).toEqual(['send wide', 'send tall', 'fetch wide', 'fetch tall']);
    for (const { cells, reference, floor } of panels) {
      expect([reference.layout, reference.buffer]).toEqual(['VC_STAR', 1e8]);
      expect(cells.map(({ relative }) => Number(relative.median.toFixed(9)))).toEqual([2, 1, 2.1, 1.05]);
      expect(cells.map(({ ofBareSocket }) => Number(ofBareSocket.toFixed(9)))).toEqual([0.4, 0.8, 0.380952381, 0.761904762]);
      expect(floor).toBeCloseTo(0.8, 9);
    }
  });

  test('says which targets are met', () => {
    expect(findings(study).map(({ value, met }) => [Number(value.toFixed(3)), met])).toEqual([[1.05, true], [2.1, false], [0.8, true], [0.012, true], [0.125, true]]);
    const overFour = findings(studyOf(recorded(1, [1, 4]))).filter(({ what }) => what.includes('four connections'));
    expect(overFour.map(({ what, value, met }) => [what.split(' ')[0], value, met])).toEqual(['sending', 'fetching'].map((what) => [what, expect.closeTo(1 / 1.1, 9), true]));
  });

  test('tells how far chance may have moved the ratio of four connections, from repetitions that are complete', () => {
    const records = recorded(1, [1, 4]);
    const noisy = records.map((record) => (record.type === 'sample' && record.partitions === 4 && record.repetition === 2 ? { ...record, seconds: record.seconds * 1.2 } : record));
    const ratio = (of: StudyRecord[]) => findings(studyOf(of)).find(({ what }) => what.startsWith('sending over four'))!;
    const { value, interval } = ratio(noisy);
    expect(value).toBeCloseTo(1 / 1.1, 9);
    // In seven resamples of 27 the slow repetition is the median.
    expect(interval).toEqual([expect.closeTo(1 / 1.1, 9), expect.closeTo(1.2 / 1.1, 9)]);
    const last = noisy.findLastIndex((record) => record.type === 'sample' && record.direction === 'send' && record.repetition === 2);
    expect(ratio(noisy.toSpliced(last, 1)).interval).toEqual([expect.closeTo(1 / 1.1, 9), expect.closeTo(1 / 1.1, 9)]);
  });

  test('as tables', () => {
    const tables = tablesOf(study);
    expect(tables[0].heading).toBe('send 405 × 323 f64 (as 250 000 × 200 000), 4 connections: relative to the mean of [VC, *] with 100 MB');
    expect(tables[0].rows).toEqual([
      ['[VC, *]', '100 KB', '3', '20.0', '0.05', '2.00', '1.98 to 2.02', '0.40', '12', '87.2 KB'],
      ['[VC, *]', '100 MB', '3', '10.0', '0.10', '1.00', '0.99 to 1.01', '0.80', '4', '262 KB'],
      ['[MC, MR]', '100 KB', '3', '21.0', '0.05', '2.10', '2.08 to 2.12', '0.38', '12', '87.2 KB'],
      ['[MC, MR]', '100 MB', '3', '10.5', '0.10', '1.05', '1.04 to 1.06', '0.76', '4', '262 KB'],
    ]);
    expect(tables[4].rows[0]).toEqual(['send wide, 100 MB, 4', '10.0', '1.00', '0.100', '2.00', '3.00', '6.00', '8.00']);
    expect(Object.fromEntries(factsOf(study))).toEqual({
      machine: 'Abacus, 4 cores, 8 GiB, Linux 1 x64', software: 'Alchemist 1.2.3, Node 20.0.0, simd kernels', server: '4 workers on 2x2, loopback', connecting: 'session with its workers 25.0 ms; 4 data connections 2.00 ms',
    });
  });

  test('what has changed since another study', () => {
    const { rows } = comparison(studyOf(recorded(2)), study);
    expect(rows).toHaveLength(16);
    expect(rows[1]).toEqual(['send wide [VC, *] f64', '100 MB', '4', '0.05', '0.10', '2.00', '0.40', '0.80', 'faster']);
    expect(comparison(study, study).rows.every((row) => row[5] === '1.00' && row[8] === 'alike')).toBe(true);
  });

  test('without the reference cell, relative to what is nearest', () => {
    const partial = studyOf(recorded().filter((record) => record.type !== 'sample' || record.layout === 'MC_MR'));
    expect(summarise(partial)[0].reference).toMatchObject({ layout: 'MC_MR', buffer: 1e8 });
  });

  test('as figures: a box for every cell, every word on the sheet, in colours of the theme only', async () => {
    const figures = figuresOf(summarise(study));
    expect(figures.map(({ name }) => name)).toEqual(['send', 'fetch']);
    const { svg } = await openFigures();
    for (const theme of [LIGHT, DARK]) {
      const drawn = svg(figures[0], theme);
      expect(drawn).toMatch(/^<svg width="960" height="\d+"/);
      for (const words of ['Client to workers', '[VC, *]', '[MC, MR]', '100 KB', '100 MB', '405 × 323 f64, as 250 000 × 200 000', 'bare socket, median', '3 samples of each']) expect(drawn).toContain(`>${words}<`);
      expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
      for (const [, colour] of drawn.matchAll(/ stroke="(#\w{6})"/g)) expect([theme.rule, theme.faint, theme.ink, ...theme.boxes]).toContain(colour);
      const strokes = (colour: string): number => [...drawn.matchAll(new RegExp(`<path[^>]* stroke="${colour}"`, 'g'))].length;
      expect([strokes(theme.boxes[0]), strokes(theme.boxes[1])]).toEqual([4, 4]);
    }
  });

  test('as a page that needs nothing else', async () => {
    const files = (await openFigures()).write(study, path.join(folder, 'page'));
    expect(files.map((file) => path.basename(file))).toEqual(['send.svg', 'send-dark.svg', 'fetch.svg', 'fetch-dark.svg', 'transfer.html']);
    const page = fs.readFileSync(files[4], 'utf8');
    // Both scripts carry their content, and outside of them nothing is fetched.
    const [outside, scripts] = [page.replace(/<script>.*?<\/script>/gs, ''), [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, source]) => source.length)];
    expect(scripts).toHaveLength(2);
    expect(scripts[0]).toBeGreaterThan(1e6);
    expect(outside).not.toMatch(/<(script|link|img|iframe)|url\(|@import/);
    expect(outside).toContain('<td class="left">[MC, MR]</td>');
  });
});

describe('records', () => {
  test('come back as they were written, but for a last line that was cut off', () => {
    const file = path.join(folder, 'new', 'samples.jsonl');
    const recorder = new Recorder(file);
    for (const record of recorded()) recorder.add(record);
    recorder.close();
    expect(readStudy(file)).toEqual(studyOf(recorded()));
    fs.appendFileSync(file, '{"type":"sample","repet');
    expect(readStudy(file)).toEqual(studyOf(recorded()));
  });

  test('files that hold no study are refused', () => {
    const file = path.join(folder, 'other.jsonl');
    fs.writeFileSync(file, '{"type":"poem"}\n');
    expect(() => readStudy(file)).toThrow(/not the samples of a transfer study/);
    fs.writeFileSync(file, 'roses\n');
    expect(() => readStudy(file)).toThrow(/other\.jsonl:1: this is not a line of JSON/);
    expect(() => readStudy(path.join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'E_FILE' }));
  });
});
