/** Every limit of the native protocol. All are checked before memory is allocated on a peer's word. */

/** Longest header of a frame: what is not matrix entries is small. */
export const MAX_HEADER_BYTES = 2 ** 20;
/** Longest payload of a frame; a receiver may set less. */
export const MAX_PAYLOAD_BYTES = 2 ** 30;
/** How deep maps and arrays may nest in a header, the header's own map included. */
export const MAX_DEPTH = 16;
/** How many values a header may hold, keys and containers included; the entries of a Float64Array do not count. */
export const MAX_ITEMS = 2 ** 17;

/** Bounds and default of the buffer size, the longest payload that a session sends in one frame. */
export const MIN_BUFFER_BYTES = 4096;
export const MAX_BUFFER_BYTES = MAX_PAYLOAD_BYTES;
export const DEFAULT_BUFFER_BYTES = 100_000_000;

/** Longest name of a library, task, host or program, in UTF-16 units as all texts below. */
export const MAX_NAME = 255;
/** Longest path or token. */
export const MAX_PATH = 4096;
/** Longest sentence: error messages, hints, descriptions. */
export const MAX_PROSE = 65_536;
/** Most workers, libraries, tasks or matrices in one list. */
export const MAX_LIST = 65_536;
/** Length of the secret that ties a data connection to its session: 128 bits. */
export const SECRET_BYTES = 16;
/** Requests of one connection that may be under way at once. */
export const MAX_IN_FLIGHT = 64;
/** Highest request id; ids start at 1. */
export const MAX_REQUEST_ID = 2 ** 32 - 1;
