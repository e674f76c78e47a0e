/**
 * Eigenvalues of a symmetric tridiagonal matrix by implicit QL with Wilkinson's shift (Dubrulle, Martin, Wilkinson 1968; LAPACK's
 * dsteqr). An unreduced block is worked from its smaller end; the other direction (QR) is the same step with a negative stride.
 */
import { entry } from '../strides';
import { radius, rotate } from './rotation';
import { sortDescending } from './sort';

const EPS: f64 = 1.1102230246251565e-16;
const SMALLEST: f64 = 2.2250738585072014e-308;
/** QL steps per eigenvalue before giving up; between one and two are usual. */
const MAX_STEPS = 30;

// One QL step on the unreduced entries 0..last of d and e, which drives e_0 to zero; z is column 0 of the vectors, of n entries, or 0.
function qlStep(last: i32, d: usize, e: usize, inc: i32, n: i32, z: usize, ldz: i32): void {
  const d0 = load<f64>(d), e0 = load<f64>(e);
  let g = (load<f64>(entry<f64>(d, 1, inc)) - d0) / (2 * e0);
  g = load<f64>(entry<f64>(d, last, inc)) - d0 + e0 / (g + copysign<f64>(radius(g, 1), g));
  let s: f64 = 1, c: f64 = 1, p: f64 = 0;
  for (let i = last - 1; i >= 0; i--) {
    const di = entry<f64>(d, i, inc), dNext = entry<f64>(d, i + 1, inc), ei = load<f64>(entry<f64>(e, i, inc));
    const f = s * ei, b = c * ei, r = radius(g, f);
    c = r == 0 ? 1 : g / r;
    s = r == 0 ? 0 : f / r;
    if (i < last - 1) store<f64>(entry<f64>(e, i + 1, inc), r);
    g = load<f64>(dNext) - p;
    const t = (load<f64>(di) - g) * s + 2 * c * b;
    p = s * t;
    store<f64>(dNext, g + p);
    g = c * t - b;
    if (z) rotate(n, entry<f64>(z, i + 1, ldz), entry<f64>(z, i, ldz), c, s);
  }
  store<f64>(d, d0 - p);
  store<f64>(e, g);
}

// The last row of the unreduced block that starts at `first`; the entry of e after it is nothing beside what it couples, and zero now.
function endOf(first: i32, n: i32, d: usize, e: usize, inc: i32): i32 {
  let last = first;
  for (; last < n - 1; last++) {
    const ei = load<f64>(entry<f64>(e, last, inc));
    const left = abs<f64>(load<f64>(entry<f64>(d, last, inc))), right = abs<f64>(load<f64>(entry<f64>(d, last + 1, inc)));
    if (ei * ei <= EPS * left * (EPS * right) + SMALLEST) {
      store<f64>(entry<f64>(e, last, inc), 0);
      break;
    }
  }
  return last;
}

/**
 * T = Q diag(d) Qᵀ for the symmetric tridiagonal T with diagonal d (n) and off-diagonal e (n - 1): d becomes the eigenvalues,
 * descending, and Z := Z Q, n columns of n entries; z = 0 asks for the values alone. The entries of T are to be near 1 in size.
 * Returns 0, or the number of off-diagonal entries that did not converge. About 6n³ flops with vectors, O(n²) without.
 */
export function tridiagonalEigen(n: i32, d: usize, e: usize, z: usize, ldz: i32): i32 {
  let budget = MAX_STEPS * n, unconverged = 0;
  for (let top = 0; top < n; ) {
    const bottom = endOf(top, n, d, e, 1), count = bottom - top + 1;
    const isUp = abs<f64>(load<f64>(entry<f64>(d, bottom))) < abs<f64>(load<f64>(entry<f64>(d, top)));
    const inc = isUp ? -1 : 1, start = isUp ? bottom : top, d0 = entry<f64>(d, start), e0 = entry<f64>(e, isUp ? bottom - 1 : top);
    const z0 = z ? entry<f64>(z, start, ldz) : 0;
    for (let done = 0; done < count; ) {
      const last = endOf(done, count, d0, e0, inc);
      if (last == done) {
        done++;
      } else if (budget-- > 0) {
        qlStep(last - done, entry<f64>(d0, done, inc), entry<f64>(e0, done, inc), inc, n, z ? entry<f64>(z0, done, inc * ldz) : 0, inc * ldz);
      } else {
        unconverged += last - done;
        done = last + 1;
      }
    }
    top = bottom + 1;
  }
  if (unconverged == 0) sortDescending(n, d, n, z, ldz, 0, 0);
  return unconverged;
}
