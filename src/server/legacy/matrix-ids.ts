/**
 * The ids by which a legacy client knows its matrices: those of its session, shuffled by the session's secret. They are all that its connections to
 * workers can show, so nobody else shall guess them.
 */
import { hkdfSync } from 'node:crypto';
import { AlchemistError } from '../../errors.js';

/** Ids have two bytes, and none is 0. */
const LAST_ID = 0xffff;
/** A Feistel network on two bytes: with four rounds of random tables it is a random permutation to whoever has seen few of its values. */
const ROUNDS = 4;
const TABLE = 256;

export class MatrixIds {
  /** One table of bytes a round. */
  readonly #tables: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#tables = new Uint8Array(hkdfSync('sha256', secret, '', 'legacy matrix ids', ROUNDS * TABLE));
  }

  /** The client's name for the session's matrix. @throws AlchemistError E_ARGUMENT when no name is left. */
  shown(id: number): number {
    if (id > LAST_ID) throw new AlchemistError('E_ARGUMENT', `legacy clients can name ${LAST_ID} matrices in a session`, { hint: 'connect again' });
    let name = id;
    do {
      let [left, right] = [name >> 8, name & 0xff];
      for (let round = 0; round < ROUNDS; round++) [left, right] = [right, left ^ this.#tables[round * TABLE + right]];
      name = (left << 8) | right;
    } while (name === 0);
    return name;
  }

  /** The session's id of the matrix that the client calls by this name; if it has none, that of no matrix most likely. */
  meant(name: number): number {
    if (name === 0) return 0;
    let id = name;
    do {
      let [left, right] = [id >> 8, id & 0xff];
      for (let round = ROUNDS - 1; round >= 0; round--) [left, right] = [right ^ this.#tables[round * TABLE + left], left];
      id = (left << 8) | right;
    } while (id === 0);
    return id;
  }
}
