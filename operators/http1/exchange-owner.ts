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
