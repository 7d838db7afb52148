import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Subscriber } from 'rxjs';
import { deliver, hold, type Release } from '../../operators/core/deliver.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { abortStream } from './abort-stream.js';
import type { ByteDuplexPort } from './byte-duplex.js';
import { GivenBack } from './given-back.js';
import { connectionLost } from './network-error.js';
import { drainAtEnd, listen, listenToData, type PortEvents, release, unlisten } from './port-events.js';
import { type TurnReader, TurnShare } from './share-turns.js';
import { wasCut } from './was-cut.js';
import { TurnBuffer } from './write-turn.js';

/** A stream of Node.js as the other side of a {@link ByteDuplex}. */
export class StreamPort implements ByteDuplexPort, PortEvents, TurnReader {
  readonly #stream: Duplex;
  readonly #mark: number;
  readonly #low: number;
  readonly #tcp: Socket | undefined;
  #subscriber: Subscriber<Uint8Array> | undefined;
  #claimed = false;
  #unread: GivenBack | undefined;
  /** Of a socket. */
  #share: TurnShare | undefined;
  /** The inbound side is over: ended, failed, or left. */
  #over = false;
  /** Nothing more is written. */
  #finished = false;
  /** It failed: what is written does not go, ever. */
  #broken = false;
  #aborted = false;
  /** Tells the reader that it failed, when what waits for a turn has been given. */
  #last: (() => void) | undefined;
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
    if (this.#subscriber !== undefined) this.#goOn();
  };

  constructor(stream: Duplex, mark: number, tcp: Socket | undefined) {
    if (!(mark > 0)) throw new UsageError('INVALID_LIMIT', `highWaterMark must be above 0, not ${mark}`);
    this.#stream = stream;
    this.#turn = new TurnBuffer(stream);
    this.#mark = mark;
    this.#low = Math.max(mark / 2, 1); // below it, reading goes on
    this.#tcp = tcp;
    listen(stream, this, tcp);
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
    if (!this.#turn.write(chunk)) (this.#waiting ??= []).push(hold());
  }

  complete(): void {
    this.#turn.flush();
    if (this.#finished) return;
    this.#finished = true;
    if (this.#waiting) drainAtEnd(this.#stream);
    this.#stream.end();
  }

  error(error: unknown): void {
    if (this.destroyed) return;
    const told = this.#over;
    this.#over = true; // the stream may close at once, and has no better reason
    this.#aborted = true;
    abortStream(this.#stream, this.#tcp);
    this.#over = told;
    this.#lose(error);
  }

  cork(): void {
    this.#stream.cork();
  }

  /** The kernel may have taken all of it: then nobody waits for the drain, which is said in a later tick. */
  uncork(): void {
    this.#stream.uncork();
    if (this.bufferedBytes === 0) this.drained();
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
      if (!this.#listens) listenToData(stream);
      this.#listens = true;
      unread?.deliver(subscriber);
      if (this.ready) this.#goOn();
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
    const rest = this.#share?.takeRest();
    if (rest !== undefined) stream.unshift(rest);
    if (this.#unread !== undefined) stream.unshift(this.#unread.bytes);
    this.#unread = undefined;
    release(stream);
    if (rest !== undefined) stream._read(0); // it does not know that its reading was stopped
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
    if (this.#last !== undefined) this.drained();
  }

  received(chunk: Uint8Array): void {
    if (this.#subscriber === undefined) return;
    if (this.#share !== undefined) this.#share.give(chunk);
    else this.take(chunk);
  }

  pushed(chunk: Uint8Array): boolean {
    return this.#subscriber === undefined || (this.#share ??= new TurnShare(this)).offer(chunk);
  }

  /** Somebody reads, and holds no more than may be. */
  get ready(): boolean {
    return this.#subscriber !== undefined && !this.#paused;
  }

  take(chunk: Uint8Array): boolean {
    const subscriber = this.#subscriber as Subscriber<Uint8Array>;
    this.#held += chunk.length;
    deliver(subscriber, chunk, this.#released);
    if (this.#subscriber === undefined) {
      if (!this.#over) this.#stream.pause(); // given back, and nobody has taken it
      return false;
    }
    if (this.#held < this.#mark || this.#paused) return !this.#paused;
    this.#paused = true;
    this.#stream.pause();
    return false;
  }

  stop(): void {
    if (!this.ready) this.#last?.(); // whoever holds is not to wait for that
    if (!this.#over) this.#stream.pause();
  }

  readOn(): void {
    this.#last?.();
    if (this.#stream.destroyed) return;
    if (this.ready) this.#stream.resume();
    this.#stream._read(0);
  }

  #goOn(): void {
    if (this.#share?.waits !== true) this.#stream.resume();
    else this.#share.wait();
  }

  ended(): void {
    if (this.#over) return;
    this.#giveRest();
    if (this.#over) return;
    if (wasCut(this.#stream, this.#tcp)) {
      this.#stream.destroy();
      if (this.bufferedBytes > 0) return this.#lose(connectionLost('write'));
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

  /** There is no turn after the end. */
  #giveRest(): void {
    const rest = this.#share?.takeRest();
    if (rest !== undefined && this.#subscriber !== undefined) this.take(rest);
  }

  /** What was read, and would have been given but for the turns of others, comes before the failure. */
  failed(error: unknown): void {
    this.#finished = this.#broken = true;
    unlisten(this.#stream);
    if (this.#last !== undefined) return;
    const kept = this.#share && (this.#stream.read() as Uint8Array | null);
    if (kept) this.#share?.add(kept);
    this.#last = () => {
      this.#giveRest();
      this.#lose(error);
    };
    if (!this.ready || this.#share?.waits !== true) this.#last();
  }

  /** Nothing more comes or goes. */
  #lose(error: unknown): void {
    this.#finished = this.#broken = true;
    const subscriber = this.#subscriber;
    const told = this.#over;
    this.#over = true;
    this.#subscriber = undefined;
    if (!this.#claimed && !told) this.#failure = error;
    if (!told) subscriber?.error(error); // first, so that whoever writes because a hold ended has stopped
    this.drained();
  }

  closed(): void {
    if (!this.#over) return this.failed(connectionLost('read'));
    this.#finished = true;
    this.drained();
    unlisten(this.#stream);
  }
}
