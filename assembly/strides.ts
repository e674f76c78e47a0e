/** Where the entries of vectors and m×n blocks lie, and which way to walk them. */

/** The address of entry (i, j). Arithmetic is modulo 2³², so negative strides are fine. */
// @ts-ignore: decorator
@inline
export function at<T>(a: usize, i: i32, j: i32, rs: i32, cs: i32): usize {
  return a + <usize>(i * rs + j * cs) * sizeof<T>();
}

/** The address of entry i of a vector whose entries are `inc` apart. */
// @ts-ignore: decorator
@inline
export function entry<T>(x: usize, i: i32, inc: i32 = 1): usize {
  return x + <usize>(i * inc) * sizeof<T>();
}

/** Whether the entries of a row lie closer together than those of a column: then the walk goes along the rows. */
// @ts-ignore: decorator
@inline
export function isRowMajor(m: i32, n: i32, rs: i32, cs: i32): bool {
  return n > 1 && (m == 1 || abs(cs) < abs(rs));
}
