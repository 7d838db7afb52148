import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { ByteDuplexPort } from './byte-duplex.js';
import { GivenBack } from './given-back.js';
import { connectionLost, networkError } from './network-error.js';
import { hadItsShare, type TurnReader } from './share-turns.js';
import { TurnBuffer } from './write-turn.js';

const PORT = Symbol('rxweir.port');
type Owned = Duplex & { [PORT]: StreamPort };

// One set of listeners for all streams: a closure for each of them would weigh on every idle connection.
/** Takes what was read, for sockets that read into a buffer of ours and do not say `data`. */
export function onData(this: Owned, chunk: Uint8Array): void {
  this[PORT].received(chunk);
}
/** Takes what a socket has read, in place of its own `push`: what flows does not go through the buffer of a stream. */
function push(this: Owned, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (!(chunk instanceof Uint8Array) || this.readableLength > 0 || !this[PORT].flowing) {
    return Duplex.prototype.push.call(this, chunk, encoding);
  }
  this[PORT].received(chunk);
  return !hadItsShare(this[PORT], chunk.length);
}
function onEnd(this: Owned): void {
  this[PORT].ended();
}
function onDrain(this: Owned): void {
  this[PORT].drained();
}
function onError(this: Owned, error: unknown): void {
  this[PORT].failed(networkError(error, 'read'));
}
function onClose(this: Owned): void {
  this[PORT].closed();
}

