/** Linear maps that are known by what they do to vectors. */
import type { DistMatrix } from '../dist/dist-matrix.js';

/** A symmetric linear map S on vectors that lie as `vectors` makes them: each entry on one rank, the columns of one matrix alike. */
export interface SymmetricOperator {
  /** Length of the vectors. */
  readonly order: number;
  /** A fresh order × b matrix with undefined entries. */
  vectors(b: number): DistMatrix;
  /** Y := S X for order × b matrices. Collective. */
  apply(X: DistMatrix, Y: DistMatrix): void;
}
