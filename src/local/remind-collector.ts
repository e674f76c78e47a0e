/** Makes the garbage collector come for a shared memory that nobody holds any more. */

/** What a memory, however little of it is used, is worth to the collector: it holds gigabytes of addresses. */
const LEAST_BYTES = 2 ** 28;

/**
 * A shared memory is given back when the last thread has collected its object for it, but collectors do not count its bytes, and may not
 * come for hours. A buffer of its size that is dropped at once makes this thread's collector come; nobody touches the buffer's pages, so they
 * cost nothing.
 * @param bytes of the memory that have been written to.
 */
export function remindCollector(bytes: number): void {
  try {
    new ArrayBuffer(Math.max(bytes, LEAST_BYTES));
  } catch {
    // No room for it: then the engine has collected what it could before it said so.
  }
}
