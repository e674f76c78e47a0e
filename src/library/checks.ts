/** What tasks ask of their matrices before any rank is disturbed; the sentences show all shapes and layouts. */
import { AlchemistError } from '../errors.js';
import { describeMatrix, type MatrixInfo } from './task.js';

/** Throws E_SHAPE unless A and B have the same height and width. */
export function mustHaveSameShape(task: string, A: MatrixInfo, B: MatrixInfo): void {
  if (A.layout.height === B.layout.height && A.layout.width === B.layout.width) return;
  throw new AlchemistError('E_SHAPE', `${task}: the shapes differ: ${describeMatrix(A)} and ${describeMatrix(B)}`);
}

/** Throws E_ARGUMENT unless A and B have the same item type. */
export function mustHaveSameType(task: string, A: MatrixInfo, B: MatrixInfo): void {
  if (A.dtype === B.dtype) return;
  throw new AlchemistError('E_ARGUMENT', `${task}: the item types differ: ${describeMatrix(A)} and ${describeMatrix(B)}`, {
    hint: 'convert one of them',
  });
}

/** Throws E_ARGUMENT when the matrix that a task overwrites is one that it reads; `hint` says what to do instead. */
export function mustNotAlias(task: string, target: string, out: MatrixInfo, inputs: Readonly<Record<string, MatrixInfo>>, hint: string): void {
  const name = Object.keys(inputs).find((key) => out.id !== undefined && inputs[key].id === out.id);
  if (name === undefined) return;
  const same = `but both are the same matrix, ${describeMatrix(out)}`;
  throw new AlchemistError('E_ARGUMENT', `${task}: ${target} is overwritten while ${name} is read, ${same}`, { hint });
}
