/** Whole reads and writes at positions of a file, files that appear only when they are complete, and errors that name the file. */
import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { AlchemistError } from '../errors.js';

/** One system call moves less than 2 GiB; larger requests go in pieces of this many bytes. */
const CALL_BYTES = 2 ** 30;

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file would be too large for the file system',
  EMFILE: 'too many open files',
};

/** An E_FILE error: the path in front of `message`, and in the fields. */
export function fileError(
  file: string, message: string, fields: Record<string, unknown> = {}, hint?: string, cause?: unknown,
): AlchemistError {
  return new AlchemistError('E_FILE', `${file}: ${message}`, { hint, cause, fields: { path: file, ...fields } });
}

/** Runs a file-system call; its failure becomes E_FILE with the reason in words. */
function attempt<T>(file: string, doing: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw fileError(file, `cannot ${doing}: ${(code && REASONS[code]) ?? message}`, { reason: code }, undefined, cause);
  }
}

/** What is known of a file that is open for reading; size and time show whether it changes between two openings. */
export interface OpenFile {
  readonly fd: number;
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Opens a regular file for reading. E_FILE when it is missing, unreadable, or a directory, pipe or device. */
export function openForReading(file: string): OpenFile {
  const stat = attempt(file, 'open', () => fs.statSync(file)); // before opening: to open a pipe is to wait for its writer
  if (!stat.isFile()) throw fileError(file, stat.isDirectory() ? 'it is a directory, not a file' : 'it is not a regular file');
  return { fd: attempt(file, 'open', () => fs.openSync(file, 'r')), path: file, size: stat.size, mtimeMs: stat.mtimeMs };
}

/** Reads into `bytes` from `position` and returns how many bytes there were: fewer than asked only at the end of the file. */
export function readUpTo(file: OpenFile, bytes: Uint8Array, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(CALL_BYTES, bytes.length - done);
    const read = attempt(file.path, 'read', () => fs.readSync(file.fd, bytes, done, length, position + done));
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Fills `bytes` from `position`. E_FILE when the file ends before that: it was cut while it was open. */
export function readFully(file: OpenFile, bytes: Uint8Array, position: number): void {
  const found = readUpTo(file, bytes, position);
  if (found < bytes.length) {
    throw fileError(file.path, `truncated: ${bytes.length} bytes expected at position ${position}, ${found} found`,
      { expected: bytes.length, found, position });
  }
}

/** Names of a file that is being written: plain data, so that other threads can join in. */
export interface DraftNames {
  readonly path: string;
  readonly temporary: string;
}

/**
 * A file in the making: it is written under a temporary name beside its target, which it replaces in one step when it is finished.
 * Until then, and when the save fails, the target stays as it was.
 */
export class Draft {
  private isOpen = true;

  private constructor(readonly names: DraftNames, private readonly fd: number) {}

  /** Starts a draft. E_FILE when the folder cannot be written, or the target exists and is not a regular file. */
  static create(target: string): Draft {
    const old = attempt(target, 'write', () => fs.statSync(target, { throwIfNoEntry: false }));
    if (old && !old.isFile()) throw fileError(target, old.isDirectory() ? 'it is a directory' : 'it is not a regular file');
    const real = old ? fs.realpathSync(target) : target; // a link to a file stays a link
    const temporary = path.join(path.dirname(real), `.${path.basename(real)}.${randomBytes(6).toString('hex')}.partial`);
    const fd = attempt(target, 'write', () => fs.openSync(temporary, 'wx'));
    return new Draft({ path: real, temporary }, fd);
  }

  /** Opens the draft of another thread for writing. */
  static join(names: DraftNames): Draft {
    return new Draft(names, attempt(names.path, 'write', () => fs.openSync(names.temporary, 'r+')));
  }

  /** Sets the final size, so that bands can be written in any order. */
  resize(bytes: number): void {
    attempt(this.names.path, `make it ${bytes} bytes long`, () => fs.ftruncateSync(this.fd, bytes));
  }

  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): void {
    // a closed descriptor's number may be another file's by now
    if (!this.isOpen) throw new AlchemistError('E_CLOSED', `${this.names.path}: the file was closed`);
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(CALL_BYTES, bytes.length - done);
      done += attempt(this.names.path, 'write', () => fs.writeSync(this.fd, bytes, done, length, position + done));
    }
  }

  /** Leaves the draft to the thread that finishes or discards it. Closing twice is no error. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    attempt(this.names.path, 'write', () => fs.closeSync(this.fd));
  }

  /** Closes the draft and puts it in the target's place. */
  finish(): void {
    this.close();
    attempt(this.names.path, 'write', () => fs.renameSync(this.names.temporary, this.names.path));
  }

  /** Closes the draft and removes it; the target stays as it was. */
  discard(): void {
    this.close();
    fs.rmSync(this.names.temporary, { force: true });
  }
}
