/** Bytes in tests: hex, joined pieces, every split of a stream, and what a run of code allocates. */

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** The bytes of hex digits, spaces between them allowed. */
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/gu, ''), 'hex'));

export const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

export const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** The error that `run` throws; fails when it throws none. */
export function errorOf(run: () => unknown): { code: string; message: string; hint?: string; fields: Record<string, unknown>; name: string } {
  try {
    run();
  } catch (error) {
    return error as ReturnType<typeof errorOf>;
  }
  throw new Error('nothing was thrown');
}

/** Cuts a stream at the given places, in any order. */
export function cutAt(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...sorted, stream.length];
  return edges.slice(1).map((end, k) => stream.slice(edges[k], end)).filter(({ length }) => length > 0);
}

/** The largest array, in bytes, that `run` makes by a length: typed arrays, buffers and plain arrays. */
export function largestAllocation(run: () => void): number {
  let largest = 0;
  const world = globalThis as unknown as Record<string, new (...args: unknown[]) => object>;
  const itemBytes = { ArrayBuffer: 1, Uint8Array: 1, Float64Array: 8, Array: 8 };
  const originals = Object.keys(itemBytes).map((name) => [name, world[name]] as const);
  for (const [name, original] of originals) {
    world[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        if (typeof args[0] === 'number') largest = Math.max(largest, args[0] * itemBytes[name as keyof typeof itemBytes]);
        return Reflect.construct(target, args, newTarget === world[name] ? target : newTarget) as object;
      },
    });
  }
  try {
    run();
  } finally {
    for (const [name, original] of originals) world[name] = original;
  }
  return largest;
}
