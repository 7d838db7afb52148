import { type DeflateParameters } from './permessage-deflate.js';
import { deflateKind } from './zlib-contexts.js';
import { type ZlibGate, zlibGate } from './zlib-gate.js';
import { ZlibLane } from './zlib-lane.js';

/** Bytes that a message does not carry at its end (RFC 7692 §7.2.1). */
const TAIL_LENGTH = 4;
/** A message, or the rest of one, that is empty (§7.2.3.6). */
const EMPTY = Uint8Array.of(0x00);

/** Compresses messages, frame by frame. */
export class MessageDeflater {
  readonly #lane: ZlibLane;
  #chunks: Uint8Array[] = [];
  #final = false;
  #done: ((payload: Uint8Array) => void) | undefined = undefined;

  /** @param failed zlib's error: it has no memory, or was used wrongly */
  constructor(parameters: DeflateParameters, failed: (error: unknown) => void, gate: ZlibGate = zlibGate) {
    const { contextTakeover } = parameters.outbound;
    this.#lane = new ZlibLane(
      { kind: deflateKind(parameters), contextTakeover, gate },
      {
        output: (chunk) => void this.#chunks.push(chunk),
        done: (error) => {
          if (error !== undefined) return failed(error);
          const chunks = this.#chunks;
          this.#chunks = [];
          this.#done?.(payloadOf(chunks, this.#final));
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

  /** Compresses the payload of a frame, one at a time; `done` is called later. @param final the last of its message */
  run(payload: Uint8Array, final: boolean, done: (payload: Uint8Array) => void): void {
    this.#final = final;
    this.#done = done;
    this.#lane.run(payload, undefined, final);
  }

  close(): void {
    this.#lane.close();
  }
}

function payloadOf(chunks: readonly Uint8Array[], final: boolean): Uint8Array {
  const joined = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  if (!final) return joined;
  // After a flush with nothing new to say zlib says nothing.
  return joined.length > TAIL_LENGTH ? joined.subarray(0, joined.length - TAIL_LENGTH) : EMPTY;
}
