/** Opens a library: a built-in one by its name, any other by the URL of a module whose default export it is. */
import { AlchemistError } from '../errors.js';
import type { Library } from './library.js';
import { elemental } from './standard/index.js';
import { testLib } from './test-lib/index.js';

/** The libraries that need no module, by name. */
export const BUILT_IN: ReadonlyMap<string, Library> = new Map([elemental, testLib].map((library) => [library.name, library]));

const opened = new Map<string, Library>(BUILT_IN);

/**
 * @param reference the name of a built-in library, or a file: URL. The same module is loaded on the caller's thread and on every rank.
 * @throws AlchemistError E_ARGUMENT when the module is missing, broken, or exports no library.
 */
export async function openLibrary(reference: string): Promise<Library> {
  const known = opened.get(reference);
  if (known) return known;
  let module: { default?: Partial<Library> };
  try {
    module = (await import(reference)) as typeof module;
  } catch (cause) {
    throw new AlchemistError('E_ARGUMENT', `the library ${reference} could not be loaded: ${(cause as Error).message}`, { cause });
  }
  const library = module.default;
  if (typeof library?.name !== 'string' || typeof library.tasks !== 'object' || library.tasks === null) {
    throw new AlchemistError('E_ARGUMENT', `the module ${reference} is no library`, { hint: 'its default export must be { name, about, tasks: { taskName: async () => task } }' });
  }
  opened.set(reference, library as Library);
  return library as Library;
}
