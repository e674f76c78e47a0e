/** h5wasm, the HDF5 library compiled to WebAssembly: an optional package, loaded on a thread when the first HDF5 file is met there. */
import type * as H5wasm from 'h5wasm/node';
import { AlchemistError } from '../errors.js';
import { fileError } from './file.js';

let h5: typeof H5wasm | undefined;

/** Loads h5wasm; every use of {@link hdf5Library} on this thread comes after it. E_ENVIRONMENT when it is not installed. */
export async function prepareHdf5(): Promise<void> {
  if (h5) return;
  try {
    const loaded = await import('h5wasm/node');
    // Without this, what cannot be read would come as zeros.
    (await loaded.ready).activate_throwing_error_handler();
    h5 = loaded;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const reason = missing ? 'which is not installed' : `which could not be loaded: ${(cause as Error).message}`;
    throw new AlchemistError('E_ENVIRONMENT', `HDF5 files are read and written by the package h5wasm, ${reason}`, { hint: 'npm install h5wasm', cause });
  }
}

export function hdf5Library(): typeof H5wasm {
  if (!h5) throw new Error('an HDF5 file was opened before prepareHdf5');
  return h5;
}

/** Calls into h5wasm; its failure becomes E_FILE with HDF5's innermost reason. An AlchemistError stays as it is. */
export function attempt<T>(file: string, doing: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if ((cause as Error).name === 'AlchemistError') throw cause;
    const text = String((cause as Error).message ?? cause);
    const reasons = [...text.matchAll(/^ *#\d+: .*?\(\): (.+)$/gm)].map(([, reason]) => reason);
    throw fileError(file, `cannot ${doing}: ${reasons.at(-1) ?? text.split('\n')[0]}`, {}, undefined, cause);
  }
}
