import type { ProtocolError } from '../core/protocol-error.js';
import type { Http2Limits } from './connection-options.js';
import type { Http2Role } from './frame-decoder.js';
import type { DecodedHead } from './head-reader.js';
import type { Settings } from './settings.js';
import type { Http2Stream } from './stream.js';

/** What the streams of a connection bring about. */
export interface StreamHooks {
  /** A request has come on a stream: set its sink now. With `ends` there is no body. */
  requested(stream: Http2Stream, head: DecodedHead, ends: boolean): void;
  /** A request whose fields pass a limit: answer it with 431, or reset it. */
  refused(stream: Http2Stream, error: ProtocolError): void;
  /** The server promises a response to a request it makes up (push); set the sink of `promised` now, or reset it. */
  pushed(parent: Http2Stream, promised: Http2Stream, head: DecodedHead): void;
  /** A stream is over. */
  ended(): void;
  /** The peer has gone beyond a budget outside of anything it sent. */
  abused(error: unknown): void;
}

/** What a connection tells whoever runs it. */
export interface ConnectionHooks extends Omit<StreamHooks, 'ended' | 'abused'> {
  /** A stream has ended, or the peer's settings have come: another one may be opened. */
  available(): void;
  /** Either side has said that it takes no further streams. */
  draining(): void;
  /** Something came in or went out: time for clocks to look. */
  progress(): void;
  /** We have ended our side, with GOAWAY if for an error; {@link closed} follows when the peer has closed, or on `destroy`. */
  failed(error: unknown): void;
  /** It is over; called once. */
  closed(error: unknown): void;
}

export interface Http2ConnectionOptions {
  readonly role: Http2Role;
  readonly limits?: Partial<Http2Limits> | undefined;
  /** Ours, in place of the defaults of the role. */
  readonly settings?: Partial<Settings> | undefined;
  /** Stream 1 is in use already: the connection was one of HTTP/1 and has been upgraded (RFC 7540 §3.2). */
  readonly upgraded?: boolean | undefined;
  /** Milliseconds of a clock that only goes forward, for budgets. */
  readonly now: () => number;
}
