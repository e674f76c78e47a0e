/** `alchemist bench` fails when a figure is below the floor that no machine explains, and only then. */
import { mustNotBeBroken } from '#src/cli/bench.js';

const row = { name: 'gemm n=512 f64', value: 20, unit: 'GFLOP/s', against: 'the FMA peak', target: 0.9 };

test('a missed target is told, not failed; a figure below its floor fails, with what it reached', () => {
  mustNotBeBroken([row, { ...row, ratio: 0.8 }, { ...row, ratio: 0.75, floor: 0.75 }, { ...row, floor: 0.75 }]);
  const broken = () => mustNotBeBroken([{ ...row, ratio: 0.96, floor: 0.75 }, { ...row, name: 'gemm n=1024 f32', ratio: 0.62, floor: 0.75 }]);
  expect(broken).toThrow(expect.objectContaining({ code: 'E_ENVIRONMENT', message: expect.stringMatching(/^gemm n=1024 f32 reaches 0\.62 of the FMA peak, less than 0\.75 \(.*micro\.ts\)$/) }));
});

test('what is not a number is below every floor', () => {
  expect(() => mustNotBeBroken([{ ...row, ratio: NaN, floor: 0.75 }])).toThrow(/NaN/);
});
