/** Stream identifiers (RFC 9113 §5.1.1): whose they are, which come next, and which were passed over. */
import { UsageError } from '../core/protocol-error.js';
import type { Http2Role } from './frame-decoder.js';
import { MAX_STREAM_ID } from './frame-header.js';
import { connectionError } from './http2-error.js';

/**
 * The marks of one connection. Streams of a client are odd, those of a server even; each side only counts up, and using
 * an identifier closes the lower idle ones of that side. PRIORITY moves no mark.
 *
 * @example
 * ```ts
 * import { StreamIds } from 'rxweir/operators';
 * const ids = new StreamIds('client');
 * ids.takeLocal(); // 1
 * ids.takeLocal(); // 3
 * ids.isIdle(5); // true
 * ```
 */
export class StreamIds {
  readonly #localParity: 0 | 1;
  #local: number;
  #peer = 0;
  #goawayReceived = Infinity;

  /** @param lastLocal our highest stream in use already: 1 for a client that upgraded from HTTP/1 */
  constructor(role: Http2Role, lastLocal = 0) {
    this.#localParity = role === 'client' ? 1 : 0;
    this.#local = lastLocal;
  }

  /** Our highest stream in use so far, 0 before the first. */
  get lastLocal(): number {
    return this.#local;
  }

  /** The peer's highest stream so far, 0 before the first: what a GOAWAY of ours names. */
  get lastPeer(): number {
    return this.#peer;
  }

  /** The last-stream-id of the peer's GOAWAY; `Infinity` before that. Streams of ours above it were not processed. */
  get goawayReceived(): number {
    return this.#goawayReceived;
  }

  isLocal(streamId: number): boolean {
    return streamId % 2 === this.#localParity;
  }

  /** Whether nothing has used the identifier, nor a higher one of its side. */
  isIdle(streamId: number): boolean {
    return streamId > (this.isLocal(streamId) ? this.#local : this.#peer);
  }

  /** Whether {@link takeLocal} has one left. */
  get exhausted(): boolean {
    return this.#local + 2 > MAX_STREAM_ID;
  }

  /** The next identifier of ours, from now on in use. @throws UsageError `STREAM_IDS_EXHAUSTED` */
  takeLocal(): number {
    if (this.exhausted) throw new UsageError('STREAM_IDS_EXHAUSTED', 'no stream identifier is left: reconnect');
    this.#local += this.#local === 0 ? 2 - this.#localParity : 2;
    return this.#local;
  }

  /**
   * The peer opens or promises a stream.
   *
   * @throws ProtocolError connection `PROTOCOL_ERROR` for an identifier that is ours, or not above the peer's last
   */
  openPeer(streamId: number): void {
    if (this.isLocal(streamId))
      throw connectionError('PROTOCOL_ERROR', `the peer opens stream ${streamId}, one of ours`);
    if (streamId <= this.#peer) {
      throw connectionError('PROTOCOL_ERROR', `the peer opens stream ${streamId} after ${this.#peer}`);
    }
    this.#peer = streamId;
  }

  /**
   * The peer says which of our streams it may have acted on (RFC 9113 §6.8).
   *
   * @throws ProtocolError connection `PROTOCOL_ERROR` for a mark above the one before
   */
  receiveGoaway(lastStreamId: number): void {
    if (lastStreamId > this.#goawayReceived) {
      throw connectionError('PROTOCOL_ERROR', `GOAWAY goes up from ${this.#goawayReceived} to ${lastStreamId}`);
    }
    this.#goawayReceived = lastStreamId;
  }
}
