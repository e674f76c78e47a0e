/** One data connection of the native protocol: PUT writes blocks of a session's matrices, GET reads them. */
import type { Socket } from 'node:net';
import { AlchemistError } from '../errors.js';
import { entries, type Block } from '../layout/block.js';
import { itemBytes } from '../local/rank-memory.js';
import type { SharedMatrix } from '../dist/shared-matrix.js';
import type { Frame, PayloadSink } from '../protocol/frame-decoder.js';
import { MAX_IN_FLIGHT } from '../protocol/limits.js';
import { decodeMessage, type Header, requestId } from '../protocol/messages.js';
import { encodeError, encodeReply } from '../protocol/replies.js';
import { Answer } from './answer.js';
import type { DataPort, Owner } from './data-port.js';
import { FramedConnection } from './framed-connection.js';
import { Intake } from './intake.js';
import { Lookout } from './lookout.js';
import { MAX_UNREAD_BYTES } from './port.js';

/** Hardly more than a PUT's header: what comes along of its payload has to be copied into shared memory, which is slow. */
const SCRATCH_BYTES = 256;

export class DataConnection extends FramedConnection {
  readonly #port: DataPort;
  #owner: Owner | undefined;
  readonly #intake = new Intake(
    (held, received) => {
      try {
        this.#writable(held).put(received, held);
      } catch (error) {
        this.#refuse(held.id, error);
      }
    },
    (put) => this.#complete(put),
  );
  /** Payload bytes of the PUT stream under way. */
  #put = 0;
  /** The PUT stream that has been answered by an error before its end. */
  #refused: number | undefined;
  /** Answers go out one after another: their frames must not interleave. */
  #answering: Promise<void> = Promise.resolve();
  readonly #lookout = new Lookout();
  /** GETs that have not been answered to the end, and bytes of other answers that wait for them. */
  #unanswered = 0;
  #waiting = 0;

  constructor(socket: Socket, port: DataPort) {
    super(socket, undefined, SCRATCH_BYTES);
    this.#port = port;
  }

  get greeted(): boolean {
    return this.#owner !== undefined;
  }

  get busy(): boolean {
    return false;
  }

  override received(count: number): void {
    super.received(count);
    this.#lookout.came(count);
  }

  protected override ended(): void {
    this.#intake.close();
  }

  /** Says something now, or when the GETs under way have been answered. */
  protected override write(pieces: readonly Uint8Array[]): void {
    if (this.#unanswered === 0) return super.write(pieces);
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    this.#waiting += bytes;
    if (this.#waiting > MAX_UNREAD_BYTES) return void this.socket.destroy();
    this.#answering = this.#answering.then(() => {
      this.#waiting -= bytes;
      super.write(pieces);
    });
  }

  /** A frame's header: what to do with its payload. A request that is wrong gets its error; its payload is skipped. */
  protected override begin(frame: Frame): PayloadSink | undefined {
    let put: Header<'PUT'> | undefined;
    try {
      const message = decodeMessage(frame);
      switch (message.kind) {
        case 'ATTACH':
          this.#owner = this.#port.authorise(message.session, message.secret);
          this.write(encodeReply('ATTACH', message.id, { worker: this.#port.worker }));
          return undefined;
        case 'PUT':
          if (message.id === this.#refused) return this.#skipping(message);
          put = message;
          return this.#placing(message);
        case 'GET':
          this.#answer(message);
          return undefined;
        default:
          throw new AlchemistError('E_PROTOCOL', `a data connection takes ATTACH, PUT and GET, not ${message.kind}`, { hint: 'send requests to the driver' });
      }
    } catch (error) {
      if (!put) return void this.write(encodeError(requestId(frame), error));
      this.#refuse(put.id, error);
      return this.#skipping(put);
    }
  }

  /** The matrix that a request names, if its block lies inside. */
  #matrixFor({ matrix: id, rows, cols }: Block & { readonly matrix: number }): SharedMatrix {
    if (!this.#owner) throw new AlchemistError('E_AUTH', 'this connection has not attached to a session', { hint: 'send ATTACH first' });
    const matrix = this.#owner.rank().shared(id);
    const { height, width } = matrix.layout;
    const end = ({ start, step, count }: Block['rows']): number => (count === 0 ? 0 : start + (count - 1) * step + 1);
    if (end(rows) > height || end(cols) > width) {
      throw new AlchemistError('E_SHAPE', `a block that ends at (${end(rows)}, ${end(cols)}) does not fit into the ${height}×${width} matrix ${id}`);
    }
    return matrix;
  }

  /** Takes the payload of a PUT. */
  #placing(put: Header<'PUT'>): PayloadSink {
    this.#writable(put);
    return this.#intake.begin(put, this.#owner!.rank().memory);
  }

  /** The payload of a PUT has come; the last one's answer says that everything is in place. */
  #complete(put: Header<'PUT'>): void {
    this.#put += entries(put) * itemBytes(put.dtype);
    if (!put.last) return;
    this.#intake.flush();
    if (this.#refused !== put.id) this.write(encodeReply('PUT', put.id, { bytes: this.#put }));
    this.#refused = undefined;
    this.#put = 0;
  }

  /** The payload of a refused stream goes by. */
  #skipping(put: Header<'PUT'>): undefined {
    if (put.last) this.#refused = undefined;
  }

  /** The matrix of a PUT, if it takes such entries there. */
  #writable(put: Pick<Header<'PUT'>, 'matrix' | 'dtype' | 'rows' | 'cols'>): SharedMatrix {
    const matrix = this.#matrixFor(put);
    if (put.dtype !== matrix.dtype) {
      throw new AlchemistError('E_ARGUMENT', `matrix ${put.matrix} has entries of type ${matrix.dtype}, but the block has ${put.dtype}`, { hint: 'create the matrix with the type of the data' });
    }
    return matrix;
  }

  /** Answers a stream of PUTs by an error, once; the rest of it is skipped. */
  #refuse(id: number, error: unknown): void {
    if (this.#refused !== id) this.write(encodeError(id, error));
    this.#refused = id;
    this.#put = 0;
  }

  /** Answers a GET by BLOCK frames of at most its buffer size, when those before it have been answered. */
  #answer(get: Header<'GET'>): void {
    this.#intake.flush();
    const matrix = this.#matrixFor(get);
    const { dtype = matrix.dtype } = get;
    if (dtype !== matrix.dtype) throw new AlchemistError('E_ARGUMENT', `matrix ${get.matrix} has entries of type ${matrix.dtype}, but ${dtype} were asked for`, { hint: 'convert it first' });
    if (this.#unanswered >= MAX_IN_FLIGHT) throw new AlchemistError('E_PROTOCOL', `more than ${MAX_IN_FLIGHT} GETs are under way on this connection`, { hint: 'wait for answers' });
    this.#unanswered++;
    const owner = this.#owner!;
    const mustStand = (): void => {
      if (owner.rank().shared(get.matrix) !== matrix) throw new AlchemistError('E_FREED', `matrix ${get.matrix} has gone while it was being sent`);
    };
    const send = async (): Promise<void> => {
      const answer = new Answer(this.socket, get, matrix);
      try {
        if (!this.isClosed) await answer.send(owner.rank().memory, mustStand);
      } catch (error) {
        // In the middle of a payload nothing can be said any more.
        if (answer.begun) this.socket.destroy();
        else this.write(encodeError(get.id, error));
      } finally {
        this.#unanswered--;
      }
    };
    this.#answering = this.#answering.then(send);
  }
}
