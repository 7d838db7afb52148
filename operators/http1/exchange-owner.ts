import type { ServerExchange } from './server-exchange.js';

/** Whoever answers an exchange. Each of these is called at most once, and nothing after `cancelled` or `answered`. */
export interface ExchangeOwner {
  /** All earlier responses are complete: it may write. Not called where that was so from the start. */
  turn(): void;
  /** The request has been read whole and its trailers are known, or `error` says why it will not be. */
  requestRead(error: unknown): void;
  /** The response is complete, or HTTP was left. */
  answered(): void;
  /** The peer, or a limit, ended the exchange before its response was complete. */
  cancelled(error: unknown): void;
}

/** Who answers an exchange in place of the reader of its stream. */
export interface ExchangeSuccessor {
  /** The request turned out to break a rule: what is left is to say so, in an exchange that may be another one. */
  refused(exchange: ServerExchange, error: unknown): void;
  /** It is answered, or nobody is left to answer. */
  over(): void;
}

/**
 * Takes the request body in place of `ServerExchange.body`, chunk extensions included; `100 Continue` is then its
 * owner's to send.
 */
export interface RequestBodySink {
  next(chunk: Uint8Array, extension: string): void;
  /** Somebody reads it. */
  readonly claimed: boolean;
  /** Nothing more of it is wanted. */
  discard(): void;
}