/** A stream of Node.js as the other side of a {@link ByteDuplex}. */
export class StreamPort implements ByteDuplexPort, TurnReader {
  turn = -1;
  readonly #stream: Duplex;
  readonly #mark: number;
  readonly #low: number;
  readonly #tcp: Socket | undefined;
  #subscriber: Subscriber<Uint8Array> | undefined;
  #claimed = false;
  #unread: GivenBack | undefined;
  /** The inbound side is over: ended, failed, or left. */
  #over = false;
  /** Nothing more is written. */
  #finished = false;
  /** It failed: what is written does not go, ever. */
  #broken = false;
  #aborted = false;
  /** A failure nobody has been told of. */
  #failure: unknown;
  #held = 0;
  #paused = false;
  #listens = false;
  readonly #turn: TurnBuffer;
  /** Writers that wait for a drain. */
  #waiting: Release[] | undefined;
  readonly #released = (chunk: Uint8Array): void => {
    this.#held -= chunk.length;
    if (!this.#paused || this.#held >= this.#low) return;
    this.#paused = false;
    if (this.#subscriber !== undefined) this.#stream.resume();
  };

  constructor(stream: Duplex, mark: number, tcp: Socket | undefined) {
    if (!(mark > 0)) throw new UsageError('INVALID_LIMIT', `highWaterMark must be above 0, not ${mark}`);
    this.#stream = stream;
    this.#turn = new TurnBuffer(stream);
    this.#mark = mark;
    this.#low = Math.max(mark / 2, 1); // below it, reading goes on
    this.#tcp = tcp;
    (stream as Owned)[PORT] = this;
    if (stream instanceof Socket) stream.push = push;
    stream.on('error', onError).on('end', onEnd).on('close', onClose).on('drain', onDrain);
  }

  get heldBytes(): number {
    return this.#held;
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength + this.#turn.bytes;
  }

  /** What is read goes straight to the reader. */
  get flowing(): boolean {
    return this.#subscriber !== undefined && !this.#paused && this.#stream.readableFlowing === true;
  }

  /** Of a socket of Node's alone: other streams pass on what they are given, and are done with it when they like. */
  get settled(): boolean {
    return this.#stream instanceof Socket && this.bufferedBytes === 0 && !this.destroyed;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Also by whoever it was given up to. */
  get begun(): boolean {
    const stream = this.#stream as Duplex & Partial<Pick<Socket, 'bytesRead'>>;
    return stream.readableDidRead || (stream.bytesRead ?? 0) > 0;
  }

  get destroyed(): boolean {
    return this.#aborted || this.#stream.destroyed;
  }

  ref(): void {
    (this.#stream as Partial<Socket>).ref?.();
  }

  unref(): void {
    (this.#stream as Partial<Socket>).unref?.();
  }

  next(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#finished) {
      if (this.#broken) hold(); // for good: a source that is pulled must not be drained into nothing
      return;
    }
    const stream = this.#stream;
    if (this.#turn.keep(chunk)) return;
    this.#turn.flush();
    // The kernel may have taken all of it although the stream asks for a drain.
    if (!stream.write(chunk) && stream.writableLength > 0) (this.#waiting ??= []).push(hold());
  }

  complete(): void {
    this.#turn.flush();
    if (this.#finished) return;
    this.#finished = true;
    if (this.#waiting) this.#stream.once('finish', onDrain); // there is no drain after the end
    this.#stream.end();
  }

  error(error: unknown): void {
    if (this.destroyed) return;
    const told = this.#over;
    this.#over = true; // the stream may close at once, and has no better reason
    this.#abort();
    this.#over = told;
    this.failed(error);
  }

  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  flush(): void {
    this.#turn.flush();
  }

  claim(subscriber: Subscriber<Uint8Array>): this | undefined {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'a connection has one reader, and it has subscribed'));
      return undefined;
    }
    this.#claimed = true;
    const stream = this.#stream;
    if (this.#failure !== undefined) subscriber.error(this.#failure);
    else if (this.#over || stream.readableEnded) subscriber.complete();
    else if (stream.destroyed) subscriber.error(connectionLost('read'));
    else {
      this.#subscriber = subscriber;
      const unread = this.#unread;
      this.#unread = undefined;
      if (!this.#listens) stream.on('data', onData as (chunk: Uint8Array) => void);
      this.#listens = true;
      unread?.deliver(subscriber);
      if (!this.#paused && this.#subscriber !== undefined) stream.resume();
      return this;
    }
    this.#over = true;
    return undefined;
  }

  unread(chunk: Uint8Array): void {
    this.#claimed = false;
    this.#subscriber = undefined;
    if (chunk.length > 0) this.#unread = new GivenBack(chunk);
  }

  detach(): Duplex {
    const stream = this.#stream;
    this.#claimed = this.#over = this.#finished = true;
    stream.pause();
    if (this.#unread !== undefined) stream.unshift(this.#unread.bytes);
    this.#unread = undefined;
    this.#unlisten();
    if (stream instanceof Socket) delete (stream as { push?: unknown }).push; // its own again
    stream.off('error', onError);
    return stream;
  }

  /** The reader has left. */
  unsubscribe(): void {
    this.#subscriber = undefined;
    if (this.#over) return;
    this.#over = true;
    this.#turn.flush();
    if (!this.#finished) this.#stream.end(); // over TLS, says that it is over on purpose
    this.#finished = true;
    this.#stream.destroy();
  }

  received(chunk: Uint8Array): void {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) return;
    this.#held += chunk.length;
    deliver(subscriber, chunk, this.#released);
    if (this.#subscriber === undefined && !this.#over) this.#stream.pause(); // given back, and nobody has taken it
    if (this.#held < this.#mark || this.#paused) return;
    this.#paused = true;
    this.#stream.pause();
  }

  readOn(): void {
    if (!this.#stream.destroyed) this.#stream._read(0);
  }

  ended(): void {
    if (this.#over) return;
    if (this.#wasCut()) {
      this.#stream.destroy();
      if (this.bufferedBytes > 0) return this.failed(connectionLost('write'));
      this.#finished = true;
    }
    this.#over = true;
    this.#subscriber?.complete();
  }

  drained(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    for (const release of waiting) release();
  }

  /** Nothing more comes or goes. */
  failed(error: unknown): void {
    this.#finished = true;
    this.#broken = true;
    const subscriber = this.#subscriber;
    const told = this.#over;
    this.#over = true;
    this.#subscriber = undefined;
    if (!this.#claimed && !told) this.#failure = error;
    if (!told) subscriber?.error(error); // first, so that whoever writes because a hold ended has stopped
    this.drained();
  }

  closed(): void {
    if (this.#over) {
      this.#finished = true;
      this.drained();
    } else this.failed(connectionLost('read'));
    this.#unlisten(); // but for errors: what a stream says after its end must not end the process
  }

  #unlisten(): void {
    const stream = this.#stream;
    stream.off('data', onData as (chunk: Uint8Array) => void);
    stream.off('end', onEnd).off('close', onClose).off('drain', onDrain);
  }

  /**
   * Whether an end of TLS was a reset in truth: where one meets a write of TLS's own (a session ticket), Node 20 reports
   * an end and never finishes a write again. The kernel, asked for the first time here, knows better.
   */
  #wasCut(): boolean {
    const below = this.#tcp;
    return below !== undefined && below !== this.#stream && (this.#stream as Socket).remoteAddress === undefined;
  }

  #abort(): void {
    this.#aborted = true;
    const { writableEnded, writableFinished } = this.#stream;
    // A reset while our FIN is on its way fails, and would leave the handle open. TLS follows the socket below; to
    // destroy it in the same turn ends Node 20 in a segmentation fault.
    if (this.#tcp === undefined || (writableEnded && !writableFinished)) this.#stream.destroy();
    else this.#tcp.resetAndDestroy();
  }
}
