/** The directory whose files clients may read and write by name. Nothing outside it can be reached, by `..`, absolute paths or links. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { AlchemistError } from '../errors.js';
import type { Params } from '../library/task.js';

export class DataFolder {
  readonly #root: string | undefined;

  constructor(directory?: string) {
    try {
      this.#root = directory === undefined ? undefined : realpathSync(directory);
    } catch (cause) {
      throw new AlchemistError('E_ARGUMENT', `the data directory ${directory} cannot be opened: ${(cause as Error).message}`, { cause });
    }
  }

  /** `args` with every parameter that names a file replaced by the file's real path. @throws AlchemistError E_FILE. */
  resolveFiles(params: Params, args: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const resolved = { ...args };
    for (const [name, param] of Object.entries(params)) {
      const value = args[name];
      if (param.type === 'text' && param.file !== undefined && typeof value === 'string') resolved[name] = this.resolve(value, param.file);
    }
    return resolved;
  }

  /** The real path of a file of the directory: an existing one to read, or one to write in an existing folder. */
  resolve(name: string, mode: 'read' | 'write'): string {
    if (this.#root === undefined) {
      throw new AlchemistError('E_FILE', `this server lets clients name no files, so ${JSON.stringify(name)} cannot be ${mode === 'read' ? 'read' : 'written'}`, { hint: 'start it with --data DIR' });
    }
    const path = join(this.#root, name);
    let real: string;
    try {
      real = mode === 'read' ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
    } catch {
      throw new AlchemistError('E_FILE', `there is no ${mode === 'read' ? 'file' : 'folder'} for ${JSON.stringify(name)} in the data directory of this server`, { fields: { name } });
    }
    const target = mode === 'write' ? existing(real) ?? real : real;
    if (!target.startsWith(this.#root + sep)) throw new AlchemistError('E_FILE', `${JSON.stringify(name)} lies outside the data directory of this server`, { fields: { name } });
    return real;
  }
}

/** Where a path leads that exists already: a link may lead elsewhere. */
function existing(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
