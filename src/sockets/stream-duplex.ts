import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Observable } from 'rxjs';
import { ByteDuplex, type SocketInfo } from './byte-duplex.js';
import { DUPLEX_INFO } from './socket-info.js';
import { StreamPort } from './stream-port.js';

export interface StreamDuplexOptions {
  /** Default: transport `duplex`, no addresses. */
  readonly info?: SocketInfo | undefined;
  /** Bytes delivered and held at which reading stops; it goes on below half. Default 131 072. */
  readonly highWaterMark?: number | undefined;
}

export const DEFAULT_HIGH_WATER_MARK = 131_072;

/**
 * A Node.js stream as a {@link ByteDuplex}: sockets of the library, and your own I/O where that is a `stream.Duplex` of
 * bytes. The stream belongs to it from now on; give it one made with `allowHalfOpen: true`, or the peer's end is yours too.
 *
 * - In: chunks as the stream reads them. While held bytes are at the high-water mark the stream is paused.
 * - Out: small chunks leave together at the end of the turn; where the stream wants a drain, the delivery being written
 *   is held until then.
 * - Errors: `NetworkError` with the stream's own code; `ECONNRESET` if it closes without an end or an error.
 *
 * @example
 * ```ts
 * import { Duplex } from 'node:stream';
 * import { streamDuplex } from 'rxweir';
 * const echo = new Duplex({ read() {}, write(chunk, _, done) { this.push(chunk); done(); } });
 * const bytes = streamDuplex(echo);
 * bytes.subscribe((chunk) => console.log(chunk));
 * bytes.next(new Uint8Array([1]));
 * ```
 */
export function streamDuplex(stream: Duplex, options: StreamDuplexOptions = {}): ByteDuplex {
  const { info = DUPLEX_INFO } = options;
  return socketDuplex(stream, info, options.highWaterMark, info.transport === 'tcp' ? (stream as Socket) : undefined);
}

/** @param tcp the TCP socket that carries the stream, or is the stream. */
export function socketDuplex(
  stream: Duplex,
  info: SocketInfo,
  highWaterMark: number = DEFAULT_HIGH_WATER_MARK,
  tcp?: Socket,
): ByteDuplex {
  const port = new StreamPort(stream, highWaterMark, tcp);
  return new ByteDuplex(new Observable((subscriber) => port.claim(subscriber)), port, info);
}
