import { type DeflateParameters } from './permessage-deflate.js';
import { inflateError, messageTooLarge } from './websocket-error.js';
import { inflateKind } from './zlib-contexts.js';
import { type ZlibGate, zlibGate } from './zlib-gate.js';
import { ZlibLane } from './zlib-lane.js';

/** What every compressed message ends with, and does not carry (RFC 7692 §7.2.1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

export interface InflaterHooks {
  output(chunk: Uint8Array): void;
  done(): void;
  /** @param error ProtocolError `BAD_COMPRESSED_MESSAGE`, `MESSAGE_TOO_LARGE` */
  failed(error: unknown): void;
}

/** Decompresses messages, piece by piece. What comes out is counted as it comes out, and stopped at the limit. */
export class MessageInflater {
  readonly #lane: ZlibLane;
  #length = 0;
  #final = false;

  constructor(parameters: DeflateParameters, maxMessageSize: number, hooks: InflaterHooks, gate: ZlibGate = zlibGate) {
    const { contextTakeover } = parameters.inbound;
    this.#lane = new ZlibLane(
      { kind: inflateKind(parameters), contextTakeover, gate },
      {
        output: (chunk) => {
          this.#length += chunk.length;
          if (this.#length <= maxMessageSize) return hooks.output(chunk);
          this.#lane.close();
          hooks.failed(messageTooLarge(maxMessageSize));
        },
        done: (error) => {
          if (error !== undefined) return hooks.failed(inflateError('a message is not compressed as it says', error));
          if (this.#final) this.#length = 0;
          hooks.done();
        },
      },
    );
  }

  get working(): boolean {
    return this.#lane.working;
  }

  get hasContext(): boolean {
    return this.#lane.hasContext;
  }

  /** Takes a piece of a message; `done` or `failed` follows, later. */
  run(piece: Uint8Array, final: boolean): void {
    this.#final = final;
    this.#lane.run(piece, final ? TAIL : undefined, final);
  }

  pause(): void {
    this.#lane.pause();
  }

  resume(): void {
    this.#lane.resume();
  }

  close(): void {
    this.#lane.close();
  }
}
