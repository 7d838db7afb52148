import { TimeoutError } from '../../operators/core/protocol-error.js';
import { RateCredit } from './rate-credit.js';
import type { Deadline, Deadlines } from './timeouts.js';

/** Time limits of single streams, in milliseconds. */
export interface StreamLimits {
  /** From the head of a request to the end of its body, the time not counted in which the consumer holds. */
  readonly request: number;
  /** How long a body may start slower than `minRate`. */
  readonly rate: number;
  /** How long one that is sent may make no progress to speak of. */
  readonly stall: number;
  /** Bytes per second; 0 is none. */
  readonly minRate: number;
}

/** What is looked at: a stream of HTTP/2, or what goes for one. */
export interface WatchedStream {
  /** Bytes both ways, for as long as either side likes. */
  readonly tunnel: boolean;
  readonly remoteEnded: boolean;
  /** Bytes that its consumer holds. */
  readonly held: number;
  /** Bytes the peer may send. */
  readonly receivable: number;
  readonly received: number;
  /** Bytes that wait to be sent, and those that were. */
  readonly queued: number;
  readonly written: number;
}

interface Watched {
  waited: number;
  inbound: RateCredit | undefined;
  inboundTime: number;
  outbound: RateCredit | undefined;
  outboundTime: number;
}

/** How often streams are looked at. Milliseconds. */
const LOOK = 1000;

/**
 * Looks at the streams of one connection once a second, while there are any: who is given too little by its peer, or lets
 * too little through, is told on. Streams that come and go between two looks cost nothing.
 */
export class StreamWatch<Stream extends WatchedStream> {
  readonly #deadline: Deadline;
  readonly #deadlines: Deadlines;
  readonly #limits: StreamLimits;
  readonly #streams: () => readonly Stream[];
  readonly #expired: (stream: Stream, error: TimeoutError) => void;
  #watched = new Map<Stream, Watched>();
  #at = 0;

  constructor(
    deadlines: Deadlines,
    limits: StreamLimits,
    streams: () => readonly Stream[],
    expired: (stream: Stream, error: TimeoutError) => void,
  ) {
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#streams = streams;
    this.#expired = expired;
    this.#deadline = deadlines.create(() => this.#look());
  }

  /** There are streams. */
  start(): void {
    if (this.#deadline.armed) return;
    this.#at = this.#deadlines.now();
    this.#deadline.arm(LOOK);
  }

  stop(): void {
    this.#deadline.disarm();
    this.#watched.clear();
  }

  #look(): void {
    const streams = this.#streams();
    const now = this.#deadlines.now();
    const passed = now - this.#at;
    this.#at = now;
    const before = this.#watched;
    this.#watched = new Map();
    if (streams.length === 0) return;
    this.#deadline.arm(LOOK);
    for (const stream of streams) {
      const watched = before.get(stream) ?? {
        waited: 0,
        inbound: undefined,
        inboundTime: 0,
        outbound: undefined,
        outboundTime: 0,
      };
      this.#watched.set(stream, watched);
      const error = this.#receiving(stream, watched, passed) ?? this.#sending(stream, watched, passed);
      if (error !== undefined) this.#expired(stream, error);
    }
  }

  /** The peer is to send, and is not kept from it by us. */
  #receiving(stream: Stream, watched: Watched, passed: number): TimeoutError | undefined {
    if (stream.tunnel || stream.remoteEnded || stream.held > 0 || stream.receivable <= 0) return undefined;
    const { request, rate, minRate } = this.#limits;
    watched.waited += passed;
    if (watched.waited >= request) return new TimeoutError('request', request);
    if (minRate === 0 || rate === Infinity) return undefined;
    watched.inbound ??= new RateCredit(minRate, rate, stream.received, 0);
    watched.inboundTime += passed;
    return watched.inbound.check(stream.received, watched.inboundTime) ? undefined : new TimeoutError('rate', rate);
  }

  /** Something of ours waits for the peer's windows, or for its reading. */
  #sending(stream: Stream, watched: Watched, passed: number): TimeoutError | undefined {
    const { stall, minRate } = this.#limits;
    if (stream.queued === 0 || stall === Infinity) {
      watched.outbound = undefined;
      watched.outboundTime = 0;
      return undefined;
    }
    watched.outbound ??= new RateCredit(Math.max(1, minRate), stall, stream.written, 0);
    watched.outboundTime += passed;
    return watched.outbound.check(stream.written, watched.outboundTime) ? undefined : new TimeoutError('stall', stall);
  }
}
