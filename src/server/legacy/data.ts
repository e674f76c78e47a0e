/** A legacy client's connection to a worker: blocks of matrices, any entry of them, whoever holds it. */
import type { Socket } from 'node:net';
import type { SharedMatrix } from '../../dist/shared-matrix.js';
import { AlchemistError } from '../../errors.js';
import { entries } from '../../layout/block.js';
import { BlockStream } from '../../protocol/legacy/block-stream.js';
import { COMMANDS, commandName } from '../../protocol/legacy/codes.js';
import { encodeEntries } from '../../protocol/legacy/entries.js';
import type { MessageHeader } from '../../protocol/legacy/header.js';
import type { BodySink } from '../../protocol/legacy/message-parser.js';
import { encodeRefusal } from '../../protocol/legacy/refusals.js';
import { decodeRequest, type LegacyRequest } from '../../protocol/legacy/requests.js';
import { type AnswerPart, encodeBlocks, encodeBlocksReceived, encodeRows, encodeRowsReceived, encodeText } from '../../protocol/legacy/responses.js';
import { workerReceived, workerTestString } from '../../protocol/legacy/test-strings.js';
import { splitBlock } from '../../protocol/split.js';
import type { DataPort, Owner } from '../data-port.js';
import { hangUp } from '../port.js';
import { Stage, STAGE_BYTES } from '../stage.js';
import type { LegacyAccess } from './access.js';
import { LegacyConnection, repeatsIds, shortId } from './connection.js';
import { PacedWriter } from './paced-writer.js';

export class LegacyData extends LegacyConnection {
  readonly #port: DataPort;
  #stage: Stage | undefined;
  /** Whether a matrix of the session has been named. */
  #trusted = false;
  /** Whether another one has been named before: that is answered, and nothing else. */
  #unmasked = false;

  constructor(socket: Socket, port: DataPort, connectionNumber: number) {
    super(socket, () => {
      this.#access.admit(socket);
      return { clientId: shortId(this.#access.owner.session), sessionId: shortId(connectionNumber) };
    });
    this.#port = port;
  }

  protected override write(bytes: Uint8Array | undefined): void {
    super.write(bytes);
    if (!this.#unmasked) return;
    this.closed();
    hangUp(this.socket);
  }

  override closed(): void {
    super.closed();
    this.#stage?.free();
    this.#stage = undefined;
  }

  /** The worker works for one session at a time: a legacy connection is to that one's client, or to nobody. */
  get #access(): LegacyAccess {
    const { legacyAccess, worker } = this.#port;
    if (!legacyAccess) throw new AlchemistError('E_AUTH', `worker ${worker} works for no legacy client at the moment`);
    return legacyAccess;
  }

  #matrix(id: number): SharedMatrix {
    const access = this.#access;
    if (!this.#trusted) access.admit(this.socket);
    const matrix = access.matrix(id);
    if (!matrix) {
      if (!this.#trusted) {
        access.guessed();
        this.#unmasked = true;
      }
      throw new AlchemistError('E_FREED', `there is no matrix ${id} in this session, or it has been freed`, { fields: { id } });
    }
    this.#trusted = true;
    if (matrix.dtype !== 'f64') throw new AlchemistError('E_ARGUMENT', `matrix ${id} has entries of type ${matrix.dtype}; legacy clients take f64 only`);
    return matrix;
  }

  /** Blocks that a client sends are placed as they come: a body may have gigabytes. */
  protected override stream(header: MessageHeader): BodySink | undefined {
    const { command, bodyBytes } = header;
    if (command !== COMMANDS.SEND_MATRIX_BLOCKS && command !== COMMANDS.SEND_INDEXED_ROWS) return undefined;
    const { to } = this;
    if (!to || this.isClosed || !repeatsIds(header, to)) return undefined;
    let matrix: SharedMatrix | undefined;
    const stream = new BlockStream(bodyBytes, to.client, {
      matrix: (id) => {
        matrix = this.#matrix(id);
        return matrix.layout;
      },
      place: (block, values) => {
        const stage = this.#staging();
        new Float64Array(stage.bytes.buffer, stage.bytes.byteOffset, values.length).set(values);
        matrix!.put(stage.as(block, 'f64', 'row'), block);
      },
    });
    return {
      take: (bytes) => stream.take(bytes),
      end: () => {
        stream.end();
        const { matrix: id, blocks } = stream.received;
        if (stream.failure !== undefined) this.write(encodeRefusal(to, command, (stream.failure as Error).message));
        else this.write(command === COMMANDS.SEND_MATRIX_BLOCKS ? encodeBlocksReceived(to, id, blocks) : encodeRowsReceived(to, id, blocks));
      },
    };
  }

  #staging(): Stage {
    const { memory } = this.#access.owner.rank();
    if (this.#stage?.memory !== memory) this.#stage = new Stage(memory);
    return this.#stage;
  }

  protected override async answer(header: MessageHeader, body: Uint8Array): Promise<void> {
    const request = decodeRequest(header.command, body, this.to!.client);
    const to = this.to!;
    switch (request.command) {
      case 'SEND_TEST_STRING':
        return this.write(encodeText(to, request.command, workerReceived(request.text)));
      case 'REQUEST_TEST_STRING':
        return this.write(encodeText(to, request.command, workerTestString(this.#port.worker)));
      case 'CLOSE_CONNECTION':
        return void this.socket.end();
      case 'REQUEST_MATRIX_BLOCKS':
        return this.#send(request, encodeBlocks(to, request.matrix, this.#matrix(request.matrix).layout, request.blocks));
      case 'REQUEST_INDEXED_ROWS':
        return this.#send(request, encodeRows(to, request.matrix, this.#matrix(request.matrix).layout, request.rows));
      default:
        throw new AlchemistError('E_ARGUMENT', `a worker does not answer ${commandName(header.command) ?? header.command}; ask the driver`);
    }
  }

  /** Whether the worker still works for the client. */
  #isLentTo(owner: Owner): boolean {
    return this.#port.legacyAccess?.owner === owner;
  }

  /** Writes a long answer part by part, gathering entries as the socket takes them. */
  async #send({ matrix: id }: LegacyRequest & { matrix: number }, parts: readonly AnswerPart[]): Promise<void> {
    const matrix = this.#matrix(id);
    const { owner } = this.#access;
    const rank = owner.rank();
    const { client } = this.to!;
    // The JVM clients lose what does not arrive in one read.
    const out = new PacedWriter(this.socket, client.language === 'Scala' || client.language === 'Java');
    const stage = new Stage(rank.memory);
    try {
      for (const { head, block } of parts) {
        await out.write(head);
        for (const piece of splitBlock(block, Float64Array.BYTES_PER_ELEMENT, STAGE_BYTES)) {
          const count = entries(piece);
          if (count === 0) continue;
          if (this.isClosed || !this.#isLentTo(owner) || owner.rank() !== rank) return;
          matrix.get(piece, stage.as(piece, 'f64', 'row'));
          await out.write(encodeEntries(new Float64Array(stage.bytes.buffer, stage.bytes.byteOffset, count), client));
        }
      }
      await out.end();
    } finally {
      if (this.#isLentTo(owner) && owner.rank() === rank) stage.free();
    }
  }
}
