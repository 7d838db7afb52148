import { deliver, hold, type Release } from '../core/deliver.js';
import { UsageError } from '../core/protocol-error.js';
import { firstByte } from './frame.js';
import type { WebSocketOutput } from './frame-output.js';
import type { WebSocketMessage } from './message.js';
import { MessageDeflater } from './message-deflater.js';
import { MessageWriter } from './message-writer.js';
import { WebSocketOpcode } from './opcode.js';
import type { DeflateParameters } from './permessage-deflate.js';

interface Job {
  /** undefined: the end, with `after` to be called. */
  readonly payload: Uint8Array | undefined;
  readonly opcode: number;
  readonly fin: boolean;
  readonly compress: boolean;
  readonly release: Release;
  readonly after: (() => void) | undefined;
}

/** Until one waits. */
const NONE: Job[] = [];
const WHOLE_TEXT = firstByte(WebSocketOpcode.TEXT, true, false);
const WHOLE_BINARY = firstByte(WebSocketOpcode.BINARY, true, false);

export interface OutboundHooks {
  /** Whether messages can still be sent. */
  writable(): boolean;
  /** Something has been written to the output. */
  written(): void;
  /** zlib failed, or a message that was begun cannot be completed. */
  failed(error: unknown): void;
}

/** From messages to frames. Without compression each is written at once; with it they wait for each other, in order. */
export class OutboundMessages {
  readonly #output: WebSocketOutput;
  readonly #deflate: DeflateParameters | undefined;
  readonly #hooks: OutboundHooks;
  #deflater: MessageDeflater | undefined = undefined;
  #jobs: Job[] = NONE;
  #queuedBytes = 0;
  #deflating = false;
  /** A message is being sent in fragments. */
  #fragmented = false;
  #ending = false;

  constructor(output: WebSocketOutput, deflate: DeflateParameters | undefined, hooks: OutboundHooks) {
    this.#output = output;
    this.#deflate = deflate;
    this.#hooks = hooks;
  }

  /** Bytes of messages that wait to be compressed. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** A message of fragments was begun and is not complete. */
  get fragmented(): boolean {
    return this.#fragmented;
  }

  /** @throws UsageError `MESSAGE_UNFINISHED` */
  message(data: WebSocketMessage): void {
    if (this.#fragmented) throw new UsageError('MESSAGE_UNFINISHED', 'the message before is not complete');
    const text = typeof data === 'string';
    const deflate = this.#deflate;
    if (deflate === undefined || (data.length < deflate.threshold && this.#jobs.length === 0)) {
      if (text) this.#output.text(WHOLE_TEXT, data);
      else this.#output.binary(WHOLE_BINARY, data);
      this.#hooks.written();
      return;
    }
    const payload = text ? Buffer.from(data, 'utf8') : data;
    const opcode = text ? WebSocketOpcode.TEXT : WebSocketOpcode.BINARY;
    this.#enqueue(payload, opcode, true, payload.length >= deflate.threshold);
  }

  /** Begins a message of fragments. @throws UsageError `MESSAGE_UNFINISHED` */
  fragments(type: 'text' | 'binary'): MessageWriter {
    if (this.#fragmented) throw new UsageError('MESSAGE_UNFINISHED', 'the message before is not complete');
    this.#fragmented = true;
    const sink = {
      writable: () => this.#hooks.writable(),
      fragment: (payload: Uint8Array, opcode: number, fin: boolean) => this.#fragment(payload, opcode, fin),
      broken: (error: unknown) => this.#hooks.failed(error),
    };
    return new MessageWriter(sink, type);
  }

  /** The last of it is queued. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Calls back once all messages before have been written: at once if they have. There are to be none behind it. */
  afterAll(after: () => void): void {
    if (this.#jobs.length === 0) return after();
    this.#ending = true;
    this.#jobs.push({ payload: undefined, opcode: 0, fin: true, compress: false, release: hold(), after });
  }

  /** Drops what waits, and frees everything. */
  close(): void {
    this.#deflater?.close();
    this.#queuedBytes = 0;
    for (const { release } of this.#jobs.splice(0)) release();
  }

  #fragment(payload: Uint8Array, opcode: number, fin: boolean): void {
    if (fin) this.#fragmented = false;
    if (this.#deflate !== undefined) return this.#enqueue(payload, opcode, fin, true);
    this.#output.binary(firstByte(opcode, fin, false), payload);
    this.#hooks.written();
  }

  #enqueue(payload: Uint8Array, opcode: number, fin: boolean, compress: boolean): void {
    this.#queuedBytes += payload.length;
    if (this.#jobs === NONE) this.#jobs = [];
    this.#jobs.push({ payload, opcode, fin, compress, release: hold(), after: undefined });
    this.#advance();
  }

  #advance(): void {
    while (!this.#deflating) {
      const [job] = this.#jobs;
      if (job === undefined) return;
      if (job.payload === undefined) {
        this.#jobs.shift();
        job.release();
        job.after?.();
      } else if (job.compress) this.#compress(job, job.payload);
      else this.#write(job, job.payload, false);
    }
  }

  #compress(job: Job, payload: Uint8Array): void {
    this.#deflating = true;
    this.#deflater ??= new MessageDeflater(this.#deflate as DeflateParameters, (error) => this.#hooks.failed(error));
    this.#deflater.run(payload, job.fin, (packed) => {
      this.#deflating = false;
      this.#write(job, packed, job.opcode !== WebSocketOpcode.CONTINUATION);
      this.#advance();
    });
  }

  /** Written as a delivery, so that where the way out is backed up whoever sent it waits until it has gone. */
  #write(job: Job, payload: Uint8Array, rsv1: boolean): void {
    this.#jobs.shift();
    this.#queuedBytes -= (job.payload as Uint8Array).length;
    const next = (): void => {
      this.#output.binary(firstByte(job.opcode, job.fin, rsv1), payload);
      this.#hooks.written();
    };
    deliver({ next }, job, ({ release }) => release());
  }
}
