import fc from 'fast-check';
import { DecimalReader } from '#src/io/decimal.js';

const reader = new DecimalReader();

/** Reads all of `text`, between bytes that would be part of a number, so that a step too far is seen. */
function read(text: string): { value: number; used: number } {
  const bytes = Buffer.from(`77${text}.5e7`);
  const end = reader.read(bytes, 2, 2 + text.length);
  return { value: reader.value, used: end - 2 };
}

const expectNumber = (text: string) => expect(read(text)).toEqual({ value: Number(text), used: text.length });

test('every float64 comes back from its shortest decimal', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
    expectNumber(Object.is(x, -0) ? '-0' : String(x));
    expectNumber(x.toExponential());
    expectNumber(x.toPrecision(21));
  }), { numRuns: 3000 });
});

test('any string of digits is rounded as Number() rounds it', () => {
  const digits = fc.stringMatching(/^[0-9]{0,36}$/);
  const signs = fc.constantFrom('', '-', '+'), exponents = fc.option(fc.integer({ min: -400, max: 400 }));
  fc.assert(fc.property(signs, digits, digits, exponents, (sign, whole, fraction, exponent) => {
    fc.pre(whole + fraction !== '');
    const text = `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`;
    expectNumber(text);
  }), { numRuns: 3000 });
});

test('numbers half-way between two float64, and a digit to either side, are rounded as Number() rounds them', () => {
  fc.assert(fc.property(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.integer({ min: 0, max: 70 }), (mantissa, shift) => {
    const halfway = (2n * mantissa + 1n) * 5n ** BigInt(shift); // (mantissa + 1/2) · 10^shift / 2^(shift - 1)
    const text = halfway.toString().padStart(shift + 1, '0');
    const decimal = shift === 0 ? text : `${text.slice(0, -shift)}.${text.slice(-shift)}`;
    for (const cut of [17, 18, 19, 20, 25, 29, 30, 31, decimal.length]) {
      const head = decimal.slice(0, cut);
      if (head.endsWith('.')) continue;
      for (const variant of [head, `${head}1`, head.replace(/\d$/, (d) => String((Number(d) + 9) % 10))]) expectNumber(variant);
    }
  }), { numRuns: 500 });
});

test('numbers closer to half-way than double-double can tell are rounded as Number() rounds them', () => {
  // D · 10^22 = 2^22 · (t · 2^96 + r) with t of 54 bits: when t is odd, it is half-way but for r / 2^150
  const modulus = 2n ** 96n, power = 5n ** 22n;
  let inverse = 1n; // of 5^22 modulo 2^96, by Newton's iteration
  for (let k = 0; k < 7; k++) inverse = (inverse * (2n - power * inverse)) % modulus;
  let odd = 0;
  for (let r = -49n; r < 50n; r += 2n) {
    for (let c = 0n; c < 12n; c++) {
      const D = (((r * inverse) % modulus) + modulus) % modulus + c * modulus;
      if (D >= 10n ** 30n) continue;
      if (((D * power - r) / modulus) % 2n === 1n) odd++;
      expectNumber(`${D}e22`);
    }
  }
  expect(odd).toBeGreaterThan(100);
});

test('what follows a number is left alone', () => {
  const cases = { '1.5.2': 3, '2e': 1, '2e+': 1, '3e-x': 1, '4,5': 1, '.5x': 2, '5.': 2, '6-7': 1, '0x10': 1 };
  for (const [text, used] of Object.entries(cases)) {
    expect(read(text)).toEqual({ value: Number(text.slice(0, used)), used });
  }
});

test('what is no number uses no bytes', () => {
  for (const text of ['', '-', '+', '.', '-.', 'e5', '.e5', 'abc', '--1', '+-1', ' 1']) expect(read(text).used).toBe(0);
});
