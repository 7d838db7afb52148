/**
 * Puts bytes through a zlib stream with credit: one piece of input at a time, its delivery held until all that came out of
 * it was consumed, and the stream paused while too much is out. zlib works on a thread of its own, so this is the one
 * asynchronous stage of HTTP/1.
 */
import type { Subscriber } from 'rxjs';
import type { Deflate, Gunzip, Gzip, Inflate } from 'node:zlib';
import { deliver, hold, type Release } from '../core/deliver.js';
import { nodeZlib } from '../core/node-zlib.js';
import type { OperatorHandlers } from '../core/operate.js';

export interface ZlibLaneConfig {
  readonly stream: Gzip | Gunzip | Inflate | Deflate;
  /** Flush after each piece of input, so that the peer can use what there is. */
  readonly flush: boolean;
  /** Sees each output before it is emitted, with the sums of both directions; may throw. */
  check?(input: number, output: number): void;
  /** The error for one of zlib's, and for bytes behind the end of its data. */
  failed(cause: unknown): unknown;
}

/** Output that is out and not consumed: above it the stream pauses. Bytes. */
const MOST_OUT = 65_536;

export class ZlibLane implements OperatorHandlers<Uint8Array> {
  readonly #subscriber: Subscriber<Uint8Array>;
  readonly #config: ZlibLaneConfig;
  readonly #waiting: { chunk: Uint8Array; release: Release }[] = [];
  /** Ends the hold on the input that zlib has. */
  #current: Release | undefined;
  /** zlib is done with it. */
  #worked = false;
  /** Outputs that were emitted and are held downstream: how many, and their bytes. */
  #pending = 0;
  #out = 0;
  #input = 0;
  #output = 0;
  #sourceDone = false;
  #ending = false;

  constructor(subscriber: Subscriber<Uint8Array>, config: ZlibLaneConfig) {
    this.#subscriber = subscriber;
    this.#config = config;
    config.stream.on('data', (chunk: Uint8Array) => this.#emit(chunk));
    config.stream.on('error', (cause: unknown) => subscriber.error(config.failed(cause)));
    config.stream.on('end', () => {
      if (config.stream.bytesWritten < this.#input) subscriber.error(config.failed('bytes behind the end'));
      else subscriber.complete();
    });
  }

  next(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#waiting.push({ chunk, release: hold() });
    this.#start();
  }

  complete(): void {
    this.#sourceDone = true;
    this.#start();
  }

  finalize(): void {
    this.#config.stream.destroy();
    this.#current?.();
    this.#current = undefined;
    for (const { release } of this.#waiting.splice(0)) release();
  }

  #start(): void {
    if (this.#current !== undefined || this.#subscriber.closed) return;
    const { stream, flush } = this.#config;
    const item = this.#waiting.shift();
    if (item === undefined) {
      if (this.#sourceDone && !this.#ending) {
        this.#ending = true;
        stream.end();
      }
      return;
    }
    this.#current = item.release;
    this.#worked = false;
    this.#input += item.chunk.length;
    const worked = (): void => {
      this.#worked = true;
      this.#settle();
    };
    if (flush) {
      stream.write(item.chunk);
      stream.flush(nodeZlib().constants.Z_SYNC_FLUSH, worked);
    } else stream.write(item.chunk, worked);
  }

  #emit(chunk: Uint8Array): void {
    if (this.#subscriber.closed) return;
    this.#output += chunk.length;
    try {
      this.#config.check?.(this.#input, this.#output);
    } catch (error) {
      this.#subscriber.error(error);
      return;
    }
    this.#pending++;
    this.#out += chunk.length;
    deliver(this.#subscriber, chunk, this.#consumed);
    if (this.#out > MOST_OUT) this.#config.stream.pause();
    this.#settle();
  }

  readonly #consumed = (chunk: Uint8Array): void => {
    this.#pending--;
    this.#out -= chunk.length;
    if (this.#subscriber.closed) return;
    if (this.#out <= MOST_OUT / 2 && this.#config.stream.isPaused()) this.#config.stream.resume();
    this.#settle();
  };

  /** Gives the input's credit back once nothing of it is left anywhere. */
  #settle(): void {
    if (!this.#worked || this.#pending > 0 || this.#config.stream.readableLength > 0) return;
    const release = this.#current;
    if (release === undefined) return;
    this.#current = undefined;
    release();
    this.#start();
  }
}
