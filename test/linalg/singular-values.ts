/** Singular values by one-sided Jacobi: slow, simple, and accurate to the last bits; what tests compare with. */
import type { HostMatrix } from '#src/index.js';

/** The min(m, n) singular values of A, largest first. G. Golub and C. Van Loan, Matrix Computations, §8.6.3. */
export function singularValues(A: HostMatrix): number[] {
  const tall = A.height >= A.width;
  const [m, n] = tall ? [A.height, A.width] : [A.width, A.height];
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from({ length: m }, (_, i) => (tall ? A.get(i, j) : A.get(j, i))));
  const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, i) => sum + value * y[i], 0);
  for (let sweep = 0, rotated = true; rotated && sweep < 60; sweep++) {
    rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const [x, y] = [columns[p], columns[q]];
        const [a, b, c] = [dot(x, x), dot(y, y), dot(x, y)];
        if (Math.abs(c) <= 2 ** -53 * Math.sqrt(a * b)) continue;
        rotated = true;
        const zeta = (b - a) / (2 * c);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, t);
        for (let i = 0; i < m; i++) [x[i], y[i]] = [cosine * (x[i] - t * y[i]), cosine * (t * x[i] + y[i])];
      }
    }
  }
  return columns.map((x) => Math.sqrt(dot(x, x))).sort((a, b) => b - a);
}
