/** The server's log: structured lines by pino, silent unless asked for. */
import { destination, pino } from 'pino';
import type { LogLevel } from './log-level.js';

/** The part of a pino logger that the server uses. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger that writes to a file, or to stderr. */
export function openLog(level: LogLevel, file?: string): Logger {
  return pino({ level, base: null }, destination({ dest: file ?? 2, mkdir: true, sync: true }));
}
