/**
 * Who may touch a legacy client's matrices through a worker. The protocol's data connections show no secret, so three things stand in for one: they
 * come from the machine of the client, they name matrices by ids that only the client has been told, and whoever guesses is shut out.
 */
import type { SharedMatrix } from '../../dist/shared-matrix.js';
import { AlchemistError } from '../../errors.js';
import type { Owner } from '../data-port.js';
import { machineOf, type Peer } from './machine-of.js';
import { MatrixIds } from './matrix-ids.js';

/** Wrong ids after which this worker takes no more connections for this client. */
const GUESSES = 16;

export class LegacyAccess {
  readonly #ids: MatrixIds;
  readonly #machine: string;
  #guesses = 0;

  /** @param machine of the client to which the worker is lent. */
  constructor(
    readonly owner: Owner,
    machine: string,
  ) {
    this.#ids = new MatrixIds(owner.secret);
    this.#machine = machine;
  }

  /** @throws AlchemistError E_AUTH for a connection that cannot be the client's. */
  admit(socket: Peer): void {
    if (machineOf(socket) !== this.#machine) throw new AlchemistError('E_AUTH', 'this worker works for a client on another machine');
    if (this.#guesses >= GUESSES) {
      throw new AlchemistError('E_AUTH', 'too many connections have named matrices that are not there: this worker takes no more of them', { hint: 'connect to the driver again' });
    }
  }

  /** The matrix that the client calls by this name, if there is one. */
  matrix(name: number): SharedMatrix | undefined {
    try {
      return this.owner.rank().shared(this.#ids.meant(name));
    } catch (error) {
      if ((error as AlchemistError).code === 'E_FREED') return undefined;
      throw error;
    }
  }

  /** Somebody who has never named a matrix rightly has named one wrongly. */
  guessed(): void {
    this.#guesses++;
  }
}
