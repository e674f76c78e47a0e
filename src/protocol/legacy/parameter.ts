/** Named values: what goes into a task of a legacy client, and what comes out of it. */
import type { MatrixInfo } from './matrix-info.js';

/** A value with its type. CHAR is a byte; a LONG past 2^53 is a bigint. */
export type Scalar =
  | { readonly type: 'CHAR' | 'BYTE' | 'SHORT' | 'INT' | 'FLOAT' | 'DOUBLE' | 'MATRIX_ID'; readonly value: number }
  | { readonly type: 'LONG'; readonly value: number | bigint }
  | { readonly type: 'STRING'; readonly value: string };

export type Parameter = Scalar & { readonly name: string };

/** What a task returns: values, and matrices by their description. */
export type ResultParameter = Parameter | { readonly name: string; readonly type: 'MATRIX_INFO'; readonly value: MatrixInfo };
