import type { Observable } from 'rxjs';
import { DuplexSubject } from '../core/duplex-subject.js';
import { Http2ErrorCode } from './error-code.js';
import type { Http2Stream } from './stream.js';

/**
 * The DATA of a stream as a duplex of bytes: what CONNECT opens, plain or extended (RFC 9113 §8.5, RFC 8441).
 *
 * @param bytes what arrives on it
 */
export function streamDuplex<Info>(
  stream: Http2Stream,
  bytes: Observable<Uint8Array>,
  info: Info,
): DuplexSubject<Uint8Array, Uint8Array, Info> {
  const destination = {
    next: (chunk: Uint8Array) => {
      if (!stream.localEnded) stream.data(chunk);
    },
    error: (error: unknown) => stream.reset(Http2ErrorCode.CONNECT_ERROR, error),
    complete: () => stream.end(),
  };
  return new DuplexSubject(bytes, destination, info);
}
