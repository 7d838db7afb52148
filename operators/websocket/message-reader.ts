import { decodeText, decodeValidText } from './decode-text.js';
import type { WebSocketDecoder } from './decoder.js';
import type { InboundMessages } from './inbound-messages.js';
import { MessageAssembler } from './message-assembler.js';
import { MessageInflater } from './message-inflater.js';
import { WebSocketOpcode } from './opcode.js';
import type { DeflateParameters } from './permessage-deflate.js';
import { Utf8Validator } from './utf8-validator.js';
import { utf8Error } from './websocket-error.js';

export interface MessageReaderHooks {
  /** What the reader waited for has come: reading may go on. */
  ready(): void;
  failed(error: unknown): void;
}

/**
 * From the pieces of data frames to messages: whole ones, or pieces of bodies where the consumer wants those. A message
 * that came in one piece is not copied; text of it is decoded where it lies.
 */
export class MessageReader {
  readonly #inbound: InboundMessages;
  readonly #hooks: MessageReaderHooks;
  readonly #deflate: DeflateParameters | undefined;
  readonly #maxMessageSize: number;
  #assembler: MessageAssembler | undefined = undefined;
  #validator: Utf8Validator | undefined = undefined;
  #inflater: MessageInflater | undefined = undefined;
  /** Compressed pieces of a message that is to be inflated whole. */
  #packed: MessageAssembler | undefined = undefined;
  #inMessage = false;
  #text = false;
  #compressed = false;
  /** The message under way is emitted as a body. */
  #streaming = false;
  #inflating = false;
  #final = false;

  constructor(
    inbound: InboundMessages,
    deflate: DeflateParameters | undefined,
    maxMessageSize: number,
    hooks: MessageReaderHooks,
  ) {
    this.#inbound = inbound;
    this.#deflate = deflate;
    this.#maxMessageSize = maxMessageSize;
    this.#hooks = hooks;
  }

  /** Part of a message is with zlib. */
  get inflating(): boolean {
    return this.#inflating;
  }

  /** No further piece may be given, until `ready`, or until the consumer has freed something. */
  get waits(): boolean {
    return this.#inflating || (this.#assembler !== undefined && !this.#inbound.mayKeep(this.#assembler.length));
  }

  /** The last piece that the decoder has read, of a data frame. @throws ProtocolError `INVALID_UTF8` */
  read(decoder: WebSocketDecoder): void {
    const { opcode, first, last, fin, bytes, start, end } = decoder;
    if (first && opcode !== WebSocketOpcode.CONTINUATION) {
      if (last && fin && !decoder.rsv1 && !this.#inbound.streaming) {
        if (opcode === WebSocketOpcode.BINARY) this.#inbound.message(bytes.subarray(start, end));
        else if (decoder.ascii) this.#inbound.message(decodeValidText(bytes, start, end));
        else this.#inbound.message(decodeText(bytes, start, end));
        return;
      }
      this.#begin(opcode === WebSocketOpcode.TEXT, decoder.rsv1);
    }
    const final = last && fin;
    if (this.#compressed || this.#streaming) decoder.unmask();
    if (this.#compressed) this.#inflate(bytes, start, end, final);
    else {
      this.#add(bytes, start, end, fin ? decoder.length : 0, decoder.mask, decoder.spare);
      if (final) this.#end();
    }
  }

  /** The consumer has subscribed, or released something: goes on with what waited for it. */
  freed(): void {
    if (this.#inMessage && this.#inbound.streaming && !this.#streaming && !this.#inflating) this.#stream();
    if (!this.#inbound.full) this.#inflater?.resume();
  }

  /** Lets go of everything. */
  close(): void {
    this.#inflater?.close();
    this.#inMessage = this.#inflating = false;
    this.#assembler = this.#packed = undefined;
  }

  #begin(text: boolean, compressed: boolean): void {
    this.#inMessage = true;
    this.#text = text;
    this.#compressed = compressed;
    this.#streaming = this.#inbound.streaming;
    if (this.#streaming) {
      if (text) (this.#validator ??= new Utf8Validator()).reset();
      this.#inbound.begin(text);
    } else if (compressed) (this.#packed ??= new MessageAssembler()).begin(false);
    else this.#assemble();
  }

  #assemble(): MessageAssembler {
    const assembler = (this.#assembler ??= new MessageAssembler());
    assembler.begin(this.#text);
    return assembler;
  }

  /** The consumer wants bodies, and came in the middle of a message. */
  #stream(): void {
    this.#streaming = true;
    this.#inbound.begin(this.#text);
    if (this.#text) (this.#validator ??= new Utf8Validator()).reset();
    if (this.#compressed) {
      const packed = this.#packed?.takeBytes();
      if (packed !== undefined && packed.length > 0) this.#run(packed, false);
    } else {
      const bytes = this.#assembler?.takeBytes() ?? new Uint8Array(0);
      this.#add(bytes, 0, bytes.length, 0, 0, false);
    }
  }

  /** Bytes of the message as it is. */
  #add(bytes: Uint8Array, start: number, end: number, expected: number, mask: number, spare: boolean): void {
    if (!this.#streaming) {
      this.#assembler?.add(bytes, start, end, expected, mask, spare);
      return;
    }
    if (this.#text && this.#validator?.push(bytes, start, end) === false) throw utf8Error('a text message');
    if (end > start) this.#inbound.piece(bytes.subarray(start, end));
  }

  #end(): void {
    this.#inMessage = false;
    if (!this.#streaming) {
      const assembler = this.#assembler as MessageAssembler;
      this.#assembler = undefined; // an idle connection keeps none
      this.#inbound.message(assembler.end());
      return;
    }
    if (this.#text && this.#validator?.complete === false) throw utf8Error('a text message');
    this.#inbound.finish();
  }

  #inflate(bytes: Uint8Array, start: number, end: number, final: boolean): void {
    if (this.#streaming) return this.#run(bytes.subarray(start, end), final);
    const packed = this.#packed as MessageAssembler;
    if (final && packed.length === 0) this.#run(bytes.subarray(start, end), true);
    else {
      packed.add(bytes, start, end, 0);
      if (final) this.#run(packed.takeBytes(), true);
    }
  }

  #run(piece: Uint8Array, final: boolean): void {
    this.#inflating = true;
    this.#final = final;
    if (!this.#streaming) this.#assemble();
    this.#packed = final ? undefined : this.#packed;
    this.#inflater ??= new MessageInflater(this.#deflate as DeflateParameters, this.#maxMessageSize, {
      output: (chunk) => this.#guard(() => this.#inflated(chunk)),
      done: () => this.#guard(() => this.#inflateDone()),
      failed: (error) => this.#hooks.failed(error),
    });
    this.#inflater.run(piece, final);
  }

  #inflated(chunk: Uint8Array): void {
    this.#add(chunk, 0, chunk.length, 0, 0, false);
    if (this.#streaming && this.#inbound.full) this.#inflater?.pause();
  }

  #inflateDone(): void {
    this.#inflating = false;
    if (this.#final) this.#end();
    this.#hooks.ready();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#hooks.failed(error);
    }
  }
}
