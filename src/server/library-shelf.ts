/** The libraries that clients of a server may load: the built-in ones, and the modules of one directory. */
import { readdirSync, realpathSync } from 'node:fs';
import { basename, extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AlchemistError } from '../errors.js';
import { BUILT_IN } from '../library/open.js';

const MODULES = new Set(['.js', '.mjs']);

export class LibraryShelf {
  readonly #directory: string | undefined;

  /** @param directory where modules may come from; without one only the built-in libraries exist. */
  constructor(directory?: string) {
    try {
      this.#directory = directory === undefined ? undefined : realpathSync(directory);
    } catch (cause) {
      throw new AlchemistError('E_ARGUMENT', `the library directory ${directory} cannot be opened: ${(cause as Error).message}`, { cause });
    }
  }

  /** Names that can be loaded: built in, then the modules of the directory by their file names. */
  names(): string[] {
    const files = this.#directory === undefined ? [] : readdirSync(this.#directory).filter((file) => MODULES.has(extname(file)));
    return [...BUILT_IN.keys(), ...files.map((file) => basename(file, extname(file))).sort()];
  }

  /**
   * What {@link openLibrary} takes for a name, or for a path inside the directory.
   * @throws AlchemistError E_ARGUMENT for anything else.
   */
  find(name: string, path?: string): string {
    if (BUILT_IN.has(name)) return name;
    if (this.#directory !== undefined) {
      for (const candidate of path ? [path] : [...MODULES].map((extension) => name + extension)) {
        const real = this.#inside(candidate);
        if (real) return pathToFileURL(real).href;
      }
    }
    throw new AlchemistError('E_ARGUMENT', `there is no library ${JSON.stringify(path ?? name)}`, {
      hint: `this server has ${this.names().join(', ')}${this.#directory === undefined ? '; start it with --libraries DIR to offer more' : ''}`,
    });
  }

  /** The real path of a module, if it exists and lies in the directory after links have been followed. */
  #inside(path: string): string | undefined {
    try {
      const real = realpathSync(join(this.#directory!, path));
      return real.startsWith(this.#directory! + sep) && MODULES.has(extname(real)) ? real : undefined;
    } catch {
      return undefined;
    }
  }
}
