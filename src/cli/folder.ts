/** Folders that results go to. */
import { mkdirSync } from 'node:fs';
import { fileError } from '../io/file.js';

/** Makes a folder, and those around it, unless it is there. E_FILE. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileError(path, `this folder cannot be made: ${(error as Error).message}`, {}, undefined, error);
  }
}
