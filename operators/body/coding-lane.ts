/**
 * Puts bytes through one stream of Node's zlib with credit: one piece of input at a time, its delivery held until all that
 * came out of it was consumed, and the stream paused while too much is out. zlib works on a thread of its own, so this is an
 * asynchronous stage.
 */
import type { Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../core/deliver.js';
import type { OperatorHandlers } from '../core/operate.js';
import type { CodingStream } from './content-coding.js';

export interface CodingLaneConfig {
  readonly stream: CodingStream;
  /** Flush after each piece of input, so that the peer can use what there is. */
  readonly flush: boolean;
  /** How the stream flushes; undefined: its own way. */
  readonly flushKind: number | undefined;
  /** Sees each output before it is emitted, with the bytes taken in and given out so far; may throw. */
  check?(input: number, output: number): void;
  /** The error for one of zlib's, and for bytes behind the end of its data. */
  failed(cause: unknown): unknown;
}

/** Output that is out and not consumed: above it the stream pauses. Bytes. */
const MOST_OUT = 65_536;
const FLUSH = new Uint8Array(0);

export class CodingLane implements OperatorHandlers<Uint8Array> {
  readonly #subscriber: Subscriber<Uint8Array>;
  readonly #config: CodingLaneConfig;
  readonly #waiting: { chunk: Uint8Array; release: Release }[] = [];
  /** Ends the hold on the input that zlib has. */
  #current: Release | undefined;
  /** zlib is done with it. */
  #worked = false;
  /** Outputs that were emitted and are held downstream: how many, and their bytes. */
  #pending = 0;
  #out = 0;
  #given = 0;
  #output = 0;
  #sourceDone = false;
  #ending = false;
  #ended = false;

  constructor(subscriber: Subscriber<Uint8Array>, config: CodingLaneConfig) {
    this.#subscriber = subscriber;
    this.#config = config;
    config.stream.on('data', (chunk: Uint8Array) => this.#emit(chunk));
    config.stream.on('error', (cause: unknown) => subscriber.error(config.failed(cause)));
    config.stream.on('end', () => this.#end());
  }

  /** Bytes of input that zlib has taken in. */
  get input(): number {
    return this.#config.stream.bytesWritten;
  }

  next(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#waiting.push({ chunk, release: hold() });
    this.#start();
  }

  /** What went in comes out now, behind what is still waiting to go in; a flush that waits does for those after it. */
  flush(): void {
    if (this.#sourceDone || this.#waiting.at(-1)?.chunk === FLUSH) return;
    this.#waiting.push({ chunk: FLUSH, release: hold() });
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
        if (this.#ended) this.#subscriber.complete();
        else stream.end();
      }
      return;
    }
    this.#current = item.release;
    this.#worked = false;
    if (item.chunk === FLUSH) return this.#flush();
    this.#given += item.chunk.length;
    if (flush) {
      stream.write(item.chunk);
      this.#flush();
    } else stream.write(item.chunk, this.#workedOff);
  }

  #flush(): void {
    const { stream, flushKind } = this.#config;
    if (flushKind === undefined) stream.flush(this.#workedOff);
    else stream.flush(flushKind, this.#workedOff);
  }

  readonly #workedOff = (): void => {
    this.#worked = true;
    this.#settle();
  };

  #emit(chunk: Uint8Array): void {
    if (this.#subscriber.closed) return;
    this.#output += chunk.length;
    try {
      this.#config.check?.(this.input, this.#output);
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

  /** The data has ended; so must the input have. */
  #end(): void {
    if (this.input < this.#given || this.#waiting.length > 0) {
      this.#subscriber.error(this.#config.failed('bytes behind the end'));
    } else if (this.#sourceDone) this.#subscriber.complete();
    else this.#ended = true;
  }

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
