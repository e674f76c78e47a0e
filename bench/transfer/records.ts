/** What a study writes down: one line of JSON for the run, one for each sample, and one for its end. */
import { readFileSync } from 'node:fs';
import { AlchemistError } from '#src/errors.js';
import type { Cell, Direction, Dtype, ShapeName, TransferOptions } from './design.js';

/** Where and with what a study was made. */
export interface RunRecord {
  readonly type: 'run';
  readonly format: 1;
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryBytes: number; readonly system: string };
  readonly versions: { readonly alchemist: string; readonly node: string; readonly v8: string };
  readonly kernels: string;
  readonly grid: string;
  readonly options: TransferOptions;
  /** From the first byte to a session with its workers. */
  readonly sessionSeconds: number;
}

/** One verified transfer. All times are in seconds. */
export interface SampleRecord extends Cell {
  readonly type: 'sample';
  readonly repetition: number;
  /** From the call until it has returned. */
  readonly seconds: number;
  readonly bytes: number;
  readonly messages: number;
  /** Making the matrix on the server, before the first entry moves. */
  readonly creating: number;
  /** The client's making of payloads, or its putting them into place; the socket's copies not included. */
  readonly serialising: number;
  /** Scattering (gathering) entries in the busiest worker, and in all together. */
  readonly placing: number;
  readonly placingAll: number;
  /** Processor time of the two processes. */
  readonly clientProcessor: number;
  readonly serverProcessor: number;
  /** By how many bytes the client's resident memory rose at most; absent where the system does not tell. */
  readonly memoryRise?: number;
}

/** The same bytes over a bare connection. */
export interface FloorRecord {
  readonly type: 'floor';
  readonly repetition: number;
  readonly shape: ShapeName;
  readonly dtype: Dtype;
  readonly direction: Direction;
  readonly bytes: number;
  readonly seconds: number;
}

/** Opening the data connections of one partition count. */
export interface ConnectionRecord {
  readonly type: 'connection';
  readonly partitions: number;
  readonly seconds: number;
}

export interface EndRecord {
  readonly type: 'end';
  /** Why it is over, where not because all has been measured. */
  readonly stopped?: string;
  readonly samples: number;
  readonly planned: number;
}

export type StudyRecord = RunRecord | SampleRecord | FloorRecord | ConnectionRecord | EndRecord;

/** A study as it has been recorded. */
export interface Study {
  readonly run: RunRecord;
  readonly samples: readonly SampleRecord[];
  readonly floors: readonly FloorRecord[];
  readonly connections: readonly ConnectionRecord[];
  readonly end: EndRecord | undefined;
}

/** @throws AlchemistError E_FILE when the first record is not that of a run. */
export function studyOf(records: readonly StudyRecord[], where = 'the records'): Study {
  const [run] = records;
  if (run?.type !== 'run' || run.format !== 1) {
    throw new AlchemistError('E_FILE', `${where}: these are not the samples of a transfer study`, { hint: 'name a samples.jsonl that the study has written' });
  }
  const of = <T extends StudyRecord['type']>(type: T) => records.filter((record): record is Extract<StudyRecord, { type: T }> => record.type === type);
  return { run, samples: of('sample'), floors: of('floor'), connections: of('connection'), end: of('end')[0] };
}

/** Reads recorded samples; a last line that was cut off in writing is left out. @throws AlchemistError E_FILE. */
export function readStudy(path: string): Study {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AlchemistError('E_FILE', `${path}: cannot read: ${(cause as Error).message}`, { cause });
  }
  const lines = text.split('\n');
  const whole = lines.slice(0, -1);
  if (text.endsWith('}')) whole.push(lines[lines.length - 1]);
  return studyOf(whole.map((line, k) => parsed(line, `${path}:${k + 1}`)), path);
}

function parsed(line: string, where: string): StudyRecord {
  try {
    return JSON.parse(line) as StudyRecord;
  } catch (cause) {
    throw new AlchemistError('E_FILE', `${where}: this is not a line of JSON`, { cause });
  }
}
