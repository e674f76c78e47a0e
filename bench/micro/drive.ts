/** Drives micro-benchmarks by the package `benchmark`: as many calls as its statistics ask for. */
import Benchmark from 'benchmark';
import type { Row } from '#bench/report.js';

export interface Subject {
  readonly name: string;
  /** Bytes that a call handles. */
  readonly bytes: number;
  readonly run: () => void | Promise<void>;
  /** Another subject's name: what this one is compared with. */
  readonly against?: string;
}

/** Runs the subjects one after another, each for at least `seconds`. @returns bytes per second, and ratios to what they are compared with. */
export async function drive(subjects: readonly Subject[], seconds: number): Promise<Row[]> {
  const rates = new Map<string, number>();
  for (const subject of subjects) rates.set(subject.name, subject.bytes / (await secondsPerCall(subject, seconds)));
  return subjects.map(({ name, against }) => ({
    name,
    value: rates.get(name)! / 1e9,
    unit: 'GB/s',
    ...(against === undefined ? {} : { ratio: rates.get(name)! / rates.get(against)!, against }),
  }));
}

function secondsPerCall({ name, run }: Subject, seconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const bench = new Benchmark(name, {
      async: true,
      defer: true,
      maxTime: seconds,
      minSamples: 5,
      fn: (deferred: { resolve(): void }) => {
        try {
          const done = run();
          if (done) done.then(() => deferred.resolve(), fail);
          else deferred.resolve();
        } catch (error) {
          fail(error); // thrown on, it would end the process
        }
      },
      onComplete: () => resolve(bench.stats.mean),
    });
    const fail = (error: unknown): void => {
      bench.abort();
      reject(error as Error);
    };
    bench.run({ async: true });
  });
}
