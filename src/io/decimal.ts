/**
 * Decimal text to the nearest float64, fast.
 * Up to 30 digits and powers of ten up to 22 are computed in double-double arithmetic (T. J. Dekker, "A floating-point technique for
 * extending the available precision", 1971), which settles the rounding unless the number is within 2^-98 of half-way between two
 * float64; the rest is left to Number(), which is several times slower.
 */

/** 10^k is exact in float64 up to here. */
const EXACT_POWERS = 22;
const POWERS = Float64Array.from({ length: EXACT_POWERS + 1 }, (_, k) => Number(`1e${k}`));
/** Digits that are exact in one float64. */
const EXACT_DIGITS = 15;
/** Relative error of the double-double result, with room to spare (the operations lose less than 2^-101). */
const ERROR_BOUND = 2 ** -98;

const MINUS = 45, PLUS = 43, POINT = 46, ZERO = 48, CAPITAL_E = 69, SMALL_E = 101;

/** Reads numbers in the form [+-]digits[.digits][e[+-]digits], where either run of mantissa digits may be empty but not both. */
export class DecimalReader {
  /** the number that {@link read} found, rounded to nearest */
  value = 0;

  /** Reads the longest number at bytes[from, to) into `value` and returns the index behind it; `from` when there is none. */
  read(bytes: Buffer, from: number, to: number): number {
    let p = from;
    const negative = bytes[p] === MINUS;
    if (negative || bytes[p] === PLUS) p++;

    // the digits without the point: `head` has the first 15 that count, `tail` the next 15
    let head = 0, tail = 0, significant = 0, scale = 0, digits = 0;
    for (let inFraction = false; p < to; p++) {
      const digit = bytes[p] - ZERO;
      if (digit >= 0 && digit <= 9) {
        digits++;
        if (inFraction) scale--;
        if (significant > 0 || digit > 0) {
          if (significant < EXACT_DIGITS) head = head * 10 + digit;
          else if (significant < 2 * EXACT_DIGITS) tail = tail * 10 + digit;
          significant++;
        }
      } else if (bytes[p] === POINT && !inFraction) {
        inFraction = true;
      } else {
        break;
      }
    }
    if (digits === 0) return from;

    let end = p;
    if (p < to && (bytes[p] === SMALL_E || bytes[p] === CAPITAL_E)) {
      p++;
      const down = bytes[p] === MINUS;
      if (down || bytes[p] === PLUS) p++;
      let exponent = 0;
      for (; p < to && bytes[p] >= ZERO && bytes[p] <= ZERO + 9; p++) {
        exponent = Math.min(exponent * 10 + bytes[p] - ZERO, 1e6);
        end = p + 1;
      }
      if (end === p) scale += down ? -exponent : exponent;
    }

    let value = significant <= 2 * EXACT_DIGITS ? scaled(head, tail, Math.max(0, significant - EXACT_DIGITS), scale) : NaN;
    if (value !== value) value = Number(bytes.toString('latin1', from, end));
    else if (negative) value = -value;
    this.value = value;
    return end;
  }
}

/** (head · 10^tailDigits + tail) · 10^scale rounded to nearest; NaN when that is not certain. */
function scaled(head: number, tail: number, tailDigits: number, scale: number): number {
  if (scale < -EXACT_POWERS || scale > EXACT_POWERS) return head === 0 ? 0 : NaN;
  const power = POWERS[Math.abs(scale)];
  if (tailDigits === 0) return scale < 0 ? head / power : head * power; // both exact: one rounding

  // hi + lo = head · 10^tailDigits + tail, exactly
  const shift = POWERS[tailDigits];
  const product = head * shift;
  const rest = productError(head, shift, product) + tail;
  const hi = product + rest, lo = rest - (hi - product);

  // quotient + correction = (hi + lo) · 10^scale, to more than 2^-100
  let quotient: number, correction: number;
  if (scale < 0) {
    quotient = hi / power;
    const back = quotient * power;
    correction = (hi - back - productError(quotient, power, back) + lo) / power;
  } else {
    quotient = hi * power;
    correction = productError(hi, power, quotient) + lo * power;
  }
  const error = quotient * ERROR_BOUND;
  const below = quotient + (correction - error);
  return below === quotient + (correction + error) ? below : NaN;
}

/** a·b − product, exactly, where product = a·b rounded: Dekker's two-product. */
function productError(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER, aHigh = aSplit - (aSplit - a), aLow = a - aHigh;
  const bSplit = b * SPLITTER, bHigh = bSplit - (bSplit - b), bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** Multiplying by 2^27 + 1 splits a float64 into two halves of at most 26 bits. */
const SPLITTER = 2 ** 27 + 1;
