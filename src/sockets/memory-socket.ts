import { asyncScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { deliver } from '../../operators/core/deliver.js';
import { NetworkError, UsageError } from '../../operators/core/protocol-error.js';
import { ByteDuplex, type Address, type ByteDuplexPort, type SocketInfo, type TlsInfo } from './byte-duplex.js';
import { GivenBack } from './given-back.js';
import { MemoryPipe, type Chunking, type MemoryPipeOptions, type PipeReader } from './memory-pipe.js';
import { DEFAULT_HIGH_WATER_MARK } from './stream-duplex.js';

/** A limit in bytes, for each direction alike or for one. */
export type ByteOffset = number | { readonly toServer?: number; readonly toClient?: number };

export interface MemoryPairConfig {
  /** Default `asyncScheduler`; in `TestScheduler.run` that is virtual time. */
  readonly scheduler?: SchedulerLike | undefined;
  /** Milliseconds from a write to its arrival; default 0, which is never at once. */
  readonly latency?: number | undefined;
  /** Cuts writes into arrivals. */
  readonly chunking?: Chunking | undefined;
  /** Bytes that may be under way or held in each direction before writers wait; default 131 072. */
  readonly highWaterMark?: number | undefined;
  /** Both ends see `ECONNRESET` once this many bytes have passed. */
  readonly resetAfter?: ByteOffset | undefined;
  /** Nothing arrives any more after this many bytes, the end included. */
  readonly stall?: ByteOffset | undefined;
}

export interface MemoryPairFacts {
  readonly client: Address;
  readonly server: Address;
  readonly clientTls?: TlsInfo | undefined;
  readonly serverTls?: TlsInfo | undefined;
}

const NOBODY: MemoryPairFacts = {
  client: { family: 'memory', address: 'client', port: 0 },
  server: { family: 'memory', address: 'server', port: 0 },
};

/**
 * Two connected ends in memory, client and server, that behave as sockets do: half close, reset, backpressure both ways.
 * Everything arrives through the scheduler, in order, never inside `next`.
 *
 * ```text
 * latency 3, chunking 1
 * client.next     a--b|
 * server          ---a--(b|)
 * ```
 *
 * @example
 * ```ts
 * import { memoryPair } from 'rxweir/testing';
 * const [client, server] = memoryPair({ latency: 5 });
 * server.subscribe(server); // echo
 * client.subscribe((chunk) => console.log(chunk));
 * client.next(new Uint8Array([1]));
 * ```
 */
export function memoryPair(config: MemoryPairConfig = {}, facts: MemoryPairFacts = NOBODY): [ByteDuplex, ByteDuplex] {
  const { scheduler = asyncScheduler, latency = 0, chunking, highWaterMark = DEFAULT_HIGH_WATER_MARK } = config;
  const options = (direction: 'toServer' | 'toClient'): MemoryPipeOptions => ({
    scheduler,
    latency,
    chunking,
    highWaterMark,
    resetAfter: offset(config.resetAfter, direction),
    stallAfter: offset(config.stall, direction),
  });
  const client = new MemoryPort(highWaterMark);
  const server = new MemoryPort(highWaterMark);
  const reset = (): void => {
    server.reset();
    client.reset();
  };
  const toServer = new MemoryPipe(options('toServer'), server, reset);
  const toClient = new MemoryPipe(options('toClient'), client, reset);
  client.attach(toClient, toServer, () => scheduler.schedule(() => server.reset(), latency));
  server.attach(toServer, toClient, () => scheduler.schedule(() => client.reset(), latency));
  return [
    duplex(client, { transport: 'memory', local: facts.client, remote: facts.server, tls: facts.clientTls }),
    duplex(server, { transport: 'memory', local: facts.server, remote: facts.client, tls: facts.serverTls }),
  ];
}

function duplex(port: MemoryPort, info: SocketInfo): ByteDuplex {
  return new ByteDuplex(new Observable((subscriber) => port.claim(subscriber)), port, info);
}

function offset(limit: ByteOffset | undefined, direction: 'toServer' | 'toClient'): number | undefined {
  return typeof limit === 'object' ? limit[direction] : limit;
}

class MemoryPort implements ByteDuplexPort, PipeReader {
  readonly #mark: number;
  #inbound!: MemoryPipe;
  #outbound!: MemoryPipe;
  /** Sends the peer a reset. */
  #sendReset!: () => void;
  #subscriber: Subscriber<Uint8Array> | undefined;
  #claimed = false;
  #unread: GivenBack | undefined;
  #over = false;
  #finished = false;
  #closed = false;
  #failure: unknown;
  #held = 0;
  #begun = false;
  #paused = false;
  readonly #released = (bytes: Uint8Array): void => {
    this.#held -= bytes.length;
    this.#inbound.consumed(bytes.length);
    if (!this.#paused || (this.#held * 2 >= this.#mark && this.#held > 0)) return;
    this.#paused = false;
    this.#inbound.wake();
  };

  constructor(mark: number) {
    if (!(mark > 0)) throw new UsageError('INVALID_LIMIT', `highWaterMark must be above 0, not ${mark}`);
    this.#mark = mark;
  }

  attach(inbound: MemoryPipe, outbound: MemoryPipe, sendReset: () => void): void {
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#sendReset = sendReset;
  }

  get heldBytes(): number {
    return this.#held;
  }

  get bufferedBytes(): number {
    return this.#outbound.queuedBytes;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get destroyed(): boolean {
    return this.#closed || (this.#over && this.#finished);
  }

  get blocked(): boolean {
    return !this.#closed && (this.#paused || this.#subscriber === undefined);
  }

  ref(): void {
    // nothing here keeps a process alive
  }

  unref(): void {
    // nothing here keeps a process alive
  }

  next(bytes: Uint8Array): void {
    if (!this.#finished && bytes.length > 0) this.#outbound.write(bytes);
  }

  complete(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#outbound.end();
  }

  error(error: unknown): void {
    if (this.destroyed) return;
    this.#sendReset();
    this.#fail(error);
  }

  claim(subscriber: Subscriber<Uint8Array>): this | undefined {
    if (this.#claimed) {
      subscriber.error(new UsageError('ALREADY_SUBSCRIBED', 'a connection has one reader, and it has subscribed'));
      return undefined;
    }
    this.#claimed = true;
    if (this.#closed) {
      subscriber.error(this.#failure);
      return undefined;
    }
    this.#subscriber = subscriber;
    const unread = this.#unread;
    this.#unread = undefined;
    unread?.deliver(subscriber);
    if (this.#over) subscriber.complete();
    this.#inbound.wake();
    return this;
  }

  unread(chunk: Uint8Array): void {
    this.#claimed = false;
    this.#subscriber = undefined;
    if (chunk.length > 0) this.#unread = new GivenBack(chunk);
  }

  detach(): undefined {
    return undefined;
  }

  /** The reader has left: FIN, or a reset if there was more to read. */
  unsubscribe(): void {
    this.#subscriber = undefined;
    if (this.#over) return;
    this.#over = true;
    this.#closed = true;
    if (this.#inbound.unread) {
      this.#inbound.close();
      this.#outbound.abandon();
      this.#sendReset();
    } else {
      if (!this.#finished) this.#outbound.end();
      this.#inbound.wake(); // what still comes is refused
    }
    this.#finished = true;
  }

  received(bytes: Uint8Array): void {
    const subscriber = this.#subscriber as Subscriber<Uint8Array>;
    this.#begun = true;
    this.#held += bytes.length;
    deliver(subscriber, bytes, this.#released);
    if (this.#held >= this.#mark) this.#paused = true;
  }

  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#subscriber?.complete();
  }

  refused(): void {
    this.#inbound.close();
    this.#sendReset();
  }

  /** A reset has arrived. */
  reset(): void {
    if (this.#closed) {
      this.#outbound.close();
      return;
    }
    this.#inbound.flush();
    this.#fail(new NetworkError('ECONNRESET', 'read', 'read ECONNRESET'));
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#finished = true;
    this.#inbound.close();
    this.#outbound.abandon();
    const subscriber = this.#subscriber;
    const told = this.#over;
    this.#over = true;
    this.#subscriber = undefined;
    if (!this.#claimed) this.#failure = error;
    if (!told) subscriber?.error(error);
  }
}
