/** Keeps the records of a study, and writes each to a file as soon as it is made. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { AlchemistError } from '#src/errors.js';
import type { StudyRecord } from './records.js';

export class Recorder {
  readonly records: StudyRecord[] = [];
  #file: number | undefined;

  /** @param path where the lines go; its folder is made. @throws AlchemistError E_FILE. */
  constructor(readonly path?: string) {
    if (path === undefined) return;
    this.#attempt('create', () => {
      mkdirSync(dirname(path), { recursive: true });
      this.#file = openSync(path, 'w');
    });
  }

  /** @throws AlchemistError E_FILE when the file does not take it; later records then are kept in memory only. */
  readonly add = (record: StudyRecord): void => {
    this.records.push(record);
    const file = this.#file;
    if (file === undefined) return;
    this.#attempt('write', () => {
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      for (let at = 0; at < line.length; ) at += writeSync(file, line, at);
    });
  };

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.#attempt('write', () => closeSync(file));
  }

  #attempt(what: string, step: () => void): void {
    try {
      step();
    } catch (cause) {
      const file = this.#file;
      this.#file = undefined;
      if (file !== undefined) try { closeSync(file); } catch { /* it has failed already */ }
      throw new AlchemistError('E_FILE', `${this.path}: cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }
}
